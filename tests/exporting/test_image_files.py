import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing.data.images import read_image, resize
from keras_hashing.exporting import image_files
from tests.data.test_images import TRANSPARENT, png
from tests.exporting.images import FILES, file_bytes, photo, png_header

NOT_PNG = ("GIF", "WebP", "TIFF")


@pytest.fixture(scope="module")
def decode():
    """`image_files.decode` to 16 pixels, in a graph."""
    signature = [tf.TensorSpec([None], tf.string)]
    traced = tf.function(lambda files: image_files.decode(files, 16), input_signature=signature)
    return lambda files: traced(tf.constant(files)).numpy()


def test_decoded_pixels_equal_pillows(decode):
    decoded = decode(list(FILES.values()))
    for name, pixels in zip(FILES, decoded, strict=True):
        # Pillow reads, then both sides resize by the package's one function.
        expected = resize(read_image(FILES[name]), 16)
        np.testing.assert_allclose(pixels, expected, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("kind", [kind for kind in TRANSPARENT if kind not in NOT_PNG])
def test_transparent_pixels_are_blended_as_pillows(decode, kind):
    file, second = TRANSPARENT[kind]
    white, blended = decode([file])[0, 0, [0, -1]]  # two pixels, stretched to 16
    np.testing.assert_allclose([white, blended], [[255] * 3, second], atol=1e-3)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_opaque_png_files_of_few_bits(decode, bits):
    file = png(bits, 0, b"\x40\x01", width=2)
    np.testing.assert_allclose(decode([file])[0], resize(read_image(file), 16), atol=1e-3)
    colours = Image.fromarray(photo()).quantize(2**bits)
    file = file_bytes(colours, bits=bits)
    np.testing.assert_allclose(decode([file])[0], resize(read_image(file), 16), atol=1e-3)


def test_cmyk_is_close_to_pillow(decode):
    data = file_bytes(Image.fromarray(photo()).convert("CMYK"), "JPEG", quality=95)
    got = decode([data])[0]
    np.testing.assert_allclose(got, resize(read_image(data), 16), atol=3)


BAD_FILES = {
    "text": (b"this is a text file, called photo.jpg", "JPEG or PNG"),
    "empty": (b"", "too short"),
    "GIF": (file_bytes(photo(), "GIF"), "JPEG or PNG"),
    "WebP": (file_bytes(photo(), "WEBP"), "JPEG or PNG"),
    "JPEG, one byte short": (FILES["JPEG"][:-1], None),
    "JPEG, first 200 bytes": (FILES["JPEG"][:200], None),
    "JPEG magic, then noise": (b"\xff\xd8\xff" + bytes(range(250, 100, -1)), None),
    "PNG cut short": (FILES["PNG"][:-40], None),
    "PNG of 16000 x 16000": (png_header(16000, 16000) + b"\0" * 40, "no pixels or more"),
    "PNG of 0 x 5": (png_header(0, 5) + b"\0" * 40, "no pixels or more"),
    "PNG of 2**32 - 1": (png_header(2**32 - 1, 2**32 - 1) + b"\0" * 40, "no pixels or more"),
    "PNG without header": (b"\x89PNG\r\n\x1a\n" + b"\xfe" * 40, "no header"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused(decode, name):
    data, words = BAD_FILES[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        decode([FILES["PNG"], data])
