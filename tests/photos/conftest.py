"""Small photos in folders, and a tiny random network that makes them searchable."""

import os

import keras
import numpy as np
import pytest
from PIL import Image

from keras_hashing import photos

CHANNELS = 24
BITS = 5  # not a whole byte; ITQ from 20 photos on


def tiny_backbone(seed=0, channels=CHANNELS):
    """Random features of images of any size."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((None, None, 3))
    maps = keras.layers.Rescaling(1 / 255)(inputs)
    maps = keras.layers.Conv2D(channels, 3, strides=2, activation="tanh")(maps)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(maps))
    model.image_size = 16
    return model


def tiny_hashing_model(bits=BITS, seed=0):
    """As `tiny_backbone`, but with outputs that are the code before the sign."""
    model = tiny_backbone(seed, bits)
    model.bits = bits
    return model


class CountingEncoder(photos.Encoder):
    """Counts the photos that go through the model, and can fail after so many."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.count = 0
        self.fails_at = None

    def vectors(self, images):
        if self.fails_at is not None and self.count >= self.fails_at:
            raise KeyboardInterrupt
        self.count += len(images)
        return super().vectors(images)


def write_photo(path, seed, form="JPEG"):
    """A photo of few colours, decided by `seed`; changes nothing but its own file."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (3, 4, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize((40, 30), Image.Resampling.NEAREST).save(path, form)
    return path


@pytest.fixture(scope="session")
def backbone():
    return tiny_backbone()


@pytest.fixture
def encoder(backbone):
    return CountingEncoder("tiny", lambda: backbone)


@pytest.fixture
def hashing_encoder():
    return CountingEncoder("tiny-hash", tiny_hashing_model, hashing=True)


@pytest.fixture
def folder(tmp_path):
    """Eight photos, two of them in a sub-folder."""
    folder = tmp_path / "holiday"
    for number in range(8):
        place = folder / "beach" if number > 5 else folder
        write_photo(place / f"photo{number}.jpg", number)
    return folder


@pytest.fixture
def directory(tmp_path):
    """Where the index goes."""
    return tmp_path / "holiday.khindex"


@pytest.fixture
def touched():
    """Function that gives a file a new time of change."""

    def touch(path, seconds=10):
        status = path.stat()
        later = status.st_mtime_ns + seconds * 1_000_000_000
        os.utime(path, ns=(later, later))

    return touch
