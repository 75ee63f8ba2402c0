"""A bound on the pixels of one request, read from the headers of its image files."""

import io
import struct

from PIL import Image

from keras_hashing.serving.errors import ApiError

MAX_PIXELS = 2**27  # 134 megapixels in all, some seconds of decoding

INPUT = "image_bytes"

_PNG = b"\x89PNG\r\n\x1a\n"


def check(arrays, limit=MAX_PIXELS):
    """Refuse image files that claim too many pixels together, before any is decoded.

    A file without a readable header is left to the model, which refuses it with its reason.

    Args:
        arrays: dict, input name -> array; only `image_bytes` is looked at.
        limit: int, pixels.

    Raises:
        ApiError: 400.
    """
    files = arrays.get(INPUT)
    pixels = 0 if files is None else sum(_pixels(file) for file in files.flat)
    if pixels > limit:
        raise ApiError(
            400,
            f"{INPUT} has {pixels} pixels in all, more than {limit}; send fewer or smaller images",
        )


def _pixels(file):
    if file.startswith(_PNG) and len(file) >= 24:
        width, height = struct.unpack(">II", file[16:24])
        return width * height
    try:
        with Image.open(io.BytesIO(file), formats=("JPEG",)) as image:
            return image.width * image.height
    except Image.DecompressionBombError:
        return MAX_PIXELS + 1
    except Exception:  # damaged files make Pillow raise errors of many types
        return 0
