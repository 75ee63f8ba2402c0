"""Losses over all triplets of a batch: DNNH's ranking loss, and their family.

Lai, Pan, Liu, Yan, "Simultaneous Feature Learning and Hash Coding with Deep Neural Networks",
CVPR 2015.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks
from keras_hashing.losses.anchors import AnchorLoss, match
from keras_hashing.types import Tensor

AVERAGES = ("valid", "active")


def soft_distances(anchors, references):
    """Squared Euclidean distances of (u + 1) / 2; on outputs of -1 and +1 the Hamming distances.

    Args:
        anchors: float tensor `(anchors, bits)`.
        references: float tensor `(references, bits)`, of the same dtype.

    Returns:
        Float tensor `(anchors, references)`, at least 0.
    """
    inner_products = ops.matmul(anchors, ops.transpose(references))
    anchor_squares = ops.sum(ops.square(anchors), axis=-1)[:, None]
    reference_squares = ops.sum(ops.square(references), axis=-1)[None, :]
    # Of equal rows the difference may round to just below 0.
    return 0.25 * ops.maximum(anchor_squares + reference_squares - 2.0 * inner_products, 0.0)


def triplet_ranking(positive_distances, negative_distances, margin=1.0):
    """Hinge on how much farther the similar item is than the dissimilar one.

    Args:
        positive_distances: float tensor, from the anchor to the similar item of each triplet.
        negative_distances: float tensor that it broadcasts with, to the dissimilar item.
        margin: float, by how much the dissimilar item is to be farther.

    Returns:
        Float tensor of the broadcast shape, at least 0.

    Source: the paper above, triplet ranking loss with margin 1, whatever the code length.
    """
    return ops.relu((positive_distances + margin) - negative_distances)


class TripletLoss(AnchorLoss):
    """Family of the losses over triplets of items; a subclass defines `triplet_values`.

    A triplet is an anchor, another item that shares a label with it, and one that shares none;
    its distances are those of `soft_distances`. An anchor's value is the mean over its triplets,
    and 0 if it has none. So the batch mean counts every anchor alike, and where all anchors have
    equally many triplets it is the mean over the triplets; this weighting is ours. See `AnchorLoss`
    for labels and replicas. It holds tensors of batch^3 floats, 1 MB each for 64 items and 67 MB
    for 256.

    Args:
        average: `"valid"`, the mean over all triplets; `"active"`, over those whose value is
            above 0, which keeps the step long when few are left.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `AnchorLoss`; outputs float `(batch, bits)` in [-1, 1].

    Raises:
        ValueError: an unknown `average`; when called, as `AnchorLoss`.

    Example:
        >>> class Squared(TripletLoss):
        ...     def triplet_values(self, positive_distances, negative_distances):
        ...         return ops.square(ops.relu(2.0 + positive_distances - negative_distances))
        >>> outputs = ops.array([[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]])
        >>> float(Squared()(ops.array([0, 0, 1]), outputs))
        0.0
    """

    def __init__(self, average: str = "valid", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.average = checks.one_of("average", average, AVERAGES)

    def rows(self, anchor_labels, anchors, reference_labels, references, positions=None):
        anchors, references, positives, negatives = match(
            anchor_labels, anchors, reference_labels, references, positions, self.dtype
        )
        distances = soft_distances(anchors, references)
        values = self.triplet_values(distances[:, :, None], distances[:, None, :])
        if self.average == "valid":
            triplets = ops.sum(positives, axis=-1) * ops.sum(negatives, axis=-1)
        else:
            triplets = _total(ops.cast(values > 0, self.dtype), positives, negatives)
        return ops.divide_no_nan(_total(values, positives, negatives), triplets)

    def triplet_values(self, positive_distances: Tensor, negative_distances: Tensor) -> Tensor:
        """Value of every triplet; what a member of the family defines.

        Args:
            positive_distances: float tensor `(anchors, references, 1)`.
            negative_distances: float tensor `(anchors, 1, references)`.

        Returns:
            Float tensor `(anchors, references, references)`, finite also for what is no triplet.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `triplet_values`.")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average": self.average}


def _total(values, positives, negatives):
    """Sum of each anchor's triplets, `(anchors,)`, without a mask of the size of `values`."""
    over_negatives = ops.matmul(values, negatives[:, :, None])[:, :, 0]
    return ops.sum(positives * over_negatives, axis=-1)


@keras.saving.register_keras_serializable("keras_hashing", name="TripletRanking")
class TripletRanking(TripletLoss):
    """DNNH's loss: the similar item is to be nearer than the dissimilar one, by a margin.

    Args:
        margin: float >= 0, in bits; 1 in the paper.
        average: `"valid"` or `"active"`; see `TripletLoss`.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `TripletLoss`; outputs float `(batch, bits)`, 2h - 1 of the paper's h in
    [0, 1].

    Raises:
        ValueError: a negative margin, or an unknown `average`.

    Example:
        >>> loss = TripletRanking()
        >>> float(loss(ops.array([0, 0, 1]), ops.zeros((3, 48))))  # two anchors have a triplet
        0.6666666865348816

    Source: the paper at the top of the module; all triplets of the batch, averaged, are ours.
    """

    def __init__(self, margin: float = 1.0, average: str = "valid", **kwargs: Any) -> None:
        super().__init__(average, **kwargs)
        self.margin = checks.between("margin", margin, 0.0, None)

    def triplet_values(self, positive_distances, negative_distances):
        return triplet_ranking(positive_distances, negative_distances, self.margin)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}
