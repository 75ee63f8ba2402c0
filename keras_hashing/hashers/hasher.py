"""What hashers have in common: features minus a mean, times a projection found by `adapt`."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_hashing import checks
from keras_hashing.hashers import feature_batches


class Hasher(keras.layers.Layer):
    """Linear outputs `(features - mean) @ projection`, both fitted by `adapt` without gradients.

    A family gives `fit`, and `start` if its projection does not come from data.

    Args:
        bits: int in 1..4096, the code length.
        seed: int, 0 or more, of all random draws.
        needs_data: bool, whether `adapt` must come before the first call.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: tensor `(n, channels)`. Output: float32 `(n, bits)`; bit = (output >= 0).

    Raises:
        TypeError: `bits` or `seed` is not a whole number.
        ValueError: `bits` or `seed` is out of range.
    """

    def __init__(self, bits, seed=0, needs_data=True, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.bits = checks.bits(bits)
        self.seed = checks.whole("seed", seed, 0, None)
        self.needs_data = needs_data
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def fit(self, channels, batches):
        """Mean and projection of features.

        Args:
            channels: int.
            batches: iterator of float64 arrays `(rows, channels)`, finite.

        Returns:
            Arrays `(channels,)` and `(channels, bits)`.
        """
        raise NotImplementedError

    def start(self, channels):
        """The projection before `adapt`, an array `(channels, bits)`."""
        return np.zeros((channels, self.bits))

    def adapt(self, data):
        """Fit to features; an earlier fit is forgotten.

        Args:
            data: features `(items, channels)` as array or tensor; or `tf.data.Dataset`,
                `keras.utils.PyDataset` or another iterable of batches, each such features or a
                tuple that begins with them. Read once.

        Raises:
            TypeError: `data` is no such thing, or its values are not real numbers.
            ValueError: no features, features of another rank or number of channels, with NaN or
                infinity, or too few for this hasher. The layer then stays as it was.
        """
        channels, batches = feature_batches.of(data)
        if not self.built:
            self.build((None, channels))
        if channels != self.mean.shape[0]:
            raise ValueError(
                f"`data` must have {self.mean.shape[0]} channels, as this layer was built for; "
                f"got {channels}. Make a new {type(self).__name__}."
            )
        mean, projection = self.fit(channels, batches)
        self.mean.assign(mean)
        self.projection.assign(projection)
        self.adapted.assign(1)

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(
                f"{type(self).__name__} needs to know the channels of its input; got shape "
                f"{tuple(input_shape)}. Give the input's last dimension."
            )
        start = self.start(channels)
        self.mean = self._state("mean", (channels,), np.zeros(channels), "float32")
        self.projection = self._state("projection", (channels, self.bits), start, "float32")
        self.adapted = self._state("adapted", (), int(not self.needs_data), "int32")
        self.built = True

    def call(self, features):
        self._check_adapted()
        features = ops.cast(features, "float32")  # integers and half precision flip bits
        return ops.matmul(features - self.mean, self.projection)

    def compute_output_spec(self, features):
        return keras.KerasTensor((*features.shape[:-1], self.bits), dtype="float32")

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.bits)

    def get_config(self):
        return {**super().get_config(), "bits": self.bits, "seed": self.seed}

    def _state(self, name, shape, value, dtype):
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer=lambda shape, dtype: ops.convert_to_tensor(value, dtype),
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def _check_adapted(self):
        with tf.init_scope():  # a value also while a function is traced
            adapted = bool(ops.convert_to_numpy(self.adapted))
        if not adapted:
            raise RuntimeError(
                f"{type(self).__name__} {self.name!r} has not seen data; call adapt() first, with "
                "features of the items that you will search."
            )
