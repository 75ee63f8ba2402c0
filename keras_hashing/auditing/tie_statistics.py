"""How often tie order decides who is inside a cutoff, and how far it alone moves mAP.

A bucket is the items at one distance of one query; any order inside it is as right as another.
"""

import dataclasses

import numpy as np

from keras_hashing.evaluation import metrics

CUTOFFS = (100, 1000, 5000)


@dataclasses.dataclass(frozen=True)
class TiesAt:
    """What a cutoff meets, over the queries.

    Attributes:
        cutoff: int rank R; None for the whole database.
        inside: float in [0, 1], share of queries whose cutoff falls inside a bucket, so that tie
            order decides which of its items count; 0 for the whole database.
        bucket: float, mean size of the bucket that holds the item at rank R, in items; for the
            whole database, of the bucket that an item lies in, mean over all items.
        by_tie_order: float in [0, R], mean number of the R places that a cut bucket fills.
    """

    cutoff: int | None
    inside: float
    bucket: float
    by_tie_order: float


@dataclasses.dataclass(frozen=True)
class Spread:
    """What tie order makes of one figure; nothing else differs.

    Attributes:
        worst, best: floats, relevant items of every bucket last, and first: no order is outside.
        expected: float, the mean over all orders.
        index: float, ties in database order.
    """

    worst: float
    expected: float
    best: float
    index: float


def ties_at(buckets, cutoff=None):
    """Ties at a cutoff.

    Args:
        buckets: `keras_hashing.evaluation.metrics.Buckets`; relevance does not matter.
        cutoff: int, at most the number of items of every query; None for all.

    Returns:
        `TiesAt`.
    """
    total = buckets.total
    if cutoff is None:
        sizes = (total.astype(np.float64) ** 2).sum(axis=1) / buckets.sizes
        return TiesAt(None, 0.0, float(sizes.mean()), 0.0)
    ends = buckets.before + total
    holding = (ends >= cutoff).argmax(axis=1)[:, None]  # the first bucket that reaches the rank
    size, end, before = (
        np.take_along_axis(field, holding, axis=1)[:, 0] for field in (total, ends, buckets.before)
    )
    cut = end > cutoff
    places = np.where(cut, cutoff - before, 0)
    return TiesAt(cutoff, float(cut.mean()), float(size.mean()), float(places.mean()))


def tie_range(buckets, expected, index, cutoffs):
    """How far tie order alone moves mAP and mAP@R.

    Args:
        buckets: `Buckets` of the queries that have something relevant.
        expected, index: `Report` of the same queries with either kind of ties, with `cutoffs`.
        cutoffs: ints.

    Returns:
        dict, name of the figure -> `Spread`. The denominator "hits" is not among them: there the
        orders with relevant items first and last are no bounds.
    """
    spreads = {"map@all": Spread(expected.map_worst, expected.map, expected.map_best, index.map)}
    for cutoff in cutoffs:
        for denominator in ("min", "total"):
            worst, best = (
                float(metrics.bounded_average_precision(buckets, first, cutoff, denominator).mean())
                for first in (False, True)
            )
            name = f"map_at_{denominator}"
            spreads[f"map@{cutoff}({denominator})"] = Spread(
                worst, getattr(expected, name)[cutoff], best, getattr(index, name)[cutoff]
            )
    return spreads
