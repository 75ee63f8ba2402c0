"""Mixed: what either part of the code is, and that it keeps classes apart that had no labels."""

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import encoding
from keras_hashing.hashers import ITQ
from keras_hashing.methods.mixed import Mixed, within_class_whitening


def feature_set(count=120, classes=4, channels=12, seed=0):
    labels = np.arange(count) % classes
    centres = 3.0 * np.random.default_rng(9).normal(size=(classes, channels))
    noise = np.random.default_rng(seed).normal(size=(count, channels))
    return (centres[labels] + noise).astype("float32"), labels


def fitted(features, labels, **arguments):
    keras.utils.set_random_seed(1)
    model = Mixed(bits=12, backbone=None, hidden=16, dropout=0.1, **arguments)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features, labels, batch_size=20, epochs=6, verbose=0)
    return model


def test_whitening_makes_classes_round():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 3
    features = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5)) + 10.0 * labels[:, None]
    shares = np.eye(3)[labels]
    shares[:10] = 0.0  # without a label, and far away
    features[:10] += 1000.0
    white = features @ within_class_whitening(features, shares, 1e-9)
    gaps = [white[10:][labels[10:] == c] - white[10:][labels[10:] == c].mean(0) for c in range(3)]
    gaps = np.concatenate(gaps)
    np.testing.assert_allclose(gaps.T @ gaps / len(gaps), np.eye(5), atol=1e-6)


def test_first_bits_are_the_mean_code_of_the_classes():
    features, labels = feature_set()
    model = fitted(features, labels, supervised_bits=5, temperature=3.0)
    logits = np.asarray(model.class_head(model.head(features)), "float64") / 3.0
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    expected = weights @ np.asarray(model.centres.rows)
    np.testing.assert_allclose(encoding.outputs(model, features)[:, :5], expected, atol=1e-5)
    assert (logits.argmax(axis=1) == labels).mean() > 0.9
    assert len(np.unique(model.centres.rows, axis=0)) == 4


def test_other_bits_are_itq_of_whitened_features():
    features, labels = feature_set()
    model = fitted(features, labels, supervised_bits=5, seed=3)
    whitening = within_class_whitening(features.astype("float64"), np.eye(4)[labels], 1.0)
    layer = ITQ(7, seed=3)
    layer.adapt((features - features.mean(axis=0, dtype="float64")) @ whitening)
    white = (features - features.mean(axis=0, dtype="float64")) @ whitening
    expected = np.asarray(layer(white.astype("float32"))) >= 0
    found = encoding.outputs(model, features)[:, 5:] >= 0
    assert (found == expected).mean() > 0.999


def test_classes_without_labels_keep_apart():
    features, labels = feature_set()
    rows = np.eye(2, dtype="float32")[np.minimum(labels, 1)] * (labels < 2)[:, None]
    query, query_labels = feature_set(60, seed=1)
    new = query_labels >= 2
    database = kh.encode(model := fitted(features, rows), features)
    report = kh.evaluate(kh.encode(model, query[new]), query_labels[new], database, labels, bits=12)
    assert report.map > 0.75  # 1/4 by chance, about 1/2 for a code of the two classes alone


def test_it_trains_from_a_dataset_of_images(tmp_path):
    import tensorflow as tf

    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(20, 3, activation="relu", name="conv")(inputs)
    model = Mixed(bits=8, backbone=keras.Model(inputs, maps, name="tiny"), hidden=8)
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3)).astype("uint8")
    model.compile("adam")
    model.fit(tf.data.Dataset.from_tensor_slices((images, np.arange(30) % 3)).batch(7), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(kh.encode(loaded, images), kh.encode(model, images))
    assert loaded.classes == 3


def test_errors():
    with pytest.raises(ValueError, match="`bits` must be between 2 and 4096; got 1"):
        Mixed(bits=1, backbone=None)
    with pytest.raises(ValueError, match="`supervised_bits` must be between 1 and 11; got 12"):
        Mixed(bits=12, backbone=None, supervised_bits=12)
    with pytest.raises(ValueError, match="does not know the number of classes"):
        Mixed(bits=12, backbone=None)(np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match="ITQ needs more rows of features than bits, 8 at least"):
        fitted(*feature_set(7), supervised_bits=5)
