"""Image files and a tiny hashing model for the tests of exporting and serving."""

import io
import struct
import zlib

import keras
import numpy as np
from PIL import Image

from keras_hashing.backbones.image_input import ImageInput

BITS = 12  # not a multiple of 8, so that there is padding


def tiny_model(bits=BITS, image_size=8, seed=0):
    """A hashing model whose codes differ from image to image, made without training."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((None, None, 3), name="images")
    pixels = ImageInput(image_size, name="image_input")(inputs)
    pixels = keras.layers.Rescaling(1 / 128, offset=-1.0, name="rescaling")(pixels)
    maps = keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="conv")(pixels)
    outputs = keras.layers.Dense(bits, activation="tanh", name="hash")(
        keras.layers.Flatten(name="flatten")(maps)
    )
    model = keras.Model(inputs, outputs, name="tiny")
    model.bits, model.image_size = bits, image_size
    return model


def photo(height=40, width=30, seed=0):
    """A smooth random picture, uint8 `(height, width, 3)`."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def file_bytes(pixels, kind="PNG", **options):
    """`pixels`, an array or a Pillow image, as the bytes of an image file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width, height):
    """The start of a PNG that claims a size, with nothing behind it."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


FILES = {
    "PNG": file_bytes(photo()),
    "gray PNG": file_bytes(photo()[..., 0]),
    "RGBA PNG": file_bytes(np.dstack([photo(), np.full((40, 30), 90, np.uint8)])),
    "RGBA PNG of all alphas": file_bytes(
        np.dstack([photo(), np.resize(np.arange(256, dtype=np.uint8), (40, 30))])
    ),
    "gray PNG with alpha": file_bytes(
        Image.merge("LA", [Image.fromarray(photo()[..., band]) for band in (0, 1)])
    ),
    "palette PNG with alpha": file_bytes(
        Image.fromarray(photo()).quantize(16), transparency=bytes(range(0, 256, 16))
    ),
    "gray PNG with a transparent value": file_bytes(
        Image.fromarray(photo()[..., 0]), transparency=int(photo()[0, 0, 0])
    ),
    "palette PNG": file_bytes(Image.fromarray(photo()).quantize(16)),
    "16-bit PNG": file_bytes(Image.fromarray(photo()[..., 0].astype(np.uint16) * 250)),
    "JPEG": file_bytes(photo(), "JPEG", quality=90),
    "progressive JPEG": file_bytes(photo(), "JPEG", progressive=True),
    "gray JPEG": file_bytes(photo()[..., 0], "JPEG"),
    "tiny JPEG": file_bytes(photo(1, 1), "JPEG"),
}
