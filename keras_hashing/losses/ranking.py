"""Losses over rankings of a batch by soft histograms of distances: TALR's tie-aware AP.

He, Cakir, Bargal, Sclaroff, "Hashing as Tie-Aware Learning to Rank", CVPR 2018.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks
from keras_hashing.losses.anchors import AnchorLoss, match


def cumulative_histograms(distances, positives, negatives, bits, bins):
    """How many items lie at most as far as each bin; an item between two bins is in both, by share.

    The bins stand at 0, w, 2w, ..., `bits` with w = bits / bins. An item at distance D is in the
    bin at c with the share max(0, 1 - |D - c| / w); beyond an end it is in the bin at that end.

    Args:
        distances: float tensor `(anchors, references)` in [0, bits].
        positives: float tensor of the same shape, 1 where the two items are similar, else 0.
        negatives: float tensor of the same shape, 1 where they are not, else 0.
        bits: int, the code length.
        bins: int, at least 1.

    Returns:
        Float tensors `(anchors, bins + 1)`, each not decreasing along a row: the positives up to
        each bin, and the positives and negatives.

    Source: the paper above, soft histograms with triangular pulses. Summed over the bins up to
    one, the pulses are a single ramp, which is what is computed.
    """
    distances = ops.convert_to_tensor(distances)
    positives = ops.cast(positives, distances.dtype)
    members = ops.stack([positives, positives + ops.cast(negatives, distances.dtype)], axis=1)
    ends = 1.0 + ops.cast(ops.arange(bins), distances.dtype)
    share = ops.minimum(ops.relu(ends - distances[:, :, None] * (bins / bits)), 1.0)
    counts = ops.matmul(members, share)
    # The last bin completes the count, with no gradient to push items past the end.
    counts = ops.concatenate([counts, ops.sum(members, axis=-1, keepdims=True)], axis=-1)
    return counts[:, 0], counts[:, 1]


def tie_aware_average_precision(relevant, retrieved):
    """Simplified tie-aware average precision of each anchor's ranking.

    It is near the mean over all orders of ties, and equal to it where no two items tie.

    Args:
        relevant: float tensor `(anchors, bins)`, similar items up to each bin.
        retrieved: float tensor of the same shape, all items up to each bin.

    Returns:
        Float tensor `(anchors,)` in [0, 1], up to rounding; 0 for an anchor without a similar
        item.

    Source: the paper above, simplified objective AP_s.
    """
    relevant_before = ops.pad(relevant[:, :-1], ((0, 0), (1, 0)))
    retrieved_before = ops.pad(retrieved[:, :-1], ((0, 0), (1, 0)))
    precision = (relevant_before + relevant + 1.0) / (retrieved_before + retrieved + 1.0)
    hits = ops.sum((relevant - relevant_before) * precision, axis=-1)
    return ops.divide_no_nan(hits, relevant[:, -1])


class HistogramLoss(AnchorLoss):
    """Family of the losses that see a ranking as histograms of distances; see `row_values`.

    Every item of the batch is the query once, all others its database; the distance is
    (bits - <u, u'>) / 2, on outputs of -1 and +1 the Hamming distance. An anchor without a
    similar item is worth 0 (ours). See `AnchorLoss` for labels and replicas. It holds tensors of
    batch^2 * bins floats, 6 MB each for 256 items and 24 bins.

    Args:
        bins: int >= 1, steps that the distances 0 to `bits` are divided into; None is `bits`
            below 32 bits and half as many from there on. The authors' code has the latter and
            leaves the former open.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `AnchorLoss`; outputs float `(batch, bits)` in [-1, 1].

    Raises:
        TypeError: `bins` is not a whole number.
        ValueError: `bins` is below 1; when called, as `AnchorLoss`.

    Example:
        >>> class MissedNearest(HistogramLoss):  # share of the similar items beyond the nearest bin
        ...     def row_values(self, relevant, retrieved):
        ...         return 1.0 - ops.divide_no_nan(relevant[:, 0], relevant[:, -1])
        >>> outputs = ops.array([[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]])
        >>> float(MissedNearest()(ops.array([0, 0, 1, 1]), outputs))
        0.0
    """

    def __init__(self, bins: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bins = None if bins is None else checks.whole("bins", bins, 1, None)

    def rows(self, anchor_labels, anchors, reference_labels, references, positions=None):
        anchors, references, positives, negatives = match(
            anchor_labels, anchors, reference_labels, references, positions, self.dtype
        )
        bits = anchors.shape[-1]
        bins = self.bins or (bits if bits < 32 else bits // 2)
        distances = 0.5 * (bits - ops.matmul(anchors, ops.transpose(references)))
        counts = cumulative_histograms(distances, positives, negatives, bits, bins)
        findable = ops.cast(ops.any(positives > 0, axis=-1), self.dtype)
        return findable * self.row_values(*counts)

    def row_values(self, relevant, retrieved):
        """Value of every anchor; what a member of the family defines.

        Args:
            relevant: float tensor `(anchors, bins + 1)`, similar items up to each bin.
            retrieved: float tensor of the same shape, all items up to each bin.

        Returns:
            Float tensor `(anchors,)`, finite also without any item.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `row_values`.")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins}


@keras.saving.register_keras_serializable("keras_hashing", name="TieAwareAP")
class TieAwareAP(HistogramLoss):
    """TALR's loss: 1 - average precision, simplified, of every item's ranking of the others.

    Args:
        bins: int or None; see `HistogramLoss`.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels as in `HistogramLoss`; outputs float `(batch, bits)` in [-1, 1]. Its values
    are in [0, 1].

    Raises:
        TypeError, ValueError: `bins` is no whole number of at least 1.

    Example:
        >>> loss = TieAwareAP(reduction="none")
        >>> outputs = ops.array([[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]])
        >>> [round(float(value), 3) for value in loss(ops.array([0, 1, 0]), outputs)]
        [0.5, 0.0, 0.333]

    Source: the paper at the top of the module. The authors minimise minus the sum of AP_s over
    the batch; the 1 and the mean are ours, so the learning rate does not scale with the batch.
    """

    def row_values(self, relevant, retrieved):
        # A perfect ranking may round to just above 1.
        return ops.maximum(1.0 - tie_aware_average_precision(relevant, retrieved), 0.0)
