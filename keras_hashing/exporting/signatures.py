"""The signatures of an exported model: what goes in is checked before anything is computed."""

import tensorflow as tf

from keras_hashing.exporting import code_tensors, image_files

MAX_IMAGES = 256  # in one request
MAX_SIDE = 4096  # pixels, of images sent as arrays
MAX_QUERIES = 4096  # codes in one search request


class HashingModule(tf.Module):
    """Holds a model's variables, an index's, and the functions over them.

    Args:
        model: hashing model with `bits` and `image_size`.
    """

    def __init__(self, model):
        super().__init__(name="hashing")
        self.bits = model.bits
        self.width = -(-model.bits // 8)
        self.image_size = model.image_size
        self.model_variables = [variable.value for variable in model.variables]
        self.index_variables = []
        # One trace of the network, shared by all signatures, keeps the graph small.
        self.encode = tf.function(
            lambda images: _encode(model, images),
            input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32, name="images")],
        )

    def signatures(self):
        """Name -> `tf.function` of the two signatures that encode."""

        @tf.function(
            input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32, name="images")]
        )
        def serving_default(images):
            outputs, codes = self.encode(_checked_images(images))
            return {"outputs": outputs, "code": codes}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def encode_bytes(image_bytes):
            codes = self._encode_files(image_bytes)
            return {
                "code_bytes": code_tensors.to_bytes(codes),
                "code_hex": code_tensors.to_hex(codes),
            }

        return {"serving_default": serving_default, "encode_bytes": encode_bytes}

    def search_signatures(self, index, k):
        """Name -> `tf.function` of the two signatures that search.

        Args:
            index: `keras_hashing.Index` of the model's codes.
            k: int, results per query.
        """
        find, self.index_variables = code_tensors.searcher(index.codes, index.ids, k)

        @tf.function(input_signature=[tf.TensorSpec([None, self.width], tf.uint8, name="codes")])
        def search(codes):
            return find(_checked_codes(codes, self.bits))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def search_bytes(image_bytes):
            return find(self._encode_files(image_bytes))

        return {"search": search, "search_bytes": search_bytes}

    def _encode_files(self, image_bytes):
        images = image_files.decode(_checked_files(image_bytes), self.image_size)
        return tf.ensure_shape(self.encode(images)[1], [None, self.width])


def _encode(model, images):
    outputs = tf.cast(model(images, training=False), tf.float32)
    outputs = tf.ensure_shape(outputs, [None, model.bits])
    finite = tf.reduce_all(tf.math.is_finite(outputs))
    with _after(finite, "the model's outputs are not finite"):
        return tf.identity(outputs), code_tensors.pack(outputs, model.bits)


# `ensure_shape` comes first everywhere: a signature's own shape is not enforced by a server, and
# an image of the wrong rank would end the process inside the convolution.


def _checked_images(images):
    images = tf.ensure_shape(images, [None, None, None, 3])
    shape = tf.shape(images)
    fits = tf.reduce_all(shape >= 1) & tf.reduce_all(shape <= [MAX_IMAGES, MAX_SIDE, MAX_SIDE, 3])
    message = (
        f"images must have shape (n, height, width, 3) with n from 1 to {MAX_IMAGES}, height and "
        f"width from 1 to {MAX_SIDE}"
    )
    with _after(fits, message):
        images = tf.identity(images)
    # Written so that NaN fails as well.
    in_range = tf.reduce_all((images >= 0.0) & (images <= 255.0))
    with _after(in_range, "images must hold pixel values from 0 to 255"):
        return tf.identity(images)


def _checked_files(image_bytes):
    image_bytes = tf.ensure_shape(image_bytes, [None])
    return _checked_rows(image_bytes, MAX_IMAGES, "image_bytes")


def _checked_codes(codes, bits):
    codes = tf.ensure_shape(codes, [None, -(-bits // 8)])
    codes = _checked_rows(codes, MAX_QUERIES, "codes")
    spare = bits % 8
    if not spare:
        return codes
    clear = tf.reduce_all(tf.cast(codes[:, -1], tf.int32) < 2**spare)
    with _after(clear, f"codes must have no bit set beyond bit {bits}"):
        return tf.identity(codes)


def _checked_rows(tensor, most, name):
    rows = tf.shape(tensor)[0]
    with _after((rows >= 1) & (rows <= most), f"{name} must have 1 to {most} rows"):
        return tf.identity(tensor)


def _after(condition, message):
    return tf.control_dependencies([tf.debugging.Assert(condition, [message])])
