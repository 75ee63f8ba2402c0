"""DSH: its loss, its outputs without squashing, and that its codes separate classes."""

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.losses import PairwiseContrastive
from keras_hashing.methods import DSH, NAMES


def test_it_is_in_the_table_of_names():
    assert NAMES["dsh"] is DSH


def test_loss_is_that_of_its_arguments():
    model = DSH(bits=6, backbone=None)
    model.compile()
    assert type(model.loss) is PairwiseContrastive
    assert (model.loss.margin, model.loss.quantization_weight) == (None, 0.01)
    loss = DSH(bits=6, backbone=None, margin=5.0, regularization_weight=0.2).default_loss()
    assert (loss.margin, loss.quantization_weight) == (5.0, 0.2)


def test_margin_is_twice_the_bits():
    # Two dissimilar items at one place: half the margin is lacking.
    model = DSH(bits=6, backbone=None, regularization_weight=0.0)
    model.compile()
    same = np.ones((2, 3), "float32")
    assert model.evaluate(same, np.array([0, 1]), verbose=0) == pytest.approx(6.0, abs=1e-5)


def test_outputs_are_not_squashed():
    model = DSH(bits=5, backbone=None)
    features = 10 * np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    outputs = model.predict(features, verbose=0)
    head = model.head.get_layer("hash")
    expected = features @ np.asarray(head.kernel) + np.asarray(head.bias)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    assert np.abs(outputs).max() > 1


def test_config():
    model = DSH(bits=5, backbone=None, margin=3.0, regularization_weight=0.2)
    again = DSH.from_config(model.get_config())
    assert (again.margin, again.regularization_weight) == (3.0, 0.2)


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`margin` must be at least 0\.0; got -1"):
        DSH(bits=6, backbone=None, margin=-1)
    with pytest.raises(ValueError, match=r"`regularization_weight` must be at least 0\.0; got -2"):
        DSH(bits=6, backbone=None, regularization_weight=-2)


def test_trained_codes_are_nearer_inside_a_class():
    rng = np.random.default_rng(1)
    labels = np.arange(120) % 4
    centres = 2.0 * rng.normal(size=(4, 10))
    features = (centres[labels] + rng.normal(size=(120, 10))).astype("float32")
    model = DSH(bits=16, backbone=None)
    model.compile("adam")
    model.fit(features[:80], labels[:80], epochs=30, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + 2 < distances[~same].mean()
