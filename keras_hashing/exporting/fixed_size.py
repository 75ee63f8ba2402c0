"""The encoder alone, for runtimes that take one graph of one image size, and its equality check.

Decoding and resizing stay outside: neither ONNX nor LiteRT has TensorFlow's antialiased resize,
and another resize changes codes. `keras_hashing.data.images.resize` is the one to use.
"""

import numpy as np
import tensorflow as tf

from keras_hashing import codes as packed
from keras_hashing.exporting import code_tensors

_IMAGES = 16
_TOLERANCE = 1e-4  # of the largest output, or of 1


class FixedSizeEncoder(tf.Module):
    """`images`, float32 `(n, size, size, 3)`, to `outputs` and `code`, as one `tf.function`.

    Args:
        model: hashing model with `bits` and `image_size`.
    """

    def __init__(self, model):
        super().__init__(name="encoder")
        # A converter that is not given the variables takes zeros for them.
        self.model_variables = [variable.value for variable in model.variables]
        size = model.image_size
        signature = [tf.TensorSpec([None, size, size, 3], tf.float32, name="images")]

        @tf.function(input_signature=signature)
        def encode(images):
            outputs = tf.cast(model(images, training=False), tf.float32)
            outputs = tf.ensure_shape(outputs, [None, model.bits])
            return {"outputs": outputs, "code": code_tensors.pack(outputs, model.bits)}

        self.encode = encode


def check_equal(model, run, kind):
    """Compare a converted encoder with the model, on random images.

    Outputs may differ by rounding, and the code must be theirs: so it is the model's in every
    bit whose output is further from 0 than rounding reaches.

    Args:
        model: hashing model.
        run: function from images, float32 `(n, size, size, 3)`, to a dict of `outputs` and
            `code`.
        kind: str, the format's name.

    Raises:
        ValueError: they differ.
    """
    images = _random_images(model.image_size)
    expected = np.asarray(model(images, training=False), np.float32)
    found = run(images)
    outputs, code = found["outputs"], found["code"]
    tolerance = _TOLERANCE * max(1.0, float(np.abs(expected).max()))
    same = (
        outputs.shape == expected.shape
        and np.allclose(outputs, expected, rtol=0.0, atol=tolerance)
        and code.dtype == np.uint8
        and np.array_equal(code, packed.pack(outputs))
    )
    if not same:
        raise ValueError(
            f"the model as {kind} gives other codes than in Keras, so no file was written. "
            "Export a SavedModel instead, which runs the same operations."
        )


def _random_images(size):
    """Noise, and smooth pictures, float32 in [0, 255]."""
    generator = np.random.default_rng(0)
    noise = generator.uniform(0, 255, (_IMAGES // 2, size, size, 3))
    coarse = generator.uniform(0, 255, (_IMAGES // 2, 4, 4, 3))
    smooth = tf.image.resize(coarse, (size, size), method="bilinear").numpy()
    return np.concatenate([noise, smooth]).astype(np.float32)
