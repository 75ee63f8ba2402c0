"""Penalties on outputs, for any layer's `activity_regularizer`."""

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

    def __init__(self, weight=0.3):
        self.weight = checks.between("weight", weight, 0.0, None)

    def __call__(self, outputs):
        outputs = ops.cast(outputs, "float32")
        return self.weight * ops.sum(formulas.quantization(outputs))

    def get_config(self):
        return {"weight": self.weight}
