"""Image files to pixels inside a TensorFlow graph, guarded against hostile bytes."""

import tensorflow as tf

from keras_hashing.data.images import resize_tensor

MAX_FILE_BYTES = 2**25  # 32 MiB
MAX_PIXELS = 2**25  # 33 megapixels, 400 MB as float32

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_SMALLEST = 33  # bytes of a PNG up to the end of its header chunk; no JPEG is smaller


def decode(image_bytes, image_size):
    """Decode and resize JPEG and PNG files.

    Other formats are refused by their first bytes, and images of too many pixels by their
    header, before anything is decoded: TensorFlow's own decoders turn a few kilobytes into
    gigabytes. Pixels are as `keras_hashing.data.images.read_image` gives them, transparent ones
    blended on white, but for the EXIF orientation, which no TensorFlow op reads.

    Args:
        image_bytes: string tensor `(n,)`, whole files.
        image_size: int, side in pixels.

    Returns:
        float32 tensor `(n, image_size, image_size, 3)`, values in [0, 255].
    """
    return tf.map_fn(
        lambda file: _decode_one(file, image_size),
        image_bytes,
        parallel_iterations=4,  # up to four of the largest images in memory at a time
        fn_output_signature=tf.TensorSpec([image_size, image_size, 3], tf.float32),
    )


def _decode_one(file, image_size):
    length = tf.strings.length(file)
    # Messages never hold the bytes: text that is not UTF-8 hides the error behind another one.
    with _after(length >= _SMALLEST, "image_bytes is too short to be an image file"):
        length = tf.identity(length)
    with _after(length <= MAX_FILE_BYTES, f"image_bytes is over {MAX_FILE_BYTES} bytes"):
        file = tf.identity(file)
    is_jpeg = tf.equal(tf.strings.substr(file, 0, len(_JPEG)), _JPEG)
    is_png = tf.equal(tf.strings.substr(file, 0, len(_PNG)), _PNG)
    with _after(is_jpeg | is_png, "image_bytes must hold a JPEG or PNG file"):
        file = tf.identity(file)
    size = tf.cond(is_jpeg, lambda: _jpeg_size(file), lambda: _png_size(file))
    fits = tf.reduce_all(size >= 1) & (tf.reduce_prod(size) <= MAX_PIXELS)
    with _after(fits, f"the image has no pixels or more than {MAX_PIXELS}; make it smaller"):
        file = tf.identity(file)
    image = tf.cond(
        is_jpeg,
        # The accurate transform is the one that Pillow uses.
        lambda: tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: _on_white(_decode_png(file)),
    )
    image = tf.ensure_shape(image, [None, None, 3])
    return tf.ensure_shape(resize_tensor(image, image_size), [image_size, image_size, 3])


def _decode_png(file):
    """RGBA. Where a file of 1, 2 or 4 bits has no alpha, TensorFlow sets 1, 3 or 15, not 255."""
    rgba = tf.io.decode_png(file, channels=4)
    depth = tf.cast(tf.io.decode_raw(tf.strings.substr(file, 24, 1), tf.uint8)[0], tf.int32)
    made_up = tf.cast(tf.bitwise.left_shift(1, tf.minimum(depth, 8)) - 1, tf.uint8)
    opaque = (depth < 8) & tf.reduce_all(tf.equal(rgba[..., 3], made_up))
    return tf.cond(
        opaque,
        lambda: tf.bitwise.bitwise_or(rgba, tf.constant([0, 0, 0, 255], tf.uint8)),
        lambda: rgba,
    )


def _on_white(rgba):
    """Blend by alpha, in whole numbers as `keras_hashing.data.images` does; uint16 is enough."""
    rgb, alpha = tf.split(tf.cast(rgba, tf.uint16), [3, 1], axis=-1)
    return tf.cast((rgb * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)


def _jpeg_size(file):
    return tf.cast(tf.io.extract_jpeg_shape(file)[:2], tf.int64)


def _png_size(file):
    """Width and height, two big-endian words behind the signature and the header's name."""
    with _after(tf.equal(tf.strings.substr(file, 12, 4), b"IHDR"), "the PNG file has no header"):
        sides = tf.strings.substr(file, 16, 8)
    return tf.cast(tf.io.decode_raw(sides, tf.int32, little_endian=False), tf.int64)


def _after(condition, message):
    return tf.control_dependencies([tf.debugging.Assert(condition, [message])])
