"""HashNet's continuation: tanh(beta z), beta growing with the batches seen in training.

Cao, Long, Wang, Yu, "HashNet: Deep Learning to Hash by Continuation", ICCV 2017.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks


@keras.saving.register_keras_serializable("keras_hashing", name="PowerSchedule")
class PowerSchedule:
    """Scale by step: initial_scale * (1 + growth * n)^power, n the step rounded down to `every`.

    The defaults are those of the authors' code: 1 for the first 200 steps, then 1.414 and 1.732,
    and 7.141 from step 10,000, the end of their training. A change every 20 epochs of `steps`
    batches each is `PowerSchedule(growth=1 / (20 * steps), every=20 * steps)`; `power=0` is no
    continuation.

    Args:
        initial_scale: float > 0.
        growth: float >= 0, per step.
        power: float >= 0.
        every: int >= 1, steps between two changes.

    Raises:
        TypeError: `every` is not a whole number.
        ValueError: an argument outside its range.

    Example:
        >>> round(float(PowerSchedule()(450)), 4)
        1.7321

    Source: `scale_tanh_layer.cpp` of the authors' repository thuml/HashNet.
    """

    def __init__(
        self,
        initial_scale: float = 1.0,
        growth: float = 0.005,
        power: float = 0.5,
        every: int = 200,
    ) -> None:
        self.initial_scale = checks.between("initial_scale", initial_scale, 1e-6, None)
        self.growth = checks.between("growth", growth, 0.0, None)
        self.power = checks.between("power", power, 0.0, None)
        self.every = checks.whole("every", every, 1, None, "Pass a number of batches.")

    def __call__(self, step):
        """Scale at `step`.

        Args:
            step: int, or int32 scalar tensor, at least 0.

        Returns:
            float32 scalar tensor.
        """
        step = ops.cast(step, "int32")
        step = ops.cast(ops.floor_divide(step, self.every) * self.every, "float32")
        return self.initial_scale * ops.power(1.0 + self.growth * step, self.power)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_scale": self.initial_scale,
            "growth": self.growth,
            "power": self.power,
            "every": self.every,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("keras_hashing", name="ScaledTanh")
class ScaledTanh(keras.layers.Layer):
    """tanh(beta z) whose beta follows a schedule of the batches that the layer saw in training.

    The count is an int32 weight `step`, saved with the model; only calls with `training=True`
    advance it, a frozen layer's too. It counts batches, not optimizer updates: under gradient
    accumulation every micro-batch, and twice where a model calls the layer twice. Since beta is
    positive it never changes a code.

    Args:
        schedule: serializable callable, step to scale; None is `PowerSchedule()`, the authors'.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name`, `trainable`, `activity_regularizer` of `keras.layers.Layer`.

    Input: float tensor of any shape, pre-activations. Output: the same shape, in [-1, 1].

    Raises:
        TypeError: `schedule` is not callable.

    Example:
        >>> round(float(ScaledTanh()(keras.ops.array([[0.3]]))[0, 0]), 6)
        0.291313

    Source: the paper above, section on learning by continuation.
    """

    def __init__(self, schedule: Any = None, dtype: Any = "float32", **kwargs: Any) -> None:
        super().__init__(dtype=dtype, **kwargs)
        schedule = PowerSchedule() if schedule is None else schedule
        if not callable(schedule):
            raise TypeError(
                f"`schedule` must be a callable from step to scale; got {schedule!r}. "
                "Pass a `PowerSchedule`, or None for the authors' one."
            )
        self.schedule = schedule

    def build(self, input_shape):
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, logits, training=False):
        beta = ops.cast(self.schedule(self.step), logits.dtype)
        if training:
            self.step.assign_add(1)
        return ops.tanh(beta * logits)

    @property
    def beta(self):
        """The scale at the present step, float32 scalar."""
        return self.schedule(self.step)

    def set_step(self, step: Any) -> None:
        """Set the number of batches seen, for schedules that a training loop steers itself.

        Raises:
            ValueError: the layer is not built, or `step` is outside 0..2**31 - 1.
        """
        if not self.built:
            raise ValueError("`set_step` needs a built layer; call the layer or its model first.")
        self.step.assign(checks.whole("step", step, 0, 2**31 - 1))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {**super().get_config(), "schedule": schedule}

    @classmethod
    def from_config(cls, config):
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return super().from_config({**config, "schedule": schedule})
