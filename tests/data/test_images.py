import io
import struct
import zlib

import keras
import numpy as np
import pytest
from PIL import Image

from keras_hashing import data
from keras_hashing.data import images


def pixels(height=6, width=9, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def encoded(image, form="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png_header(width, height):
    """A PNG that claims a size and holds no pixels."""

    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_reads_a_file_and_its_bytes(tmp_path):
    image = pixels()
    path = tmp_path / "a.png"
    path.write_bytes(encoded(image))
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes())):
        read = data.read_image(source)
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, image)
    read[0, 0] = 0  # writable


def test_gray_is_repeated():
    gray = pixels(channels=1)[..., 0]
    np.testing.assert_array_equal(data.read_image(encoded(gray)), np.stack([gray] * 3, axis=-1))


@pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM"])
def test_16_bits_keep_their_high_byte(form):
    gray = np.array([[0, 255, 256, 511], [512, 4096, 65279, 65535]], np.uint16)
    # 255 // 256 = 0, 511 // 256 = 1, 65279 // 256 = 254; clipping would give 255 from 255 on.
    expected = [[0, 0, 1, 1], [2, 16, 254, 255]]
    read = data.read_image(encoded(gray, form))
    assert read.shape == (2, 4, 3)
    for channel in range(3):
        assert read[..., channel].tolist() == expected


def test_16_bit_colour_png_keeps_its_high_byte():
    # One row of one RGB pixel, written by hand: Pillow cannot save this kind.
    body = zlib.compress(b"\x00" + struct.pack(">HHH", 0x12FF, 0x00FE, 0xFF01))
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n"
    for kind, part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b"")):
        crc = struct.pack(">I", zlib.crc32(kind + part))
        file += struct.pack(">I", len(part)) + kind + part + crc
    assert data.read_image(file).tolist() == [[[0x12, 0x00, 0xFF]]]


def test_32_bit_values_and_floats_are_refused():
    with pytest.raises(ValueError, match=r"pixels have 32 bits. Save it with 8 or 16"):
        data.read_image(encoded(np.array([[70000]], np.int32), "TIFF"))
    with pytest.raises(ValueError, match=r"floating point. Save it with 8 or 16"):
        data.read_image(encoded(np.array([[0.5]], np.float32), "TIFF"))


def test_cmyk_is_converted():
    flat = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # no cyan, full magenta and yellow: red
    red, green, blue = data.read_image(encoded(flat, "JPEG"))[8, 8]
    assert red > 245
    assert max(green, blue) < 10


def png(bits, colour, body, transparent=b"", width=2):
    """A PNG of one row written by hand, of the kinds that Pillow cannot save."""
    file = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, 1, bits, colour, 0, 0, 0)
    parts = {b"IHDR": header, b"tRNS": transparent, b"IDAT": zlib.compress(b"\0" + body)}
    for kind, part in {**parts, b"IEND": b""}.items():
        if part or kind == b"IEND":
            check = struct.pack(">I", zlib.crc32(kind + part))
            file += struct.pack(">I", len(part)) + kind + part + check
    return file


def palette(*colours):
    image = Image.new("P", (len(colours) // 3, 1))
    image.putpalette(colours)
    image.putdata(range(len(colours) // 3))
    return image


# By hand: colour * alpha / 255 + 255 * (1 - alpha / 255), rounded.
# 100 at 51, a fifth: 20 + 204 = 224. 10, 20, 30 at 128: 132.0, 137.0, 142.0.
TRANSPARENT = {
    "RGBA": (encoded(np.array([[[9, 8, 7, 0], [100, 0, 255, 51]]], np.uint8)), [224, 204, 255]),
    "gray and alpha": (
        encoded(
            Image.merge(
                "LA",
                [
                    Image.new("L", (2, 1), 100),
                    palette(0, 0, 0, 9, 9, 9).point([0, 51] + [0] * 254, "L"),
                ],
            )
        ),
        [224, 224, 224],
    ),
    "palette": (encoded(palette(1, 2, 3, 10, 20, 30), transparency=b"\0\x80"), [132, 137, 142]),
    "GIF": (encoded(palette(1, 2, 3, 10, 20, 30), "GIF", transparency=0), [10, 20, 30]),
    "WebP": (
        encoded(np.array([[[9, 8, 7, 0], [100, 0, 255, 51]]], np.uint8), "WEBP", lossless=True),
        [224, 204, 255],
    ),
    "TIFF": (
        encoded(np.array([[[9, 8, 7, 0], [100, 0, 255, 51]]], np.uint8), "TIFF"),
        [224, 204, 255],
    ),
    "a gray value": (png(8, 0, b"\x05\x06", struct.pack(">H", 5)), [6, 6, 6]),
    "a gray value of 4 bits": (png(4, 0, b"\x12", struct.pack(">H", 1)), [34, 34, 34]),
    "a gray value of 2 bits": (png(2, 0, b"\x60", struct.pack(">H", 1)), [170, 170, 170]),
    "a gray value of 16 bits": (
        png(16, 0, struct.pack(">2H", 300, 301), struct.pack(">H", 300)),
        [1, 1, 1],
    ),
    "a colour": (png(8, 2, bytes([1, 2, 3, 1, 2, 4]), struct.pack(">3H", 1, 2, 3)), [1, 2, 4]),
    "a colour of 16 bits": (
        png(
            16, 2, struct.pack(">6H", 300, 300, 300, 300, 300, 700), struct.pack(">3H", *[300] * 3)
        ),
        [1, 1, 2],
    ),
    "RGBA of 16 bits": (
        png(16, 6, struct.pack(">8H", 9, 9, 9, 9, 100 << 8, 0, 255 << 8, 51 << 8)),
        [224, 204, 255],
    ),
}


@pytest.mark.parametrize("kind", TRANSPARENT)
def test_transparent_pixels_are_blended_on_white(kind):
    file, second = TRANSPARENT[kind]
    images.check_image(file)
    assert data.read_image(file).tolist() == [[[255, 255, 255], second]]


def test_hidden_colours_do_not_tell_images_apart():
    # Line art: the strokes are in alpha, and every pixel is black below.
    drawings = [np.zeros((6, 6, 4), np.uint8) for _ in range(2)]
    drawings[0][2, :, 3] = drawings[1][:, 2, 3] = 255
    read = [data.read_image(encoded(drawing)) for drawing in drawings]
    assert (read[0] != read[1]).any()
    other_below = drawings[0].copy()
    other_below[..., :3][other_below[..., 3] == 0] = 77
    np.testing.assert_array_equal(data.read_image(encoded(other_below)), read[0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = pixels()
    stored = {  # how a camera stores the upright image, by the EXIF standard
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(np.ascontiguousarray(stored), exif=exif.tobytes())
    np.testing.assert_array_equal(data.read_image(file), upright)


def test_damaged_exif_does_not_make_pixels_unreadable():
    image = pixels()
    file = encoded(image, exif=b"Exif\x00\x00garbage garbage")
    np.testing.assert_array_equal(data.read_image(file), image)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_animation_gives_its_first_frame(form):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    options = {"lossless": True} if form == "WEBP" else {}
    file = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert (data.read_image(file) == [255, 0, 0]).all()


def test_text_named_jpg(tmp_path):
    path = tmp_path / "note.jpg"
    path.write_text("not an image")
    with pytest.raises(ValueError, match=r"note\.jpg cannot be read as an image: .*no known"):
        data.read_image(path)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_file_cut_short_is_refused(form, share):
    file = encoded(pixels(40, 40), form)
    for read in (data.read_image, images.check_image):
        with pytest.raises(ValueError, match=r"The image cannot be read as an image: "):
            read(file[: int(share * len(file))])


def test_a_jpeg_one_byte_short_is_refused():
    file = encoded(pixels(40, 40), "JPEG")
    for read in (data.read_image, images.check_image):
        with pytest.raises(ValueError, match=r"truncated"):
            read(file[:-1])


@pytest.mark.parametrize("size", [(8193, 8192), (30000, 30000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bombs_are_refused_by_the_header(size, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # our limit must not hang on Pillow's
    for read in (data.read_image, images.check_image):
        with pytest.raises(ValueError, match=r"more than the 67,108,864 allowed. Make it smaller"):
            read(png_header(*size))


def test_pillows_own_limit_gives_the_same_error():
    with pytest.raises(ValueError, match=r"more than the 67,108,864 pixels allowed"):
        data.read_image(png_header(30000, 30000))


def test_largest_size_allowed_passes_the_limit():
    with pytest.raises(ValueError) as caught:  # the limit is passed, the missing pixels are not
        images.check_image(png_header(8192, 8192))
    assert "allowed" not in str(caught.value)


def test_formats_that_run_programs_are_not_opened():
    postscript = encoded(pixels(), "EPS")
    with pytest.raises(ValueError, match=r"no known image format"):
        data.read_image(postscript)


def test_what_is_not_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no image file .*a\.png"):
        data.read_image(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"is not a file. Pass the path of one image"):
        data.read_image(tmp_path)
    with pytest.raises(TypeError, match=r"path of an image file or its bytes; got ndarray"):
        data.read_image(pixels())


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (64, 48)])
def test_check_image_accepts_small_images(size):
    for form in ("JPEG", "PNG"):
        images.check_image(encoded(pixels(*size), form))


def test_list_images_is_sorted_and_by_extension(tmp_path, save_photo):
    names = ["b/2.jpg", "a.png", "b/10.JPEG", "b/c/1.webp", ".hidden/x.png", "b/.x.png"]
    for name in names:
        save_photo(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    found = [path.relative_to(tmp_path).as_posix() for path in data.list_images(tmp_path)]
    assert found == ["a.png", "b/10.JPEG", "b/2.jpg", "b/c/1.webp"]
    assert data.list_images(str(tmp_path)) == data.list_images(tmp_path)


def test_list_images_of_what_is_no_folder_of_images(tmp_path):
    with pytest.raises(ValueError, match=r"No image found in .* looked for .*\.jpg"):
        data.list_images(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        data.list_images(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"is a file; a folder"):
        data.list_images(tmp_path / "file")


def triangle_resize(image, size):
    """Slow truth of antialiased bilinear: triangle weights, widened where it shrinks."""

    def weights(old, new):
        scale = old / new
        reach = max(scale, 1.0)
        rows = np.zeros((new, old))
        for i in range(new):
            centre = (i + 0.5) * scale
            for j in range(old):
                rows[i, j] = max(0.0, 1.0 - abs(j + 0.5 - centre) / reach)
            rows[i] /= rows[i].sum()
        return rows

    down = weights(image.shape[0], size)
    across = weights(image.shape[1], size)
    return np.einsum("ih,jw,hwc->ijc", down, across, image.astype(float))


@pytest.mark.parametrize("size", [4, 6, 13])
def test_resize(size):
    image = pixels(11, 9)
    resized = data.resize(image, size)
    assert resized.dtype == np.float32
    assert resized.shape == (size, size, 3)
    np.testing.assert_allclose(resized, triangle_resize(image, size), atol=0.01)


def test_resize_is_the_layers_function_and_leaves_the_right_size_alone():
    image = pixels(8, 8)
    np.testing.assert_array_equal(data.resize(image, 8), image.astype(np.float32))
    layer = keras.layers.Resizing(5, 5, interpolation="bilinear", antialias=True)
    expected = keras.ops.convert_to_numpy(layer(image[None].astype(np.float32)))[0]
    np.testing.assert_allclose(data.resize(image, 5), expected, atol=1e-4)
