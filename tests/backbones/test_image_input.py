"""The resize in front of every model, against Pillow and by hand."""

import keras
import numpy as np
import pytest
from PIL import Image

from keras_hashing.backbones.image_input import ImageInput


def pillow(image, size):
    channels = [
        Image.fromarray(image[..., c].astype("float32")).resize((size, size), Image.BILINEAR)
        for c in range(3)
    ]
    return np.stack([np.asarray(channel) for channel in channels], -1)


@pytest.mark.parametrize("shape", [(8, 8), (5, 9), (40, 23), (16, 16)])
def test_equals_pillows_bilinear(shape):
    images = np.random.default_rng(0).integers(0, 256, (2, *shape, 3)).astype("uint8")
    result = np.asarray(ImageInput(16)(images))
    expected = np.stack([pillow(image, 16) for image in images])
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=0.02)


def test_images_of_the_right_size_stay_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype("uint8")
    np.testing.assert_array_equal(ImageInput(16)(images), images)
    unknown = keras.Input((None, None, None))
    model = keras.Model(unknown, ImageInput(16)(unknown))
    np.testing.assert_array_equal(model(images), images)


def test_gray_is_repeated():
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 1)).astype("uint8")
    result = np.asarray(ImageInput(8)(images))
    assert result.shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(result[..., 0], result[..., 2])


@pytest.mark.parametrize("shape", [(4, 4, 3), (2, 4, 4, 2), (1, 1, 4, 4, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(n, height, width, 3\)"):
        ImageInput(8)(np.zeros(shape))


def test_size_is_checked():
    with pytest.raises(ValueError, match="`image_size` must be between 8 and 4096; got 4"):
        ImageInput(4)
