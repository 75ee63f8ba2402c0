"""HashNet's loss: pairwise cross entropy whose weights balance similar and dissimilar pairs.

Cao, Long, Wang, Yu, "HashNet: Deep Learning to Hash by Continuation", ICCV 2017.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, replicas
from keras_hashing.losses.pairwise import PairwiseLoss, pairwise_cross_entropy

SIMILARITIES = ("01", "jaccard")


def balance_weights(similarity, pairs):
    """|S| / |S1| for a similar pair and |S| / |S0| for a dissimilar one.

    |S1| and |S0| are the numbers of similar and dissimilar pairs, |S| is their sum; of several
    replicas, all of theirs. If one kind is missing its weight is 0 and the other's is 1.

    Args:
        similarity: float tensor `(anchors, references)` of 0 and 1.
        pairs: float tensor of the same shape, 1 for the pairs that count, else 0.

    Returns:
        Float tensor of the same shape.

    Source: the paper above, weights w of the weighted maximum likelihood. Counting the given
    pairs in place of the training set's is ours.
    """
    rows = replicas.gather(ops.sum(pairs, axis=-1), ops.sum(pairs * similarity, axis=-1))
    total, similar = (ops.sum(counts) for counts in rows)
    of_similar = ops.divide_no_nan(total, similar)
    of_dissimilar = ops.divide_no_nan(total, total - similar)
    return similarity * of_similar + (1.0 - similarity) * of_dissimilar


def jaccard_weights(similarity, anchor_labels, reference_labels):
    """Shared labels divided by all labels of the two items where they are similar, else 1.

    Args:
        similarity: float tensor `(anchors, references)` of 0 and 1.
        anchor_labels: tensor `(anchors,)`, `(anchors, 1)` or multi-hot `(anchors, classes)`.
        reference_labels: the same form.

    Returns:
        Float tensor of the shape of `similarity`, in (0, 1]; 1 for single labels.

    Source: the paper above, continuous similarity c, HashNet+C.
    """
    if len(anchor_labels.shape) == 1 or anchor_labels.shape[1] == 1:
        return ops.ones_like(similarity)
    anchor_labels = ops.cast(anchor_labels, similarity.dtype)
    reference_labels = ops.cast(reference_labels, similarity.dtype)
    shared = ops.matmul(anchor_labels, ops.transpose(reference_labels))
    counts = ops.sum(anchor_labels, axis=-1)[:, None] + ops.sum(reference_labels, axis=-1)[None, :]
    shares = ops.divide_no_nan(shared, counts - shared)
    return ops.where(similarity > 0, shares, ops.ones_like(shares))


@keras.saving.register_keras_serializable("keras_hashing", name="WeightedPairwiseCrossEntropy")
class WeightedPairwiseCrossEntropy(PairwiseLoss):
    """HashNet's loss: cross entropy of the pairs' similarity, its two kinds weighing the same.

    The batch mean is the sum over pairs of weight times cross entropy, divided by the number of
    pairs. Pairs are counted both ways round and without an item's own; `rows` counts those that
    it is given.

    Args:
        alpha: float >= 0, scale of the inner products; None is 10 / bits, as the authors have it.
        weighted: bool, whether the weights of `balance_weights` are used; False is HashNet-W.
        similarity: `"01"`; or `"jaccard"`, by which similar pairs of multi-hot labels weigh
            less the smaller the share of their labels that they share, HashNet+C.
        quantization_weight: float >= 0; the paper has none.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `PairwiseLoss`; outputs float `(batch, bits)`, tanh(beta z) in the paper.

    Raises:
        ValueError: a negative number or unknown `similarity`.

    Example:
        >>> loss = WeightedPairwiseCrossEntropy()
        >>> round(float(loss(ops.array([0, 0, 1]), ops.zeros((3, 48)))), 4)  # 2 log 2
        1.3863

    Source: the paper at the top of the module, weighted maximum likelihood. The authors' code
    has one constant per data set in place of the weights, and another c; ours is the paper's.
    """

    def __init__(
        self,
        alpha: float | None = None,
        weighted: bool = True,
        similarity: str = "01",
        quantization_weight: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(quantization_weight, **kwargs)
        self.alpha = None if alpha is None else checks.between("alpha", alpha, 0.0, None)
        self.weighted = bool(weighted)
        self.similarity = checks.one_of("similarity", similarity, SIMILARITIES)

    def pair_values(self, similarity, anchors, references):
        alpha = 10.0 / anchors.shape[-1] if self.alpha is None else self.alpha
        inner_products = ops.matmul(anchors, ops.transpose(references))
        return pairwise_cross_entropy(similarity, inner_products, alpha)

    def pair_weights(self, similarity, pairs, anchor_labels, reference_labels):
        weights = balance_weights(similarity, pairs) if self.weighted else 1.0
        if self.similarity == "jaccard":
            weights = weights * jaccard_weights(similarity, anchor_labels, reference_labels)
        return weights

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "weighted": self.weighted,
            "similarity": self.similarity,
        }
