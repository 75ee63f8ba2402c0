"""DNNH's slice layer: every bit is encoded from its own part of the features.

Lai, Pan, Liu, Yan, "Simultaneous Feature Learning and Hash Coding with Deep Neural Networks",
CVPR 2015.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks


@keras.saving.register_keras_serializable("keras_hashing", name="DivideAndEncode")
class DivideAndEncode(keras.layers.Layer):
    """One logit per bit, each from its own slice of the features, all in one batched product.

    The features are cut into `bits` contiguous slices, and slice k feeds only output k: 51
    parameters a bit for the paper's 50 features a bit. Follow it by a sigmoid and
    `PiecewiseThreshold`, as the paper does, or by tanh. It computes in float32 under any dtype
    policy.

    Args:
        bits: int in 1..4096, the code length.
        kernel_initializer: Keras initializer; a `VarianceScaling` one (Glorot, He, LeCun) sees
            the fans of a single unit, its slice's features in and 1 out.
        bias_initializer: Keras initializer.
        kernel_regularizer: Keras regularizer or None.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name`, `trainable`, `activity_regularizer` of `keras.layers.Layer`.

    Input: float tensor `(batch, channels)`, channels a multiple of `bits`. Output: float32
    `(batch, bits)`, unbounded.

    Raises:
        TypeError: `bits` is not a whole number.
        ValueError: `bits` is outside 1..4096; when called, an input that is not of rank 2, or
            whose channels `bits` does not divide.

    Example:
        >>> layer = DivideAndEncode(bits=4)
        >>> layer(ops.ones((2, 12))).shape.as_list(), layer.count_params()
        ([2, 4], 16)

    Source: the paper above, divide-and-encode module, before its sigmoid.
    """

    def __init__(
        self,
        bits: int,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.bits = checks.bits(bits)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        checks.rank("features", input_shape, 2, "Pool a feature map to (batch, channels) first.")
        channels = input_shape[-1]
        if channels % self.bits:
            raise ValueError(
                f"the number of features must be a multiple of `bits`; got {channels} features "
                f"and {self.bits} bits. Use {self.bits * max(1, round(channels / self.bits))} "
                "features, or another code length."
            )
        width = channels // self.bits
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.bits, width),
            initializer=_unit_fans(self.kernel_initializer, width),
            regularizer=self.kernel_regularizer,
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.bits,), initializer=self.bias_initializer
        )

    def call(self, features):
        slices = ops.reshape(features, (-1, *self.kernel.shape))  # (batch, bits, width)
        return ops.einsum("nkd,kd->nk", slices, self.kernel) + self.bias

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "bits": self.bits,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def _unit_fans(initializer, width):
    """The same initializer for a kernel `(bits, width)` of units with `width` inputs, 1 output.

    Keras would read `bits` inputs and `width` outputs from that shape. Scaling by fan_out, which
    is `width` there, lets one draw serve all units with the variance that each should have.
    """
    if not isinstance(initializer, keras.initializers.VarianceScaling):
        return initializer
    fan = {"fan_in": width, "fan_out": 1, "fan_avg": (width + 1) / 2}[initializer.mode]
    return keras.initializers.VarianceScaling(
        scale=initializer.scale * width / fan,
        mode="fan_out",
        distribution=initializer.distribution,
        seed=initializer.seed,
    )
