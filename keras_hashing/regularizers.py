"""Penalties on outputs, for any layer's `activity_regularizer`."""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, formulas


@keras.saving.register_keras_serializable("keras_hashing", name="BimodalLaplacian")
class BimodalLaplacian(keras.regularizers.Regularizer):
    """DHN's prior that outputs lie near -1 and +1: sum of log cosh(|u| - 1), times `weight`.

    Keras divides an activity regularizer by the batch size, so its share of the loss is the mean
    over items of the sum over bits. Use it on one device only: with several replicas
    (`tf.distribute`) Keras adds terms of other replicas to the loss. `quantization_weight` of
    the losses is the same term and right there as well.

    Args:
        weight: float >= 0, lambda in the paper; the authors' code uses 0.3.

    Input: float tensor `(batch, bits)`, computed in float32. Output: float32 scalar, the sum over
    all axes.

    Raises:
        ValueError: `weight` is negative.

    Example:
        >>> round(float(BimodalLaplacian(1.0)(keras.ops.array([[0.5, -1.0]]))), 4)
        0.1201

    Source: Zhu, Long, Wang, Cao, "Deep Hashing Network for Efficient Similarity Retrieval",
    AAAI 2016, quantization loss Q in its smoothed form.
    """

    def __init__(self, weight: float = 0.3) -> None:
        self.weight = checks.between("weight", weight, 0.0, None)

    def __call__(self, outputs):
        outputs = ops.cast(outputs, "float32")
        return self.weight * ops.sum(formulas.quantization(outputs))

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


@keras.saving.register_keras_serializable("keras_hashing", name="BitBalance")
class BitBalance(keras.regularizers.Regularizer):
    """Keeps every bit on for half of the batch: mean over bits of its squared batch mean.

    Keras divides an activity regularizer by the batch size; the value is therefore multiplied by
    it, so that the share of the loss is `weight` times a number from 0 to 1. It needs batches of
    some size, and one device only; see `BimodalLaplacian`.

    Args:
        weight: float >= 0.

    Input: float tensor `(batch, bits)`, computed in float32. Output: float32 scalar.

    Raises:
        ValueError: `weight` is negative.

    Example:
        >>> round(float(BitBalance(1.0)(keras.ops.array([[1.0, 1.0], [1.0, -1.0]]))), 4)  # 2 * 0.5
        1.0

    Source: the idea of balanced bits is from Weiss, Torralba, Fergus, "Spectral Hashing", NIPS
    2008; the squared penalty is ours.
    """

    def __init__(self, weight: float = 0.1) -> None:
        self.weight = checks.between("weight", weight, 0.0, None)

    def __call__(self, outputs):
        outputs = ops.cast(outputs, "float32")
        value = ops.mean(ops.square(ops.mean(outputs, axis=0)))
        return self.weight * ops.cast(ops.shape(outputs)[0], "float32") * value

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


@keras.saving.register_keras_serializable("keras_hashing", name="BitDecorrelation")
class BitDecorrelation(keras.regularizers.Regularizer):
    """Keeps bits from saying the same: mean product of two bits over the batch, squared.

    The squares are summed over all pairs of different bits and divided by bits squared. With
    Keras' division by the batch size, for which the value makes up, the share of the loss is
    `weight` times a number from 0 to 1. It needs batches of some size, and one device only; see
    `BimodalLaplacian`.

    Args:
        weight: float >= 0.

    Input: float tensor `(batch, bits)`, computed in float32. Output: float32 scalar.

    Raises:
        ValueError: `weight` is negative.

    Example:
        >>> round(float(BitDecorrelation(1.0)(keras.ops.array([[1.0, 1.0], [1.0, 1.0]]))), 4)
        1.0

    Source: the idea of uncorrelated bits is from Weiss, Torralba, Fergus, "Spectral Hashing",
    NIPS 2008; the squared penalty is ours.
    """

    def __init__(self, weight: float = 0.1) -> None:
        self.weight = checks.between("weight", weight, 0.0, None)

    def __call__(self, outputs):
        outputs = ops.cast(outputs, "float32")
        count, bits = ops.shape(outputs)
        count = ops.cast(count, "float32")
        products = ops.matmul(ops.transpose(outputs), outputs) / count
        others = 1.0 - ops.eye(bits, dtype="float32")
        return self.weight * count * ops.sum(ops.square(others * products)) / bits**2

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}
