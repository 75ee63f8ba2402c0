"""DHN: which loss each variant takes, and that its codes separate classes."""

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.losses import PairwiseCrossEntropy, PairwiseSquaredError
from keras_hashing.methods import DHN, NAMES


def test_it_is_in_the_table_of_names():
    assert NAMES["dhn"] is DHN


@pytest.mark.parametrize(
    ("variant", "loss", "weight"),
    [
        ("dhn", PairwiseCrossEntropy, 0.3),
        ("b", PairwiseCrossEntropy, 0.3),
        ("q", PairwiseCrossEntropy, 0.0),
        ("e", PairwiseSquaredError, 0.3),
    ],
)
def test_loss_of_each_variant(variant, loss, weight):
    model = DHN(bits=6, backbone=None, variant=variant)
    model.compile()
    assert type(model.loss) is loss
    assert model.loss.quantization_weight == weight


@pytest.mark.parametrize("variant", ["dhn", "b", "q", "e"])
def test_trained_codes_are_nearer_inside_a_class(variant):
    rng = np.random.default_rng(1)
    labels = np.arange(120) % 4
    centres = 2.0 * rng.normal(size=(4, 10))
    features = (centres[labels] + rng.normal(size=(120, 10))).astype("float32")
    model = DHN(bits=16, backbone=None, variant=variant)
    model.compile("adam")
    model.fit(features[:80], labels[:80], epochs=30, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + 2 < distances[~same].mean()
