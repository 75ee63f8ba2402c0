"""Signs of which half are +1 for every bit of a training batch.

Li and van Gemert, "Deep Unsupervised Image Hashing by Maximizing Bit Entropy", AAAI 2021.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, replicas
from keras_hashing.layers.straight_through_sign import straight_through_sign


def bihalf_signs(outputs):
    """+1 for the larger half of each bit's outputs over the batch, -1 for the rest.

    Args:
        outputs: float tensor `(batch, bits)`, finite.

    Returns:
        Tensor of the same shape and dtype, exactly -1 or +1, with the gradient of the identity.
        Of an odd batch one more is -1, so a batch of one is all -1; of equal outputs the earlier
        item gets the +1.

    Source: the paper above, the closed form of the optimal transport to a half-half code.
    """
    order = ops.argsort(ops.argsort(-outputs, axis=0), axis=0)  # 0 is the largest of its bit
    signs = ops.where(order < ops.shape(outputs)[0] // 2, 1.0, -1.0)
    # The bracket is exactly 0; adding stop_gradient(signs - outputs) would round.
    return ops.cast(signs, outputs.dtype) + (outputs - ops.stop_gradient(outputs))


@keras.saving.register_keras_serializable("keras_hashing", name="BiHalf")
class BiHalf(keras.layers.Layer):
    """Signs that halve the batch in training, and the plain sign of each output otherwise.

    An item's training code depends on its batch, under `tf.distribute` that of all replicas. The
    gradient passes to the outputs as it comes; the paper adds a pull to the codes,
    `losses.code_gap`.

    Args:
        dtype: dtype policy, float32 unless given.
        **kwargs: `name`, `trainable`, `activity_regularizer` of `keras.layers.Layer`.

    Input: float tensor `(batch, bits)`. Output: the same shape, -1 or +1.

    Raises:
        ValueError: when called, an input that is not of rank 2.

    Example:
        >>> outputs = ops.array([[0.1], [0.2], [0.3], [0.4]])
        >>> BiHalf()(outputs, training=True).numpy().ravel().tolist()
        [-1.0, -1.0, 1.0, 1.0]
        >>> BiHalf()(outputs).numpy().ravel().tolist()
        [1.0, 1.0, 1.0, 1.0]

    Source: see `bihalf_signs`; at test time the paper takes the sign too.
    """

    def __init__(self, dtype: Any = "float32", **kwargs: Any) -> None:
        super().__init__(dtype=dtype, **kwargs)

    def call(self, outputs, training=False):
        checks.rank("outputs", outputs, 2, "Pass the hash layer's output, (batch, bits).")
        if training:
            return replicas.of_batch(bihalf_signs, outputs)
        return straight_through_sign(outputs)

    def compute_output_shape(self, input_shape):
        return input_shape
