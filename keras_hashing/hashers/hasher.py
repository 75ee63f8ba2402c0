"""What hashers have in common: state that `adapt` finds in features, and outputs made with it."""

import keras
import numpy as np
from keras import ops

from keras_hashing import checks
from keras_hashing.hashers.feature_batches import FeatureBatches


class Hasher(keras.layers.Layer):
    """Outputs whose state is fitted by `adapt`, without gradients through the model.

    A hasher gives `fit`. The linear ones, `(features - mean) @ projection`, need no more, and
    `start` only where their projection does not come from data; others give `start` and
    `outputs_of`.

    Args:
        bits: int in 1..4096, the code length.
        needs_data: bool, whether `adapt` must come before the first call.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: tensor `(n, channels)`. Output: float32 `(n, bits)`; bit = (output >= 0).

    Raises:
        TypeError: `bits` is not a whole number.
        ValueError: `bits` is out of range.
    """

    passes = 1  # how many times `fit` reads the features

    def __init__(self, bits, needs_data=True, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.bits = checks.bits(bits)
        self.needs_data = needs_data
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def start(self, channels):
        """The state before `adapt`, whose shapes are those of all later states.

        Args:
            channels: int.

        Returns:
            Dict of str to array: attribute of this layer to value, kept as float32.
        """
        return {"mean": np.zeros(channels), "projection": np.zeros((channels, self.bits))}

    def fit(self, channels, batches):
        """The state for features.

        Args:
            channels: int.
            batches: iterable of float64 arrays `(rows, channels)`, finite; to be looped over
                `passes` times at most.

        Returns:
            Dict with the keys and shapes of `start`.
        """
        raise NotImplementedError

    def outputs_of(self, features):
        """Outputs `(n, bits)` of float32 features `(n, channels)`, in `keras.ops`."""
        return ops.matmul(features - self.mean, self.projection)

    def adapt(self, data):
        """Fit to features; an earlier fit is forgotten.

        Args:
            data: features `(items, channels)` as array or tensor; or `tf.data.Dataset`,
                `keras.utils.PyDataset` or another iterable of batches, each such features or a
                tuple that begins with them. Read once, unless the hasher says otherwise.

        Raises:
            TypeError: `data` is no such thing, or its values are not real numbers.
            ValueError: no features, features of another rank or number of channels, with NaN or
                infinity, or too few for this hasher. The layer then stays as it was.
        """
        self._adapt(data)

    def _adapt(self, data, *more):
        """As `adapt`; `more` goes to `fit`."""
        batches = FeatureBatches(data, self.passes)
        if not self.built:
            self.build((None, batches.channels))
        if batches.channels != self.channels:
            raise ValueError(
                f"`data` must have {self.channels} channels, as this layer was built for; got "
                f"{batches.channels}. Make a new {type(self).__name__}."
            )
        for name, value in self.fit(self.channels, batches, *more).items():
            getattr(self, name).assign(value)
        self.adapted.assign(1)

    def build(self, input_shape):
        self.channels = input_shape[-1]
        if self.channels is None:
            raise ValueError(
                f"{type(self).__name__} needs to know the channels of its input; got shape "
                f"{tuple(input_shape)}. Give the input's last dimension."
            )
        for name, value in self.start(self.channels).items():
            setattr(self, name, self._state(name, value, "float32"))
        self.adapted = self._state("adapted", int(not self.needs_data), "int32")
        self.built = True

    def call(self, features):
        self._check_adapted()
        return self.outputs_of(ops.cast(features, "float32"))  # half precision flips bits

    def compute_output_spec(self, features):
        return keras.KerasTensor((*features.shape[:-1], self.bits), dtype="float32")

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.bits)

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}

    def _state(self, name, value, dtype):
        return self.add_weight(
            name=name,
            shape=np.shape(value),
            dtype=dtype,
            initializer=lambda shape, dtype: ops.convert_to_tensor(value, dtype),
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def _check_adapted(self):
        if not _value_now(self.adapted):
            raise RuntimeError(
                f"{type(self).__name__} {self.name!r} has not seen data; call adapt() first, with "
                "features of the items that you will search."
            )


def _value_now(weight):
    """The value of a weight, also while a function is traced."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.init_scope():
            return ops.convert_to_numpy(weight)
    with keras.StatelessScope():  # in which what stands for it in the trace does not hold
        return ops.convert_to_numpy(weight)
