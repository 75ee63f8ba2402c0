"""Features of image sets: every form of input gives the backbone's own features."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing import backbones
from keras_hashing.methods.image_features import image_features


@pytest.fixture(scope="module")
def backbone():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((10, 10, 3))
    maps = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    return backbones.get(keras.Model(inputs, maps, name="tiny"))


def images(count=9, side=10):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3)).astype("uint8")


def expected(backbone, batch):
    return np.asarray(backbone(batch.astype("float32")))


@pytest.mark.parametrize("count", [1, 9, 150])
def test_arrays(backbone, count):
    batch = images(count)
    found, _ = image_features(backbone, batch)
    assert (found.shape, found.dtype) == ((count, 4), np.float32)
    np.testing.assert_allclose(found, expected(backbone, batch), rtol=1e-4, atol=1e-3)


def test_a_prediction_of_two_replicas_counts_once(backbone, monkeypatch):
    # Under `tf.distribute` Keras has every replica predict the batch, one after the other.
    once = backbone.predict_on_batch
    monkeypatch.setattr(backbone, "predict_on_batch", lambda batch: np.tile(once(batch), (2, 1)))
    batch = images(70)
    np.testing.assert_allclose(
        image_features(backbone, batch)[0], once(batch), rtol=1e-4, atol=1e-3
    )


def test_datasets(backbone):
    batch = images()
    for data in (batch, (batch, np.arange(9))):
        dataset = tf.data.Dataset.from_tensor_slices(data).batch(4)
        found, labels = image_features(backbone, dataset)
        assert (labels is None) == (data is batch)
        np.testing.assert_allclose(found, expected(backbone, batch), rtol=1e-4, atol=1e-3)


def test_folder_and_paths_of_any_size(backbone, tmp_path):
    batch = images(3)
    for number, image in enumerate(batch):
        large = Image.fromarray(image).resize((30, 30), Image.Resampling.NEAREST)
        large.save(tmp_path / f"{number}.png")
    found, _ = image_features(backbone, tmp_path)
    assert found.shape == (3, 4)
    np.testing.assert_array_equal(image_features(backbone, str(tmp_path))[0], found)
    paths = [tmp_path / "2.png", tmp_path / "0.png"]
    np.testing.assert_allclose(image_features(backbone, paths)[0], found[[2, 0]], atol=1e-3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (images()[:0], "nothing to encode"),
        ([], "nothing to encode"),
        (images()[0], r"must have shape \(n, height, width, 3\).*got \(10, 10, 3\)"),
        (
            np.zeros((5, 8)),
            r"got \(5, 8\). This model takes images; features go into one made with",
        ),
        (images().astype("float32") / 255, "Multiply by 255"),
        (np.full((2, 10, 10, 3), np.nan, "float32"), "`images` must be finite"),
        (tf.data.Dataset.from_tensor_slices(images()).batch(4).repeat(), "never ends"),
    ],
)
def test_refused(backbone, data, message):
    with pytest.raises(ValueError, match=message):
        image_features(backbone, data)
