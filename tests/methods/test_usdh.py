"""USDH (re-creation): its loss by loops, and its codes."""

import warnings

import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.methods import NAMES, USDH, views


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


def cosines(rows):
    units = rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return units @ units.T


def expected_values(features, outputs, quantization_weight, balance_weight):
    """The terms that need no rotation, by loops over items."""
    count = len(outputs)
    near, own = cosines(features.astype(float)), cosines(outputs.astype(float))
    pairs = [near[i, j] for i in range(count) for j in range(count) if i != j]
    low, high = np.percentile(pairs, [1, 99])
    targets = np.clip(2 * (near - low) / (high - low) - 1, -1, 1)
    bias = (outputs.mean(axis=0) ** 2).mean()
    return [
        np.mean([(own[i, j] - targets[i, j]) ** 2 for j in range(count) if j != i])
        + quantization_weight * ((np.abs(outputs[i]) - 1) ** 2).mean()
        + balance_weight * bias
        for i in range(count)
    ]


def test_it_is_in_the_table_of_names_and_freezes_its_backbone():
    assert NAMES["usdh"] is USDH
    model = USDH(bits=6, backbone=None, rotation_weight=0)
    assert (model.supervised, model.train_backbone) == (False, False)


def test_loss_of_features_is_that_of_loops():
    features, _ = groups(7)
    model = USDH(6, None, quantization_weight=0.3, balance_weight=0.7, rotation_weight=0)
    outputs = np.tanh(np.random.default_rng(2).normal(size=(7, 6))).astype("float32")
    found = model.item_losses(features, None, outputs, True)
    np.testing.assert_allclose(found, expected_values(features, outputs, 0.3, 0.7), rtol=1e-4)


def test_rotation_term_of_images():
    images, losses = photos(), []
    backbone = tiny_backbone()
    for weight in (0.0, 1000.0):
        keras.utils.set_random_seed(2)
        model = USDH(bits=6, backbone=backbone, rotation_weight=weight)
        losses.append(np.asarray(model.item_losses(images, None, model(images), True)))
    outputs = np.asarray(model(images))
    expected = np.zeros(6)
    for angle, weight in ((-10, 0.135335), (-5, 0.606531), (5, 0.606531), (10, 0.135335)):
        gap = np.asarray(model(views.rotate(images, angle))) - outputs
        expected += weight * (gap**2).sum(axis=1) / (6 * 2.483732)
    assert expected.min() > 1e-5
    np.testing.assert_allclose(losses[1] - losses[0], 1000.0 * expected, rtol=1e-3)


def test_without_a_backbone_it_warns_once_unless_told():
    with pytest.warns(UserWarning, match="USDH without a backbone") as caught:
        USDH(bits=6, backbone=None)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        USDH(bits=6, backbone=None, rotation_weight=0)
        USDH(bits=6, backbone=tiny_backbone())


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": True}])
def test_it_trains_eagerly_and_with_xla(options):
    model = USDH(bits=8, backbone=tiny_backbone())
    model.compile("adam", **options)
    assert np.isfinite(model.fit(photos(), batch_size=6, verbose=0).history["loss"]).all()


def test_trained_codes_are_nearer_inside_a_group():
    keras.utils.set_random_seed(1)
    features, found = groups(90)
    model = USDH(bits=16, backbone=None, rotation_weight=0)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(np.abs(features), epochs=20, batch_size=30, verbose=0)
    packed = codes.pack(model.predict(np.abs(features), verbose=0))
    distances = codes.hamming(packed, packed)
    same = found[:, None] == found[None, :]
    assert distances[same].mean() + 3 < distances[~same].mean()


@pytest.mark.parametrize("name", ["quantization_weight", "balance_weight", "rotation_weight"])
def test_refused_weights(name):
    with pytest.raises(ValueError, match=rf"`{name}` must be at least 0\.0; got -1"):
        USDH(bits=6, backbone=None, **{name: -1})
