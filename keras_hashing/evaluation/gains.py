"""Cumulated gains under ties, with the number of shared labels as grade.

Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, in
the form with discount 1 / log2(rank + 1), for NDCG, and for average cumulative gain without a
discount; McSherry and Najork, "Computing information retrieval performance measures efficiently in
the presence of tied scores", ECIR 2008, for the expectation over the orders of ties.
"""

import numpy as np

from keras_hashing.evaluation import metrics


def exponential(grades):
    """Gains 2^g - 1 of g shared labels, from 0 to `grades` - 1, over 2^(grades - 1).

    NDCG does not change with the unit, and so no number of labels is too many for float64.
    """
    return np.exp2(np.arange(grades) - (grades - 1.0)) - np.exp2(1.0 - grades)


def linear(grades):
    """Gains g of g shared labels, from 0 to `grades` - 1."""
    return np.arange(grades, dtype=np.float64)


class Gains:
    """Gains by distance, and by grade for the ideal order.

    Args:
        counts: int64 `(queries, grades, bits + 1)`, items by number of shared labels and distance.
        buckets: `metrics.Buckets` of the same queries.
        gain: `exponential` or `linear`, what an item counts.
    """

    def __init__(self, counts, buckets, gain=exponential):
        grade_gains = gain(counts.shape[1])
        self._buckets = buckets
        self._gains = np.einsum("qgd,g->qd", counts.astype(np.float64), grade_gains)
        # Inside a bucket each slot has the mean gain.
        self._means = self._gains / np.maximum(buckets.total, 1)
        self._by_grade = counts.sum(axis=2)[:, ::-1]  # the highest first
        self._grade_gains = grade_gains[::-1]
        ranks = np.arange(1, int(buckets.sizes.max(initial=0)) + 1)
        self._discounts = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(ranks + 1))])

    def ndcg(self, cutoff=None):
        """Expected gain up to rank `cutoff`, None for all, over the ideal order's.

        Returns:
            float64 `(queries,)` in [0, 1]; 0 where nothing is relevant.
        """
        before, slots = self._buckets.before, self._buckets.inside(cutoff)
        found = (self._means * self._spans(before, slots)).sum(axis=1)
        start = np.cumsum(self._by_grade, axis=1) - self._by_grade
        inside = self._by_grade
        if cutoff is not None:
            inside = np.clip(cutoff - start, 0, inside)
        return metrics.ratio(found, (self._grade_gains * self._spans(start, inside)).sum(axis=1))

    def average(self, cutoff):
        """Expected gain of an item up to rank `cutoff`, float64 `(queries,)`."""
        slots = self._buckets.inside(cutoff)
        return metrics.ratio((self._means * slots).sum(axis=1), slots.sum(axis=1))

    def gained(self):
        """What `metrics.expected_precision_sum` takes for precisions weighted by the gains."""
        before = np.cumsum(self._gains, axis=1) - self._gains
        return before, metrics.ratio(self._gains, self._buckets.relevant)

    def _spans(self, start, slots):
        return self._discounts[start + slots] - self._discounts[start]
