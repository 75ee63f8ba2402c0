"""DNNH's piecewise threshold, which pushes sigmoids out of a band around 1/2.

Lai, Pan, Liu, Yan, "Simultaneous Feature Learning and Hash Coding with Deep Neural Networks",
CVPR 2015.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks


def piecewise_threshold(sigmoids, eps):
    """0 below 1/2 - eps, 1 above 1/2 + eps, and the value itself between, both ends included.

    Args:
        sigmoids: float tensor of any shape, in [0, 1].
        eps: float, or scalar tensor, in [0, 0.5]: half the width of the band.

    Returns:
        Float tensor of the same shape, in [0, 1]. Its gradient is 1 inside the band, 0 outside.

    Source: the paper above, piecewise threshold function.
    """
    low = ops.where(sigmoids < 0.5 - eps, 0.0, sigmoids)
    return ops.where(sigmoids > 0.5 + eps, 1.0, low)


@keras.saving.register_keras_serializable("keras_hashing", name="PiecewiseThreshold")
class PiecewiseThreshold(keras.layers.Layer):
    """Threshold of a sigmoid with a band around 1/2 where it passes values and gradients.

    Outputs outside the band have no gradient, so a narrow band from the start stops learning.
    The default 0.5 is "off", the identity on [0, 1]. `eps` is a weight, saved with the model: a
    training loop narrows the band, to 0.05 for example, by `layer.eps.assign(0.05)`.

    Args:
        eps: float in [0, 0.5], half the width of the band at first.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name`, `trainable`, `activity_regularizer` of `keras.layers.Layer`.

    Input: float tensor of any shape, in [0, 1]. Output: the same shape, in [0, 1]; the bit is
    output >= 1/2, so 2 * output - 1 is the outputs that the rest of the package takes.

    Raises:
        ValueError: `eps` is outside [0, 0.5].

    Example:
        >>> PiecewiseThreshold(eps=0.25)(ops.array([0.125, 0.5, 0.875])).numpy().tolist()
        [0.0, 0.5, 1.0]

    Source: the paper above, which calls eps a small positive constant; default ours.
    """

    def __init__(self, eps: float = 0.5, dtype: Any = "float32", **kwargs: Any) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.initial_eps = checks.between("eps", eps, 0.0, 0.5, "0.5 is off, 0.05 a narrow band.")

    def build(self, input_shape):
        self.eps = self.add_weight(
            name="eps",
            shape=(),
            initializer=keras.initializers.Constant(self.initial_eps),
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, sigmoids):
        return piecewise_threshold(sigmoids, ops.cast(self.eps, sigmoids.dtype))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "eps": self.initial_eps}
