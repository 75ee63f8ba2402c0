"""Losses over all pairs of a batch: DHN's cross entropy and squared error, and their family.

Zhu, Long, Wang, Cao, "Deep Hashing Network for Efficient Similarity Retrieval", AAAI 2016.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, formulas
from keras_hashing.losses.anchors import AnchorLoss, check_rows, pairs
from keras_hashing.types import Tensor

TARGETS = ("01", "sign")


def pairwise_cross_entropy(similarity, inner_products, alpha=1.0):
    """Negative log-likelihood of each pair's similarity, softplus(theta) - s theta.

    Args:
        similarity: float tensor `(anchors, references)` of 0 and 1, s.
        inner_products: float tensor of the same shape, of the outputs of the two items.
        alpha: float, theta = alpha * inner product.

    Returns:
        Float tensor of the same shape, at least 0; log 2 where theta is 0.

    Source: the paper above, pairwise cross-entropy loss L with alpha = 1.
    """
    theta = alpha * inner_products
    return ops.softplus(theta) - similarity * theta


def pairwise_squared_error(similarity, inner_products, bits, targets="01"):
    """Squared gap between each pair's inner product divided by `bits` and its target.

    Args:
        similarity: float tensor `(anchors, references)` of 0 and 1.
        inner_products: float tensor of the same shape, of the outputs of the two items.
        bits: int, the code length.
        targets: `"01"`, dissimilar pairs are to be orthogonal; `"sign"`, to be opposite.

    Returns:
        Float tensor of the same shape, at least 0.

    Source: the paper above, variant DHN-E; `"sign"` is our option.
    """
    target = similarity if targets == "01" else 2.0 * similarity - 1.0
    return ops.square(target - inner_products / bits)


class PairwiseLoss(AnchorLoss):
    """Family of the losses over pairs of items; a subclass defines `pair_values`.

    Where its paper differs it also defines `pair_weights` or `quantization`.

    An anchor's value is the mean over its pairs with all other items of the batch, so the batch
    mean is the mean over its pairs. A batch of one has no pair, and its pair term is 0. See
    `AnchorLoss` for labels and replicas.

    Args:
        quantization_weight: float >= 0, weight of `quantization`, the distance of the outputs
            from -1 and +1; lambda in DHN's paper.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `AnchorLoss`; outputs float `(batch, bits)`.

    Raises:
        ValueError: `quantization_weight` is negative; when called, as `AnchorLoss`.

    Example:
        >>> class Squared(PairwiseLoss):
        ...     def pair_values(self, similarity, anchors, references):
        ...         inner = ops.matmul(anchors, ops.transpose(references))
        ...         return ops.square(inner / anchors.shape[-1] - similarity)
        >>> outputs = ops.array([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
        >>> float(Squared()(ops.array([0, 0, 1]), outputs))
        0.0
    """

    def __init__(self, quantization_weight: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )

    def rows(
        self, anchor_labels, anchors, reference_labels, references, positions=None, filled=None
    ):
        """As `AnchorLoss.rows`: mean over an anchor's pairs, plus the weighted quantization.

        Args:
            anchor_labels, anchors, reference_labels, references, positions: as there.
            filled: bool tensor `(references,)`, which of the references are items, the others
                being empty rows of a store; None if all are.
        """
        anchor_labels = ops.convert_to_tensor(anchor_labels)
        reference_labels = ops.convert_to_tensor(reference_labels)
        check_rows("anchor", anchor_labels, anchors)
        check_rows("reference", reference_labels, references)
        anchors = ops.cast(anchors, self.dtype)
        references = ops.cast(references, self.dtype)
        similarity = formulas.similarity(anchor_labels, reference_labels, self.dtype)
        counted = pairs(similarity, positions, filled)
        weights = self.pair_weights(similarity, counted, anchor_labels, reference_labels)
        values = counted * weights * self.pair_values(similarity, anchors, references)
        means = ops.divide_no_nan(ops.sum(values, axis=-1), ops.sum(counted, axis=-1))
        if self.quantization_weight:
            means = means + self.quantization_weight * self.quantization(anchors)
        return means

    def pair_values(self, similarity: Tensor, anchors: Tensor, references: Tensor) -> Tensor:
        """Value of every pair; what a member of the family defines.

        Args:
            similarity: float tensor `(anchors, references)` of 0 and 1.
            anchors: float tensor `(anchors, bits)`.
            references: float tensor `(references, bits)`.

        Returns:
            Float tensor `(anchors, references)`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `pair_values`.")

    def pair_weights(
        self, similarity: Tensor, pairs: Tensor, anchor_labels: Tensor, reference_labels: Tensor
    ) -> Tensor:
        """Factor on each pair's value, which the number of pairs it is divided by leaves alone.

        Args:
            similarity: float tensor `(anchors, references)` of 0 and 1.
            pairs: float tensor of the same shape, 1 where there is a pair, 0 for an item with
                itself and for empty references.
            anchor_labels, reference_labels: tensors as `rows` takes them.

        Returns:
            Float, here 1, or float tensor `(anchors, references)`.
        """
        return 1.0

    def quantization(self, outputs: Tensor) -> Tensor:
        """Distance of each item's outputs from -1 and +1, here `formulas.quantization`.

        Args:
            outputs: float tensor `(batch, bits)`.

        Returns:
            Float tensor `(batch,)`, at least 0.
        """
        return formulas.quantization(outputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "quantization_weight": self.quantization_weight}


@keras.saving.register_keras_serializable("keras_hashing", name="PairwiseCrossEntropy")
class PairwiseCrossEntropy(PairwiseLoss):
    """DHN's loss: cross entropy of the pairs' similarity, and quantization.

    Args:
        alpha: float >= 0, scale of the inner products: 1 in DHN, 1/2 in DPSH.
        quantization_weight: float >= 0; the authors' code uses 0.3, DHN-Q is 0.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `PairwiseLoss`; outputs float `(batch, bits)`, tanh in the paper.

    Raises:
        ValueError: a negative argument.

    Example:
        >>> loss = PairwiseCrossEntropy()
        >>> round(float(loss(ops.array([0, 1]), ops.zeros((2, 48)))), 4)  # log 2
        0.6931

    Source: the paper at the top of the module; pairs i < j of the batch, averaged.
    """

    def __init__(self, alpha: float = 1.0, quantization_weight: float = 0.0, **kwargs: Any) -> None:
        super().__init__(quantization_weight, **kwargs)
        self.alpha = checks.between("alpha", alpha, 0.0, None)

    def pair_values(self, similarity, anchors, references):
        inner_products = ops.matmul(anchors, ops.transpose(references))
        return pairwise_cross_entropy(similarity, inner_products, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


@keras.saving.register_keras_serializable("keras_hashing", name="PairwiseSquaredError")
class PairwiseSquaredError(PairwiseLoss):
    """DHN-E's loss: squared error of the pairs' inner products, and quantization.

    Args:
        targets: of the inner product over `bits`: `"01"` (paper) or `"sign"` (-1 for dissimilar).
        quantization_weight: float >= 0.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `PairwiseLoss`; outputs float `(batch, bits)`, tanh in the paper.

    Raises:
        ValueError: unknown `targets` or a negative weight.

    Example:
        >>> loss = PairwiseSquaredError(targets="sign")
        >>> float(loss(ops.array([0, 1]), ops.array([[1.0, 1.0], [-1.0, -1.0]])))
        0.0

    Source: the paper at the top of the module, variant DHN-E.
    """

    def __init__(
        self, targets: str = "01", quantization_weight: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(quantization_weight, **kwargs)
        self.targets = checks.one_of("targets", targets, TARGETS)

    def pair_values(self, similarity, anchors, references):
        inner_products = ops.matmul(anchors, ops.transpose(references))
        bits = anchors.shape[-1]
        return pairwise_squared_error(similarity, inner_products, bits, self.targets)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "targets": self.targets}
