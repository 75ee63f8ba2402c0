"""The last layer of a hashing model: features to one output per bit."""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks

ACTIVATIONS = ("tanh", "sigmoid", "linear")

# Of the dense layer's configuration, what stands in this one's only where it is something else.
_USUAL = {
    "use_bias": True,
    "bias_regularizer": None,
    "kernel_constraint": None,
    "bias_constraint": None,
    "quantization_config": None,
}


@keras.saving.register_keras_serializable("keras_hashing", name="HashHead")
class HashHead(keras.layers.Dense):
    """Dense layer from features to `bits` outputs whose sign is the code.

    It computes in float32 under any dtype policy: half precision near 0 flips bits. It is a
    `keras.layers.Dense`, so `quantize` and `enable_lora` work as there.

    Args:
        bits: int in 1..4096, the code length.
        activation: `"tanh"`; `"sigmoid"`, the sigmoid h returned as 2h - 1, so that the bit is
            the sign here too; or `"linear"`, no squashing.
        kernel_initializer: Keras initializer. The papers' AlexNet heads use a normal one of
            standard deviation 0.01.
        bias_initializer: Keras initializer.
        kernel_regularizer: Keras regularizer or None.
        dtype: dtype policy, float32 unless given.
        **kwargs: of `keras.layers.Dense`: `name`, `trainable`, `activity_regularizer`, ...

    Input: float tensor `(batch, channels)`, cast to float32. Output: float32 `(batch, bits)`, in
    [-1, 1] for tanh and sigmoid.

    Raises:
        TypeError: `bits` is not a whole number.
        ValueError: `bits` is outside 1..4096, or `activation` is unknown; when called, an input
            that is not of rank 2.

    Example:
        >>> HashHead(48)(keras.ops.zeros((2, 64))).shape
        TensorShape([2, 48])
    """

    def __init__(
        self,
        bits: int,
        activation: Any = "tanh",
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        name = checks.one_of("activation", activation, ACTIVATIONS)
        super().__init__(
            checks.bits(bits),
            activation=_centred_sigmoid if name == "sigmoid" else name,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            dtype=dtype,
            **kwargs,
        )
        self.bits = self.units
        self._activation_name = name
        self.input_spec = None  # `build` says what is wrong

    def build(self, input_shape):
        checks.rank("features", input_shape, 2, "Pool a feature map to (batch, channels) first.")
        super().build(input_shape)

    def quantize(self, mode=None, type_check=True, config=None):
        """As `keras.layers.Dense.quantize`, which refuses subclasses that do not ask for it."""
        super().quantize(mode, type_check=False, config=config)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "activation": self._activation_name}
        config["bits"] = config.pop("units")
        for key, usual in _USUAL.items():
            if config[key] == usual:
                del config[key]
        return config


def _centred_sigmoid(logits):
    return ops.tanh(0.5 * logits)  # 2h - 1
