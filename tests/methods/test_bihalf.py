"""Bi-half: its loss is the papers', and its codes follow the features."""

import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.methods import NAMES, BiHalf


def groups(count=60, channels=10, seed=1):
    """Features of three groups, and the group of each."""
    rng = np.random.default_rng(seed)
    found = np.arange(count) % 3
    centres = 2.0 * np.random.default_rng(0).normal(size=(3, channels))
    return (centres[found] + rng.normal(size=(count, channels))).astype("float32"), found


def halves(outputs):
    signs = -np.ones_like(outputs)
    for j in range(outputs.shape[1]):
        for i in sorted(range(len(outputs)), key=lambda i: -outputs[i, j])[: len(outputs) // 2]:
            signs[i, j] = 1
    return signs


def cosine(one, other):
    return one @ other / np.sqrt((one @ one) * (other @ other))


def expected_values(features, outputs, signs, gap_weight):
    half = len(outputs) // 2
    pulls = gap_weight / 2 * ((outputs - signs) ** 2).mean(axis=1)
    for i in range(half):
        gap = cosine(signs[i], signs[i + half]) - cosine(features[i], features[i + half])
        pulls[[i, i + half]] += gap**2
    return pulls


def test_it_is_in_the_table_of_names_and_freezes_its_backbone():
    assert NAMES["bihalf"] is BiHalf
    model = BiHalf(bits=6, backbone=None)
    assert model.supervised is False
    assert model.train_backbone is False
    assert BiHalf(bits=6, backbone=None, gap_weight=2.0).get_config()["gap_weight"] == 2.0


@pytest.mark.parametrize("count", [8, 7])
def test_loss_is_that_of_loops(count):
    features, _ = groups(count)
    model = BiHalf(bits=6, backbone=None, gap_weight=6.0)
    model.build((None, 10))
    outputs = np.random.default_rng(3).normal(size=(count, 6)).astype("float32")
    for training, signs in ((True, halves(outputs)), (False, np.where(outputs >= 0, 1.0, -1.0))):
        found = model.item_losses(features, None, outputs, training)
        expected = expected_values(features, outputs, signs, 6.0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_fit_takes_the_halves_and_evaluate_the_signs():
    features, _ = groups(8)
    model = BiHalf(bits=6, backbone=None)
    model.compile(keras.optimizers.SGD(0.0))
    outputs = 0.3 + 40 * model.predict(features, verbose=0)
    model.head.get_layer("hash").kernel.assign(model.head.get_layer("hash").kernel * 40)
    model.head.get_layer("hash").bias.assign(np.full(6, 0.3, "float32"))
    outputs = model.predict(features, verbose=0)
    assert (halves(outputs) != np.where(outputs >= 0, 1, -1)).any()
    loss = model.fit(features, batch_size=8, shuffle=False, verbose=0).history["loss"][0]
    expected = expected_values(features, outputs, halves(outputs), 6.0).mean()
    assert loss == pytest.approx(expected, rel=1e-4)
    signs = np.where(outputs >= 0, 1.0, -1.0)
    expected = expected_values(features, outputs, signs, 6.0).mean()
    assert model.evaluate(features, batch_size=8, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_trained_codes_are_nearer_inside_a_group_and_balanced():
    keras.utils.set_random_seed(1)
    features, found = groups(120)
    model = BiHalf(bits=16, backbone=None)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features, epochs=20, batch_size=30, verbose=0)
    signs = np.where(model.predict(features, verbose=0) >= 0, 1, -1)
    assert np.abs(signs.mean(axis=0)).max() < 0.4
    distances = codes.hamming(*[codes.pack(signs)] * 2)
    same = found[:, None] == found[None, :]
    assert distances[same].mean() + 3 < distances[~same].mean()


def test_refused_weight():
    with pytest.raises(ValueError, match=r"`gap_weight` must be at least 0\.0; got -1"):
        BiHalf(bits=6, backbone=None, gap_weight=-1)
