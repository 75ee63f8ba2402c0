"""DeepBit (re-creation): its loss by loops, its thresholds, and its codes."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from keras_hashing.methods import NAMES, DeepBit, views


def groups(count=60, channels=10, seed=1):
    """Features of three groups, all positive, and the group of each."""
    rng = np.random.default_rng(seed)
    found = np.arange(count) % 3
    centres = 2.0 * np.abs(np.random.default_rng(0).normal(size=(3, channels)))
    features = np.abs(centres[found] + 0.5 * rng.normal(size=(count, channels)))
    return features.astype("float32"), found


def tiny_backbone():
    inputs = keras.Input((12, 12, 3))
    maps = keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(7, 3, name="conv")(maps), name="tiny")


def photos(count=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 3)).astype("uint8")


def logits_of(model, features):
    layer = model.head.get_layer("hash")
    return features.astype("float64") @ np.asarray(layer.kernel) + np.asarray(layer.bias)


def of_features(**arguments):
    return DeepBit(**{"bits": 6, "backbone": None, "rotation_weight": 0, **arguments})


def test_it_is_in_the_table_of_names_and_freezes_its_backbone():
    assert NAMES["deepbit"] is DeepBit
    assert (of_features().supervised, of_features().train_backbone) == (False, False)


def test_loss_of_features_is_that_of_loops():
    features, _ = groups(7)
    model = of_features(quantization_weight=0.5, balance_weight=0.7, decorrelation_weight=3.0)
    outputs = np.tanh(np.random.default_rng(2).normal(size=(7, 6))).astype("float32")
    p = (outputs.astype(float) + 1) / 2
    gaps = np.array([sum(min(v, 1 - v) ** 2 for v in row) for row in p])
    balance = sum((p[:, k].mean() - 0.5) ** 2 for k in range(6))
    covariance = np.cov(p.T, bias=True)
    shared = ((covariance - np.diag(np.diag(covariance))) ** 2).sum() / 36
    found = model.item_losses(features, None, outputs, True)
    np.testing.assert_allclose(found, 0.5 * gaps + 0.7 * balance + 3.0 * shared, rtol=1e-4)


def test_rotation_term_of_images():
    images, losses = photos(), []
    backbone = tiny_backbone()
    for weight in (0.0, 1000.0):
        keras.utils.set_random_seed(2)
        model = DeepBit(bits=6, backbone=backbone, rotation_weight=weight)
        losses.append(np.asarray(model.item_losses(images, None, model(images), True)))
    p = (np.asarray(model(images)) + 1) / 2
    expected = np.zeros(6)
    for angle, weight in ((-10, 0.135335), (-5, 0.606531), (5, 0.606531), (10, 0.135335)):
        turned = (np.asarray(model(views.rotate(images, angle))) + 1) / 2
        expected += weight * ((turned - p) ** 2).sum(axis=1) / 2.483732
    assert expected.min() > 1e-5
    np.testing.assert_allclose(losses[1] - losses[0], 1000.0 * expected, rtol=1e-3)


def test_without_a_backbone_it_warns_once_unless_told():
    with pytest.warns(UserWarning, match="DeepBit without a backbone") as caught:
        DeepBit(bits=6, backbone=None)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_features()
        DeepBit(bits=6, backbone=tiny_backbone())


@pytest.mark.parametrize("threshold", ["zero", "mean", "median"])
def test_thresholds_are_those_of_the_training_data(threshold, tmp_path):
    features, _ = groups(61)
    model = of_features(threshold=threshold)
    model.compile(keras.optimizers.Adam(0.01))
    for _ in range(2):  # the second time they are measured again
        model.fit(features, epochs=2, batch_size=16, verbose=0)
        logits = logits_of(model, features)
        expected = {"zero": 0.0, "mean": logits.mean(), "median": np.median(logits, axis=0)}
        wanted = np.tanh((logits - expected[threshold]) / 2)
        np.testing.assert_allclose(model.predict(features, verbose=0), wanted, atol=1e-4)
    if threshold == "median":
        share = (model.predict(features, verbose=0) >= 0).mean(axis=0)
        np.testing.assert_allclose(share, np.full(6, 0.5), atol=0.03)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(features, verbose=0), wanted, atol=1e-4)
    assert loaded.threshold == threshold


class Parts(keras.utils.PyDataset):
    """Features in batches of seven, with labels that say nothing."""

    def __init__(self, features):
        super().__init__()
        self.features = features

    def __len__(self):
        return -(-len(self.features) // 7)

    def __getitem__(self, number):
        part = self.features[7 * number : 7 * number + 7]
        return part, np.zeros(len(part))


@pytest.mark.parametrize("kind", ["dataset", "pairs", "pydataset"])
def test_thresholds_of_datasets(kind):
    features, _ = groups(30)
    dataset = tf.data.Dataset.from_tensor_slices(features)
    if kind == "pairs":
        dataset = dataset.map(lambda x: (x, 0))
    data = Parts(features) if kind == "pydataset" else dataset.batch(7)
    model = of_features(threshold="median")
    model.compile("adam")
    model.fit(data, verbose=0)
    expected = np.median(logits_of(model, features), axis=0)
    np.testing.assert_allclose(model.thresholds.rows, expected, atol=1e-4)


def test_thresholds_of_images():
    images = photos(9)
    model = DeepBit(bits=6, backbone=tiny_backbone(), threshold="median")
    model.compile("adam")
    model.fit(images, batch_size=4, verbose=0)
    logits = logits_of(model, np.asarray(model.backbone(images)))
    np.testing.assert_allclose(model.thresholds.rows, np.median(logits, axis=0), atol=1e-4)


def test_training_data_that_cannot_be_read_again_is_refused():
    features, _ = groups(30)
    model = of_features(threshold="mean")
    model.compile("adam")
    batches = tf.data.Dataset.from_tensor_slices(features).batch(7)
    for data in (batches.repeat(), iter([features])):
        with pytest.raises(ValueError, match="so the data must end and be readable again"):
            model.fit(data, steps_per_epoch=1, verbose=0)
    other = of_features()
    other.compile("adam")
    other.fit(batches.repeat(), steps_per_epoch=1, verbose=0)


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": True}])
def test_it_trains_eagerly_and_with_xla(options):
    model = DeepBit(bits=8, backbone=tiny_backbone())
    model.compile("adam", **options)
    assert np.isfinite(model.fit(photos(), batch_size=6, verbose=0).history["loss"]).all()


def test_trained_codes_are_nearer_inside_a_group():
    keras.utils.set_random_seed(1)
    features, found = groups(90)
    model = of_features(bits=16, threshold="median")
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features, epochs=20, batch_size=30, verbose=0)
    packed = kh.codes.pack(model.predict(features, verbose=0))
    distances = kh.codes.hamming(packed, packed)
    same = found[:, None] == found[None, :]
    assert distances[same].mean() + 3 < distances[~same].mean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"threshold": "half"},
            "`threshold` got the unknown value 'half'; allowed: 'zero', '",
        ),
        ({"quantization_weight": -1}, r"`quantization_weight` must be at least 0\.0; got -1"),
        ({"balance_weight": -1}, r"`balance_weight` must be at least 0\.0; got -1"),
        ({"rotation_weight": -1}, r"`rotation_weight` must be at least 0\.0; got -1"),
        ({"decorrelation_weight": -1}, r"`decorrelation_weight` must be at least 0\.0; got -1"),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        of_features(**arguments)
