"""Every method through one list; a new one joins by its name in `keras_hashing.methods.NAMES`."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from keras_hashing import encoding, methods

SIDE, BITS, CLASSES = 12, 8, 3

# What a method is made with here beside bits and backbone, to keep it quick.
SMALL: dict[str, dict] = {
    "semantic": {"hidden": (16,)},
    "ksh": {"anchors": 20},
}


@pytest.fixture(params=list(methods.NAMES))
def name(request):
    keras.utils.set_random_seed(3)
    return request.param


def make(name, backbone=None, **arguments):
    return methods.NAMES[name](
        **{"bits": BITS, "backbone": backbone, **SMALL.get(name, {}), **arguments}
    )


def tiny_backbone():
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(16, 3, strides=2, activation="relu", name="conv")(
        keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)
    )
    return keras.Model(inputs, maps, name="tiny")


def feature_set(count=60, channels=16, seed=0):
    """Features of a few classes that are easy to tell apart, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    centres = 3.0 * np.random.default_rng(9).normal(size=(CLASSES, channels))
    return (centres[labels] + rng.normal(size=(count, channels))).astype("float32"), labels


def image_set(count=48, seed=0):
    """Images whose class is their mean colour."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    colours = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200]])[labels]
    noise = rng.integers(-40, 41, (count, SIDE, SIDE, 3))
    return np.clip(colours[:, None, None] + noise, 0, 255).astype("uint8"), labels


def train(model, data, labels, epochs=2, batch_size=16):
    """Fit or adapt; the losses of the epochs, empty for a method without gradients."""
    if model.adapts:
        model.adapt(data, labels) if model.needs_labels else model.adapt(data)
        return []
    if not model.compiled:
        model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(data, labels, epochs=epochs, batch_size=batch_size, verbose=0)
    return history.history["loss"]


def learns_from_labels(name):
    return methods.NAMES[name].supervised


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_features_fit_evaluate_save_load(name, tmp_path):
    features, labels = feature_set()
    model = make(name)
    losses = train(model, features, labels, epochs=12)
    assert np.isfinite(losses).all()
    query, query_labels = feature_set(30, seed=1)
    outputs = encoding.outputs(model, query)
    assert outputs.shape == (30, BITS)
    report = kh.evaluate(
        kh.codes.pack(outputs), query_labels, kh.encode(model, features), labels, bits=BITS
    )
    # These classes are far apart: three of equal size have a mean precision of 1/3 by chance.
    assert report.map > 0.6
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_allclose(encoding.outputs(loaded, query), outputs, atol=1e-6)
    assert json.loads(json.dumps(loaded.get_config())) == json.loads(json.dumps(model.get_config()))
    if not model.adapts:
        train(loaded, features, labels)
        one, other = model.evaluate(features, labels, verbose=0), losses[-1]
        assert np.isfinite([one, other]).all()


def test_images_fit_save_load_export(name, tmp_path):
    images, labels = image_set()
    model = make(name, tiny_backbone())
    losses = train(model, images, labels)
    assert np.isfinite(losses).all()
    codes = kh.encode(model, images[:7])
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(kh.encode(kh.load(tmp_path / "model.keras"), images[:7]), codes)
    index = kh.Index(BITS)
    index.add(kh.encode(model, images))
    folder = kh.export(model, tmp_path / "served", index=index)
    served = tf.saved_model.load(str(folder)).signatures
    answer = served["serving_default"](images=tf.constant(images[:7], tf.float32))
    np.testing.assert_array_equal(answer["code"], codes)
    found = served["search"](codes=tf.constant(codes))
    np.testing.assert_array_equal(found["distances"][:, 0], np.zeros(7))


def test_bits_and_backbone_are_enough():
    for name, method in methods.NAMES.items():
        model = method(bits=12, backbone="small_cnn")
        assert model.method == name
        assert model.bits == 12
        assert model.image_size == model.backbone.image_size


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_multi_hot_labels(name):
    features, labels = feature_set()
    rows = np.eye(CLASSES, dtype="float32")[labels]
    rows[::5, 0] = 1.0
    rows[7] = 0.0  # an item without labels is similar to nothing
    model = make(name)
    assert np.isfinite(train(model, features, rows)).all()
    assert np.isfinite(encoding.outputs(model, features)).all()


@pytest.mark.filterwarnings("ignore:.*without a backbone")
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_has_no_nan(name, policy):
    features, labels = feature_set()
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = make(name, **({} if methods.NAMES[name].adapts else {"hidden": 16}))
        losses = train(model, 30 * features, labels)
        outputs = encoding.outputs(model, 30 * features)
    finally:
        keras.config.set_dtype_policy(previous)
    assert np.isfinite(losses).all()
    assert np.isfinite(outputs).all()


@pytest.mark.filterwarnings("ignore:.*without a backbone")
@pytest.mark.parametrize("batch_size", [1, 7, 64], ids=["one", "partial", "whole"])
def test_any_batch_size(name, batch_size):
    features, labels = feature_set(30)
    assert np.isfinite(train(make(name), features, labels, 1, batch_size)).all()


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_no_pair_of_a_batch_is_similar(name):
    features, _ = feature_set(24)
    model = make(name)
    assert np.isfinite(train(model, features, np.arange(24), 1, 8)).all()
    assert np.isfinite(encoding.outputs(model, features)).all()


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_one_class_is_trained_or_refused(name):
    features, labels = feature_set(24)
    model = make(name)
    if model.supervised:
        with pytest.raises(ValueError, match="two classes at least; got 1"):
            train(model, features, np.ones_like(labels))
    else:
        assert np.isfinite(train(model, features, np.ones_like(labels))).all()


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_features_with_nan_are_refused(name):
    features, labels = feature_set(24)
    features[5, 2] = np.nan
    with pytest.raises(ValueError, match=r"`features` must be finite; .* \(5, 2\)"):
        train(make(name), features, labels)


def test_labels_beyond_the_class_count(name):
    features, labels = feature_set(24)
    if "classes" not in make(name).get_config():
        pytest.skip("it has no class count")
    model = make(name, classes=CLASSES)
    with pytest.raises(ValueError, match="is for 3 classes; got labels of 4"):
        train(model, features, np.arange(24) % 4)
    train(model, features, labels)
    fitted = make(name)
    train(fitted, features, labels)
    assert fitted.classes == CLASSES
    with pytest.raises(ValueError, match="was not trained with, the first 3; it knows 3"):
        train(fitted, features, labels + 1)


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_labels_of_an_unsupervised_method_are_ignored(name):
    if learns_from_labels(name) or methods.NAMES[name].adapts:
        pytest.skip("it learns from labels, or does not fit")
    features, labels = feature_set(24)
    outputs = []
    for given in (None, labels, labels[::-1]):
        keras.utils.set_random_seed(5)
        model = make(name)
        train(model, features, given)
        outputs.append(encoding.outputs(model, features))
    np.testing.assert_array_equal(outputs[0], outputs[1])
    np.testing.assert_array_equal(outputs[0], outputs[2])
