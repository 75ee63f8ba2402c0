"""Batches out of every form of images; what is refused is tested through `kh.encode` too."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing.data.image_batches import check_images, image_batches


def images(count=7, side=6):
    return np.random.default_rng(0).integers(2, 256, (count, side, side, 3)).astype("uint8")


def test_arrays_and_datasets():
    batch = images()
    parts, steps = image_batches(batch, None, 3)
    assert [len(part) for part in parts] == [3, 3, 1]
    assert steps == 3
    for given in (batch, (batch, np.arange(7))):
        dataset = tf.data.Dataset.from_tensor_slices(given).batch(4)
        parts, steps = image_batches(dataset, None, 3)
        parts = list(parts)
        assert [len(part) for part in parts] == [4, 3]  # its own batches
        np.testing.assert_array_equal(np.concatenate(parts), batch)
        assert steps == 2
    assert image_batches(dataset.filter(lambda *_: True), None, 3)[1] is None


def test_files_keep_their_order_whatever_the_batch(tmp_path):
    batch = images(9)
    for number, image in enumerate(batch):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    for size in (1, 2, 4, 20):
        parts, steps = image_batches(tmp_path, 6, size)
        parts = list(parts)
        assert len(parts) == steps == -(-9 // size)
        np.testing.assert_array_equal(np.concatenate(parts), batch)
    paths = [str(tmp_path / "5.png"), str(tmp_path / "0.png")]
    np.testing.assert_array_equal(next(image_batches(paths, 6, 8)[0]), batch[[5, 0]])


def test_refused():
    with pytest.raises(ValueError, match="Multiply by 255"):
        image_batches(images() / 255.0, None, 2)
    with pytest.raises(ValueError, match="`images` must be finite"):
        image_batches(np.full((2, 6, 6, 3), np.nan), None, 2)
    with pytest.raises(ValueError, match="never ends"):
        image_batches(tf.data.Dataset.from_tensor_slices(images()).batch(2).repeat(), None, 2)
    with pytest.raises(ValueError, match=r"got \(6, 6, 3\)\. Do so"):
        check_images(images()[0], "Do so.")
