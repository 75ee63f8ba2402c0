"""`kh.encode`: every form of input gives the codes of a plain forward pass."""

import keras
import numpy as np
import pytest
from PIL import Image

import keras_hashing as kh
from keras_hashing import encoding
from keras_hashing.methods import DHN


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(6, 3, name="conv")(inputs)
    return DHN(bits=11, backbone=keras.Model(inputs, x, name="tiny"))


def images(n=10, side=12, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3)).astype("uint8")


def expected(model, batch):
    return kh.codes.pack(np.asarray(model(batch.astype("float32"))))


@pytest.mark.parametrize("batch_size", [1, 3, 10, 64])
def test_arrays(model, batch_size):
    batch = images()
    np.testing.assert_array_equal(kh.encode(model, batch, batch_size), expected(model, batch))
    assert kh.encode(model, batch.astype("float32"), batch_size).shape == (10, 2)


def test_datasets_with_and_without_labels(model):
    import tensorflow as tf

    batch = images()
    plain = tf.data.Dataset.from_tensor_slices(batch).batch(4)
    labelled = tf.data.Dataset.from_tensor_slices((batch, np.arange(10))).batch(4)
    np.testing.assert_array_equal(kh.encode(model, plain), expected(model, batch))
    np.testing.assert_array_equal(kh.encode(model, labelled), expected(model, batch))


def test_folder_and_paths(model, tmp_path):
    batch = images(5)
    for number, image in enumerate(batch):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    np.testing.assert_array_equal(kh.encode(model, tmp_path, 2), expected(model, batch))
    paths = [tmp_path / "3.png", tmp_path / "1.png"]
    np.testing.assert_array_equal(kh.encode(model, paths), expected(model, batch[[3, 1]]))


def test_features(tmp_path):
    head = DHN(bits=8, backbone=None)
    features = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    outputs = encoding.outputs(head, features, 2)
    np.testing.assert_allclose(outputs, np.asarray(head(features)), atol=1e-6)
    with pytest.raises(ValueError, match="`features` must be finite"):
        kh.encode(head, np.full((2, 3), np.nan, "float32"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (images().astype("float32") / 255, "Multiply by 255"),
        (images()[0], r"must have shape \(n, height, width, 3\)"),
        (np.zeros((2, 12, 12, 4), "uint8"), r"got \(2, 12, 12, 4\)"),
        (images()[:0], "nothing to encode"),
        ([], "nothing to encode"),
        (np.full((1, 12, 12, 3), np.nan, "float32"), "`images` must be finite"),
    ],
)
def test_bad_images(model, given, message):
    with pytest.raises(ValueError, match=message):
        kh.encode(model, given)


def test_all_black_float_images_are_taken(model):
    assert kh.encode(model, np.zeros((1, 12, 12, 3), "float32")).shape == (1, 2)


def test_a_nearly_black_photo_is_taken(model, tmp_path):
    dark = np.ones((1, 12, 12, 3), "uint8")
    Image.fromarray(dark[0]).save(tmp_path / "dark.png")
    np.testing.assert_array_equal(kh.encode(model, tmp_path), expected(model, dark))


def test_a_nearly_black_image_in_a_batch_of_its_own_is_taken(model):
    batch = images(3).astype("float32")
    batch[2] = 1
    np.testing.assert_array_equal(kh.encode(model, batch, 1), expected(model, batch))


def test_datasets_that_are_refused(model):
    import tensorflow as tf

    scaled = tf.data.Dataset.from_tensor_slices(images().astype("float32") / 255).batch(4)
    with pytest.raises(ValueError, match="Multiply by 255"):
        kh.encode(model, scaled)
    with pytest.raises(ValueError, match="never ends. Pass the dataset without"):
        kh.encode(model, scaled.repeat())


def test_outputs_that_are_not_finite(model):
    broken = DHN(bits=4, backbone=None)
    broken(np.zeros((1, 2), "float32"))
    broken.head.get_layer("hash").kernel.assign(np.full((2, 4), np.nan))
    with pytest.raises(ValueError, match="`outputs of batch 0` must be finite"):
        kh.encode(broken, np.ones((3, 2), "float32"))
