"""Small pictures, of what lies in memory, in files or only in batches."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing.batches import open_source
from keras_hashing.callbacks import pictures
from keras_hashing.callbacks.pictures import Pictures

IMAGES = np.arange(6)[:, None, None, None] * np.full((6, 8, 8, 3), 40, np.uint8)


def seen(source):
    found = Pictures(source)
    for batch in source.batches(4):
        found.keep(batch.inputs)
    return found


@pytest.mark.parametrize("kind", ["array", "list", "files", "dataset", "items"])
def test_pictures_of_places(kind, tmp_path):
    given = IMAGES.astype("uint8")
    if kind == "list":
        given = list(given)
    elif kind == "files":
        for number, image in enumerate(given):
            Image.fromarray(image).save(tmp_path / f"{number}.png")
        given = tmp_path
    elif kind != "array":
        given = tf.data.Dataset.from_tensor_slices(given)
        given = given.batch(4) if kind == "dataset" else given
    found = seen(open_source(given, rank=4, image_size=8)).of(np.array([5, 0, 2]), 16)
    assert found.shape == (3, 16, 16, 3)
    assert found[:, 3, 3, 0].tolist() == [200, 0, 80]


def test_none_of_features_and_of_too_many(monkeypatch):
    rows = np.ones((5, 3), "float32")
    for given in (rows, list(rows), tf.data.Dataset.from_tensor_slices(rows).batch(2)):
        assert seen(open_source(given, rank=2)).of(np.array([1])) is None
    monkeypatch.setattr(pictures, "_MOST", 5)
    stream = tf.data.Dataset.from_tensor_slices(IMAGES.astype("uint8")).batch(2)
    assert seen(open_source(stream, rank=4)).of(np.array([1])) is None
