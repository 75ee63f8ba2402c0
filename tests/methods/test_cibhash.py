"""CIBHash: two views, its loss by loops, and its codes."""

import math

import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.methods import NAMES, CIBHash


def groups(count=60, channels=10, seed=1):
    """Features of three groups, and the group of each."""
    rng = np.random.default_rng(seed)
    found = np.arange(count) % 3
    centres = 2.0 * np.random.default_rng(0).normal(size=(3, channels))
    return (centres[found] + rng.normal(size=(count, channels))).astype("float32"), found


def tiny_backbone():
    inputs = keras.Input((12, 12, 3))
    maps = keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(7, 3, name="conv")(maps), name="tiny")


def photos(count=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 3)).astype("uint8")


def expected_values(one, other, temperature, weight):
    """The loss of two views' outputs by loops."""
    count, views = len(one), np.concatenate([one, other])
    signs = np.where(views >= 0, 1.0, -1.0)
    values = np.zeros(count)
    for i in range(2 * count):
        shares = [
            math.exp(signs[i] @ signs[j] / signs.shape[1] / temperature) if j != i else 0.0
            for j in range(2 * count)
        ]
        values[i % count] -= math.log(shares[(i + count) % (2 * count)] / sum(shares)) / 2
    for i in range(count):
        p, q = (one[i] + 1) / 2, (other[i] + 1) / 2
        there = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
        back = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
        values[i] += weight * (there.sum() + back.sum()) / 2
    return values


def test_it_is_in_the_table_of_names_with_the_authors_settings():
    assert NAMES["cibhash"] is CIBHash
    model = CIBHash(bits=6, backbone=None)
    assert (model.supervised, model.train_backbone, model.hidden) == (False, False, 1024)
    assert (model.temperature, model.divergence_weight) == (0.3, 0.001)


def test_outputs_are_two_p_minus_one():
    model = CIBHash(bits=6, backbone=None, hidden=None)
    features, _ = groups(5)
    outputs = model.predict(features, verbose=0)
    head = model.head.get_layer("hash")
    logits = features @ np.asarray(head.kernel) + np.asarray(head.bias)
    np.testing.assert_allclose(outputs, 2 / (1 + np.exp(-logits)) - 1, atol=1e-5)


def test_loss_is_that_of_loops():
    # Without noise and dropout the second view is the features as they are.
    model = CIBHash(
        6, None, temperature=0.5, divergence_weight=0.1, noise=0, view_dropout=0, hidden=8
    )
    features, _ = groups(5)
    others = model.predict(features, verbose=0)
    outputs = np.tanh(np.random.default_rng(2).normal(size=(5, 6))).astype("float32")
    found = model.item_losses(features, None, outputs, True)
    np.testing.assert_allclose(found, expected_values(outputs, others, 0.5, 0.1), rtol=1e-3)


def test_training_sees_random_views_and_inference_the_images():
    images = photos()
    model = CIBHash(bits=8, backbone=tiny_backbone(), hidden=16)
    plain = np.asarray(model(images))
    np.testing.assert_array_equal(plain, np.asarray(model(images)))
    first, second = (np.asarray(model(images, training=True)) for _ in range(2))
    assert np.abs(first - plain).max() > 1e-3
    assert np.abs(first - second).max() > 1e-3
    features, _ = groups(6)
    without = CIBHash(bits=8, backbone=None, hidden=16)
    assert np.abs(np.asarray(without(features, training=True) - without(features))).max() > 1e-3


def test_the_same_seed_draws_the_same_views():
    found = []
    for _ in range(2):
        keras.utils.set_random_seed(4)
        model = CIBHash(bits=8, backbone=tiny_backbone(), hidden=16)
        model.compile("adam")
        model.fit(photos(), batch_size=6, epochs=2, verbose=0)
        found.append(model.predict(photos(), verbose=0))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": True}])
def test_it_trains_eagerly_and_with_xla(options):
    model = CIBHash(bits=8, backbone=tiny_backbone(), hidden=16)
    model.compile("adam", **options)
    before = np.asarray(model.head.get_layer("hash").kernel)
    history = model.fit(photos(), batch_size=6, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert not np.array_equal(before, np.asarray(model.head.get_layer("hash").kernel))


def test_trained_codes_are_nearer_inside_a_group():
    keras.utils.set_random_seed(1)
    features, found = groups(90)
    model = CIBHash(bits=16, backbone=None, hidden=32)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features, epochs=15, batch_size=30, verbose=0)
    packed = codes.pack(model.predict(features, verbose=0))
    distances = codes.hamming(packed, packed)
    same = found[:, None] == found[None, :]
    assert distances[same].mean() + 3 < distances[~same].mean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, r"`temperature` must be at least 0\.001; got 0"),
        ({"divergence_weight": -1}, r"`divergence_weight` must be at least 0\.0; got -1"),
        ({"noise": -1}, r"`noise` must be at least 0\.0; got -1"),
        ({"view_dropout": 1.0}, r"`view_dropout` must be between 0\.0 and 0\.999; got 1\.0"),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        CIBHash(bits=6, backbone=None, **arguments)
