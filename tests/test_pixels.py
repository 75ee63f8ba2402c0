"""The scale and shape of pixels; every entrance is tested in conformance/test_inputs.py."""

import numpy as np
import pytest

from keras_hashing import pixels
from keras_hashing.pixels import Scale, check, check_shape

BRIGHT = np.full((2, 4, 4, 3), 200.0, "float32")


@pytest.mark.parametrize(
    "images",
    [
        BRIGHT,
        BRIGHT.astype("uint8"),
        BRIGHT.astype("int64"),
        np.zeros((9, 4, 4, 3), "float32"),  # black
        np.ones((2, 4, 4, 3), "float32") * [0.2, 1.1, 0.9],
        np.zeros((0, 4, 4, 3)),
    ],
)
def test_taken(images):
    check(images)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (BRIGHT / 255, "got values up to 0.784, which looks like images scaled to .0, 1..* by 255"),
        (BRIGHT / 127.5 - 1.6, "normalised images. Leave the normalisation out"),
        (BRIGHT * 257, "got values up to 51400. Bring 16-bit images to 8 bits"),
        (np.full((1, 2, 2, 1), np.inf), "`images` must be finite"),
        (np.ones((1, 2, 2, 1), "int32"), "Multiply by 255"),
    ],
)
def test_refused(images, message):
    with pytest.raises(ValueError, match=message):
        check(images)


@pytest.mark.parametrize("images", [BRIGHT > 3, BRIGHT.astype(str), BRIGHT + 1j])
def test_no_pixel_values(images):
    with pytest.raises(TypeError, match="must hold pixel values 0 to 255; got dtype"):
        check(images)


def test_a_stream_is_judged_by_all_that_came():
    scale = Scale()
    scale.see(np.full((1, 2, 2, 1), 0.5))  # one dark image
    scale.see(BRIGHT)
    scale.see(np.full((20, 2, 2, 1), 0.5))
    scale.end()
    dark = Scale("x")
    dark.see(np.full((3, 2, 2, 1), 0.5))
    with pytest.raises(ValueError, match="`x` must have pixel values"):
        dark.end()
    with pytest.raises(ValueError, match="`x` must have pixel values"):
        dark.see(np.full((5, 2, 2, 1), 0.5))  # eight
    whole = Scale()
    whole.see(np.ones((50, 2, 2, 1), "uint8"))  # eight photos by night may begin a film
    with pytest.raises(ValueError, match="Multiply by 255"):
        whole.end()


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((5, 3, 8, 8), "Channels come last here"),
        ((5, 1, 28, 28), "Channels come last here"),
        ((5, 8, 8, 4), "Blend the alpha channel"),
        ((8, 8, 3), "Give a single image a batch axis"),
        ((3, 8, 8), "Give a single image a batch axis"),
        ((60, 28, 28), "Give gray images a channel axis"),
        ((5, 64), "features go into one made with `backbone=None`"),
        ((5,), "Stack images to one array"),
    ],
)
def test_shapes(shape, hint):
    with pytest.raises(ValueError, match=hint):
        check_shape(np.zeros(shape))
    check_shape(np.zeros((2, 8, 8, 1)))
    assert pixels.check_shape(np.zeros((2, 8, 8, 3))) is None
