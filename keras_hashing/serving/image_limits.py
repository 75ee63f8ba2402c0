"""A bound on the pixels of one request, read from the headers of the image files in it."""

import io

import imagesize

from keras_hashing.serving.errors import ApiError

MAX_PIXELS = 2**27  # 134 megapixels in all, some seconds of decoding

_MAX_READS = 10_000  # in search of a file's size; a hostile header can have millions of parts
_BITMAP_HEADERS = {40, 52, 56, 64, 108, 124}  # bytes
_JPEG, _PNG, _GIF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")


def check(arrays, limit=MAX_PIXELS):
    """Refuse image files that claim too many pixels together, before any is decoded.

    Looks at every string of every input for JPEG, PNG, GIF, BMP and WebP, and passes over the
    rest, also files without a readable header: those the decoder refuses with its reason.

    Args:
        arrays: dict, input name -> array; strings as an object array of bytes.
        limit: int, pixels.

    Raises:
        ApiError: 413, or 400 for a header of too many parts.
    """
    for name, array in arrays.items():
        if array.dtype.kind != "O":
            continue
        pixels = sum(_pixels(file, name) for file in array.flat)
        if pixels > limit:
            raise ApiError(
                413,
                f"{name} has {pixels} pixels in all, more than {limit}; send fewer or smaller "
                "images",
            )


class _FewReads(io.BytesIO):
    """Ends a search that would take seconds."""

    def __init__(self, data):
        super().__init__(data)
        self.left = _MAX_READS

    def read(self, size=-1):
        self.left -= 1
        if self.left < 0:
            raise OSError("too many reads")
        return super().read(size)


def _pixels(file, name):
    if not _is_image(file):
        return 0
    if file.startswith(_GIF):  # `imagesize` reads these two numbers as signed
        return int.from_bytes(file[6:8], "little") * int.from_bytes(file[8:10], "little")
    reader = _FewReads(file)
    try:
        width, height = imagesize.get(reader)
    except Exception:  # what a damaged header makes of a parser cannot be listed
        width = height = 0
    if reader.left < 0:
        raise ApiError(400, f"{name} holds an image whose header has too many parts")
    return abs(width * height)


def _is_image(file):
    return (
        file.startswith((_JPEG, _PNG, *_GIF))
        or (file.startswith(b"RIFF") and file[8:12] == b"WEBP")
        or (file.startswith(b"BM") and int.from_bytes(file[14:18], "little") in _BITMAP_HEADERS)
    )
