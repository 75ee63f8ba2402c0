"""Signs forward, the identity backward.

Su, Zhang, Han, Tian, "Greedy Hash: Towards Fast Optimization for Accurate Hash Coding in CNN",
NeurIPS 2018, trains its codes so; the estimator is older.
"""

from typing import Any

import keras
from keras import ops


def straight_through_sign(outputs):
    """+1 where outputs >= 0, else -1, with the gradient of the identity.

    Args:
        outputs: float tensor of any shape, finite.

    Returns:
        Float tensor of the same shape, exactly -1 or +1; an output of 0 becomes +1.

    Source: the paper above, whose sign of 0 is 0; ours is +1 as in `keras_hashing.codes`.
    """
    signs = ops.cast(ops.where(outputs >= 0, 1.0, -1.0), outputs.dtype)
    # The bracket is exactly 0; adding stop_gradient(signs - outputs) would round.
    return signs + (outputs - ops.stop_gradient(outputs))


@keras.saving.register_keras_serializable("keras_hashing", name="StraightThroughSign")
class StraightThroughSign(keras.layers.Layer):
    """Signs of the outputs, whose gradient passes to the outputs as it comes.

    Args:
        dtype: dtype policy, float32 unless given.
        **kwargs: `name`, `trainable`, `activity_regularizer` of `keras.layers.Layer`.

    Input: float tensor of any shape. Output: the same shape, -1 or +1.

    Example:
        >>> StraightThroughSign()(ops.array([-0.5, 0.0, 2.0])).numpy().tolist()
        [-1.0, 1.0, 1.0]

    Source: see `straight_through_sign`.
    """

    def __init__(self, dtype: Any = "float32", **kwargs: Any) -> None:
        super().__init__(dtype=dtype, **kwargs)

    def call(self, outputs):
        return straight_through_sign(outputs)

    def compute_output_shape(self, input_shape):
        return input_shape
