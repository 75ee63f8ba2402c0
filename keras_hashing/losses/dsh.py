"""DSH's loss: similar items close, dissimilar ones a margin apart, outputs near -1 and +1.

Liu, Wang, Shan, Chen, "Deep Supervised Hashing for Fast Image Retrieval", CVPR 2016.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, formulas
from keras_hashing.losses.pairwise import PairwiseLoss


def pairwise_contrastive(similarity, distances, margin):
    """Half the squared distance of similar pairs, half of what dissimilar ones lack to `margin`.

    Args:
        similarity: float tensor `(anchors, references)` of 0 and 1; the paper's y is 1 minus it.
        distances: float tensor of the same shape, squared Euclidean distances of the outputs.
        margin: float, the squared distance from which on a dissimilar pair costs nothing.

    Returns:
        Float tensor of the same shape, at least 0.

    Source: the paper above, loss of a pair without its regularizer.
    """
    lacking = ops.maximum(margin - distances, 0.0)
    return 0.5 * (similarity * distances + (1.0 - similarity) * lacking)


def squared_distances(anchors, references):
    """Squared Euclidean distances, `(anchors, references)`, at least 0.

    Args:
        anchors: float tensor `(anchors, bits)`.
        references: float tensor `(references, bits)`.
    """
    lengths = ops.sum(ops.square(anchors), axis=-1)[:, None]
    lengths = lengths + ops.sum(ops.square(references), axis=-1)[None, :]
    products = ops.matmul(anchors, ops.transpose(references))
    return ops.maximum(lengths - 2.0 * products, 0.0)  # rounding can leave it below 0


def absolute_quantization(outputs):
    """Distance of each item's outputs from -1 and +1: sum over bits of ||u| - 1|.

    Args:
        outputs: float tensor `(batch, bits)`.

    Returns:
        Float tensor `(batch,)`, at least 0. Its gradient is the authors': +1 for u >= 1 and for
        -1 <= u <= 0, else -1, so that at an output of 0 descent goes to -1.

    Source: the paper above, regularizer.
    """
    nearest = ops.cast(ops.where(outputs > 0, 1.0, -1.0), outputs.dtype)
    return ops.sum(formulas.magnitude(outputs - nearest), axis=-1)


@keras.saving.register_keras_serializable("keras_hashing", name="PairwiseContrastive")
class PairwiseContrastive(PairwiseLoss):
    """DSH's loss: squared distances with a margin, and absolute quantization.

    The batch mean is the mean over pairs, plus the weighted mean over items of
    `absolute_quantization`. So an item is counted once, as in the authors' code; in the paper's
    sum over pairs it is counted once per pair it is in, which is twice this weight.

    Args:
        margin: float >= 0, on squared distances; None is the paper's 2 * bits, which is half of
            the largest squared distance of two codes.
        quantization_weight: float >= 0; the paper's alpha is 0.01.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `PairwiseLoss`; outputs float `(batch, bits)`, not squashed in the paper.

    Raises:
        ValueError: a negative argument.

    Example:
        >>> loss = PairwiseContrastive()
        >>> float(loss(ops.array([0, 1]), ops.zeros((2, 48))))  # half the margin
        48.0

    Source: the paper at the top of the module; pairs i < j of the batch, averaged.
    """

    def __init__(
        self, margin: float | None = None, quantization_weight: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(quantization_weight, **kwargs)
        self.margin = None if margin is None else checks.between("margin", margin, 0.0, None)

    def pair_values(self, similarity, anchors, references):
        margin = 2.0 * anchors.shape[-1] if self.margin is None else self.margin
        return pairwise_contrastive(similarity, squared_distances(anchors, references), margin)

    def quantization(self, outputs):
        return absolute_quantization(outputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}
