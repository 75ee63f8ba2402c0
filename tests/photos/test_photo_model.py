"""The exported model of a photo index gives a photo the code that the index has of it."""

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes, photos
from keras_hashing.data.images import read_image
from keras_hashing.exporting import export
from tests.photos.conftest import CHANNELS, CountingEncoder, tiny_backbone, write_photo

BITS = 9


@pytest.fixture
def index(folder, directory, encoder):
    photos.update(directory, folder, encoder, BITS)
    return photos.PhotoIndex(directory)


def test_its_signs_are_the_codes_of_the_index(index, encoder):
    model = photos.photo_model(index, encoder)
    assert (model.bits, model.image_size, index.projection) == (BITS, 16, "superbit")
    images = [read_image(index.folder / path) for path in index.paths]  # not yet resized
    found = np.concatenate([codes.pack(np.asarray(model(image[None]))) for image in images])
    np.testing.assert_array_equal(found, index.codes)


def test_exported_it_finds_each_photo_at_distance_0(folder, index, encoder, tmp_path):
    write_photo(folder / "lossless.png", 99, "PNG")
    photos.update(index.directory, folder, encoder)
    index = photos.PhotoIndex(index.directory)
    model = photos.photo_model(index, encoder)
    version = export(model, tmp_path / "m", index=index.codes, names=index.paths, k=1)
    search = tf.saved_model.load(str(version)).signatures["search_bytes"]
    files = [(index.folder / path).read_bytes() for path in index.paths]
    answer = search(image_bytes=tf.constant(files))
    assert answer["distances"].numpy().ravel().tolist() == [0] * 9
    found = index.codes[answer["ids"].numpy().ravel()]
    np.testing.assert_array_equal(found, index.codes)  # ids may differ where codes are equal


def test_itq_too(folder, directory, encoder):
    for number in range(8, 24):
        write_photo(folder / f"photo{number}.jpg", number)
    photos.update(directory, folder, encoder, 5)
    index = photos.PhotoIndex(directory)
    assert index.projection == "itq"
    model = photos.photo_model(index, encoder)
    image = read_image(index.folder / index.paths[3])[None]
    np.testing.assert_array_equal(codes.pack(np.asarray(model(image)))[0], index.codes[3])


def test_a_hashing_model_is_itself(folder, directory, hashing_encoder):
    photos.update(directory, folder, hashing_encoder)
    model = photos.photo_model(photos.PhotoIndex(directory), hashing_encoder)
    assert model is hashing_encoder.model


def test_another_model_is_refused(index):
    other = CountingEncoder("tiny", lambda: tiny_backbone(seed=1, channels=CHANNELS))
    with pytest.raises(ValueError, match="The model tiny is not the one that"):
        photos.photo_model(index, other)
