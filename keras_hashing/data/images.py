"""Image files to arrays: the one way to read and to resize, for training, search and serving."""

import contextlib
import io
import os
import pathlib
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from keras_hashing.types import ArrayLike, Float32Array, Path, UInt8Array

MAX_PIXELS = 2**26  # 67 megapixels, 200 MB as RGB

EXTENSIONS = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".mpo",
        ".png",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".avif",
        ".jp2",
        ".ppm",
        ".pgm",
        ".pbm",
    )
)

# Pillow's other readers are left out: some start programs, and photos are not kept in them.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")

# EXIF orientation -> what brings the image upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(source: Any) -> UInt8Array:
    """Read an image file as RGB, upright.

    What differs from a plain RGB photo is treated so: grayscale is repeated; CMYK and palettes
    are converted by Pillow; transparent pixels are blended on white, as pages and most viewers
    show them, whatever colour lies hidden below; 16 bits a channel are reduced to their high
    byte, not clipped; the EXIF orientation is applied; of an animation the first frame is taken;
    colour profiles are ignored.

    Args:
        source: str or path-like of a file, its bytes, or a Pillow image.

    Returns:
        uint8 array `(height, width, 3)`.

    Raises:
        FileNotFoundError: no such file.
        TypeError: `source` is none of these.
        ValueError: not an image of a known format, damaged or cut short, floating-point pixels,
            or more than 2**26 pixels. Names the file.

    Example:
        >>> read_image(Image.new("L", (3, 2), 7)).shape
        (2, 3, 3)
    """
    if isinstance(source, Image.Image):
        return _to_rgb(source.copy())
    with _decoding(source) as image:
        return _to_rgb(image)


def check_image(source):
    """Raise like `read_image` if a file cannot be read, at an eighth of the size where possible.

    All of the file is decoded, so one cut short is found too; JPEG decodes several times faster.
    """
    with _decoding(source) as image:
        image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
        _to_rgb(image)


def list_images(folder: Path) -> list[pathlib.Path]:
    """Image files in a folder and its sub-folders, by file extension.

    Hidden files and folders (a leading dot) are left out; links to folders are not followed.

    Args:
        folder: str or path-like.

    Returns:
        List of `pathlib.Path`, sorted by path below `folder`.

    Raises:
        FileNotFoundError: no such folder.
        NotADirectoryError: it is a file.
        ValueError: no image in it.

    Example:
        >>> pathlib.Path("photos").mkdir()
        >>> Image.new("RGB", (4, 4)).save("photos/b.png")
        >>> Image.new("RGB", (4, 4)).save("photos/a.jpg")
        >>> [path.name for path in list_images("photos")]
        ['a.jpg', 'b.png']
    """
    folder = existing_folder(folder)
    found = find_images(folder)
    if not found:
        raise ValueError(
            f"No image found in {folder}; looked for {' '.join(sorted(EXTENSIONS))}. "
            "Check the folder's name."
        )
    return found


def find_images(folder):
    """As `list_images` of a folder that exists; an empty list where there is no image."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [pathlib.Path(place, name) for name in names if _looks_like_image(name)]
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def existing_folder(folder):
    """Return `folder` as a path, or raise FileNotFoundError or NotADirectoryError."""
    folder = pathlib.Path(folder)
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder}. Check the path.")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; a folder of images is needed.")
    return folder


def resize(image: ArrayLike, size: int) -> Float32Array:
    """Resize to a square by the function that hashing models apply first.

    Bilinear with antialiasing; the aspect ratio is not kept.

    Args:
        image: uint8 or float array `(height, width, channels)`, values in [0, 255].
        size: int, the new height and width in pixels.

    Returns:
        float32 array `(size, size, channels)`.

    Example:
        >>> resize(np.full((6, 4, 3), 9, "uint8"), 2).shape
        (2, 2, 3)
    """
    return resize_tensor(image, size).numpy()


def resize_tensor(image, size):
    """As `resize`, to a TensorFlow tensor, on any Keras backend and also inside `tf.data`."""
    import tensorflow as tf

    return tf.image.resize(tf.cast(image, "float32"), (size, size), antialias=True)


@contextlib.contextmanager
def _decoding(source):
    """Yield the opened Pillow image; whatever goes wrong becomes a ValueError with its name."""
    if isinstance(source, bytes | bytearray | memoryview):
        name, file = "The image", io.BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        name, file = str(source), _open_file(source)
    else:
        raise TypeError(
            f"`source` must be the path of an image file or its bytes; got {type(source).__name__}."
        )
    try:
        with file, _open_checked(file) as image:
            yield image
    except Exception as error:  # damaged files make Pillow raise errors of many types
        raise ValueError(f"{name} cannot be read as an image: {_reason(error)}") from error


def _open_file(path):
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no image file {path}. Check the path.")
    if not path.is_file():
        raise ValueError(f"{path} is not a file. Pass the path of one image.")
    return path.open("rb")


def _open_checked(file):
    """Open by header only; refuse too many pixels before any is decoded."""
    Image.init()
    image = Image.open(file, formats=[name for name in _FORMATS if name in Image.OPEN])
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        image.close()
        raise ValueError(
            f"it has {image.width} x {image.height} pixels, more than the {MAX_PIXELS:,} allowed. "
            "Make it smaller."
        )
    return image


def _to_rgb(image):
    alpha = None
    key = _transparent_gray(image)  # before `load`, which forgets how the file stored it
    tile = getattr(image, "tile", None)  # of a file only
    if tile and tile[0][3] == "RGB;16B" and "transparency" in image.info:
        # Pillow keeps high bytes alone, so that all colours of these high bytes are transparent.
        image.info["transparency"] = tuple(value >> 8 for value in image.info["transparency"])
    image.load()
    orientation = _UPRIGHT.get(_orientation(image))
    if orientation is not None:
        image = image.transpose(orientation)
    if image.mode == "F":
        raise ValueError("its pixels are floating point. Save it with 8 or 16 bits a channel.")
    if image.mode in ("L", "I", "I;16", "I;16L", "I;16B"):
        gray = np.asarray(image)
        if key is not None:
            alpha = np.where(gray == key, 0, 255)[..., None]
        rgb = np.repeat(_high_byte(gray)[..., None], 3, axis=-1)
    elif image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        rgb, alpha = rgba[..., :3], rgba[..., 3:]
    else:
        rgb = np.array(image.convert("RGB"))
    return rgb if alpha is None else _on_white(rgb, alpha)


def _on_white(rgb, alpha):
    """Blend in whole numbers, rounded, as `exporting.image_files` does: equal to the last bit."""
    alpha = alpha.astype(np.uint16)
    # At most 255 * 255 + 127, which uint16 holds.
    return ((rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _transparent_gray(image):
    """The gray value that a PNG declares transparent, in the values that Pillow will give."""
    key = image.info.get("transparency")
    if not isinstance(key, int) or not image.mode.startswith(("L", "I")):
        return None
    tile = getattr(image, "tile", None)
    raw = str(tile[0][3]) if tile else ""
    return key * {"L;2": 85, "L;4": 17}.get(raw, 1)  # 2 and 4 bits are stretched to 8


def _orientation(image):
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a damaged EXIF block does not make the pixels unreadable
        return 1


def _high_byte(gray):
    """16-bit gray values to 8 bits: value // 256; 8-bit ones as they are."""
    if gray.dtype == np.uint8:
        return gray
    if gray.size and (gray.min() < 0 or gray.max() > 65535):
        raise ValueError("its pixels have 32 bits. Save it with 8 or 16 bits a channel.")
    return (gray // 256).astype(np.uint8)


def _looks_like_image(name):
    return not name.startswith(".") and pathlib.PurePath(name).suffix.lower() in EXTENSIONS


def _reason(error):
    if isinstance(error, Image.UnidentifiedImageError):
        return "its content is of no known image format. Check that the file is an image."
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it has more than the {MAX_PIXELS:,} pixels allowed. Make it smaller."
    return str(error) or type(error).__name__
