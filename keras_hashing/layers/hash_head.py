"""The last layer of a hashing model: features to one output per bit."""

import keras
from keras import ops

from keras_hashing import checks

ACTIVATIONS = ("tanh", "sigmoid", "linear")


@keras.saving.register_keras_serializable("keras_hashing", name="HashHead")
class HashHead(keras.layers.Layer):
    """Dense layer from features to `bits` outputs whose sign is the code.

    It computes in float32 under any dtype policy: half precision near 0 flips bits.

    Args:
        bits: int in 1..4096, the code length.
        activation: `"tanh"`; `"sigmoid"`, the sigmoid h returned as 2h - 1, so that the bit is
            the sign here too; or `"linear"`, no squashing.
        kernel_initializer: Keras initializer. The papers' AlexNet heads use a normal one of
            standard deviation 0.01.
        bias_initializer: Keras initializer.
        kernel_regularizer: Keras regularizer or None.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name`, `trainable`, `activity_regularizer` of `keras.layers.Layer`.

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
        bits,
        activation="tanh",
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        dtype="float32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.bits = checks.bits(bits)
        self.activation = checks.one_of("activation", activation, ACTIVATIONS)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        checks.rank("features", input_shape, 2, "Pool a feature map to (batch, channels) first.")
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.bits),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.bits,), initializer=self.bias_initializer
        )

    def call(self, features):
        logits = ops.matmul(features, self.kernel) + self.bias
        if self.activation == "linear":
            return logits
        return ops.tanh(0.5 * logits if self.activation == "sigmoid" else logits)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.bits)

    def get_config(self):
        return {
            **super().get_config(),
            "bits": self.bits,
            "activation": self.activation,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
