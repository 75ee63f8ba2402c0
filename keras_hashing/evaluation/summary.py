"""From histograms, or ranks in index order, to a report: means over the queries."""

import numpy as np

from keras_hashing.evaluation import gains, metrics
from keras_hashing.evaluation.report import Report

DENOMINATORS = ("hits", "min", "total")


def summarize(counted, ranked=None):
    """Means over the queries that have something relevant.

    Each metric is computed once for queries that are equal: trained codes have many.

    Args:
        counted: `Evaluator`: its `counts`, `kinds()` and settings.
        ranked: what `index_order.average_precisions` gave; None for expected ties.

    Returns:
        `Report`.

    Raises:
        ValueError: nothing was counted, or no query has anything relevant.
    """
    first, kinds = _kinds_with_relevant(counted)
    counts, times = counted.counts[first], np.bincount(kinds)
    buckets = metrics.Buckets(counts.sum(axis=1), counts[:, 1:].sum(axis=1))
    gain = gains.Gains(counts, buckets)
    if ranked is not None:
        ranked = {cutoff: (s[first], n[first]) for cutoff, (s, n) in ranked.items()}

    def mean(values):
        # Query by query: then the digits do not depend on how kinds are numbered.
        return values[kinds].mean(axis=0)

    return Report(
        bits=counted.bits,
        queries=len(counted.counts),
        database=counted.rows,
        queries_without_relevant=len(counted.counts) - len(kinds),
        ties="expected" if ranked is None else "index",
        denominator=counted.denominator,
        **_overall(buckets, ranked, mean),
        **_at_cutoffs(buckets, counted.at, counted.denominator, ranked, mean),
        ndcg=float(mean(gain.ndcg())),
        ndcg_at={cutoff: float(mean(gain.ndcg(cutoff))) for cutoff in counted.at},
        **_by_radius(buckets, min(counted.radius, counted.bits), mean),
        rank_curve=_by_rank(buckets, mean),
        distances={
            "relevant": times @ buckets.relevant,
            "irrelevant": times @ (buckets.total - buckets.relevant),
        },
        plan=str(counted.plan),
    )


def _kinds_with_relevant(counted):
    """Positions of one query of each kind that has something relevant, and the queries' kinds."""
    if not counted.rows:
        raise ValueError("the database is empty: there is nothing to evaluate against.")
    first, kinds = counted.kinds()
    kept = counted.counts[first, 1:].any(axis=(1, 2))
    if not kept.any():
        raise ValueError(
            "no query has anything relevant in the database. Check that both sides' labels "
            "mean the same classes."
        )
    return first[kept], (np.cumsum(kept) - 1)[kinds[kept[kinds]]]


def _overall(buckets, ranked, mean):
    if ranked is None:
        chosen = metrics.average_precision(buckets)
    else:
        chosen = ranked[None][0] / buckets.all_relevant
    best, worst = (metrics.bounded_average_precision(buckets, first) for first in (True, False))
    return {
        "map": float(mean(chosen)),
        "map_best": float(mean(best)),
        "map_worst": float(mean(worst)),
    }


def _at_cutoffs(buckets, cutoffs, denominator, ranked, mean):
    largest = int(buckets.sizes.max())
    means: dict = {convention: {} for convention in DENOMINATORS}
    precision, recall = {}, {}
    for cutoff in cutoffs:
        inside = min(cutoff, largest)
        sums = None if ranked else metrics.expected_precision_sum(buckets, inside)
        for convention in DENOMINATORS:
            if ranked is None:
                values = metrics.average_precision(buckets, inside, convention, sums)
            else:
                values = _ranked_average(ranked[cutoff], cutoff, buckets, convention)
            means[convention][cutoff] = float(mean(values))
        found = metrics.hits_at(buckets, inside) if ranked is None else ranked[cutoff][1]
        precision[cutoff] = float(mean(found / np.minimum(inside, buckets.sizes)))
        recall[cutoff] = float(mean(found / buckets.all_relevant))
    return {
        "map_at": means[denominator],
        **{f"map_at_{convention}": values for convention, values in means.items()},
        "precision_at": precision,
        "recall_at": recall,
        "notes": tuple(
            f"cutoff {cutoff} is above the database's size and became {largest}"
            for cutoff in cutoffs
            if cutoff > largest
        ),
    }


def _ranked_average(ranked, cutoff, buckets, convention):
    sums, found = ranked
    divisor = {
        "hits": np.maximum(found, 1),
        "min": np.minimum(cutoff, buckets.all_relevant),
        "total": buckets.all_relevant,
    }[convention]
    return sums / divisor


def _by_radius(buckets, radius, mean):
    items, hits = metrics.within_radius(buckets)
    precision = hits / np.maximum(items, 1)
    recall = hits / buckets.all_relevant[:, None]
    return {
        "radius": radius,
        "precision_radius": float(mean(precision[:, radius])),
        "recall_radius": float(mean(recall[:, radius])),
        "empty_radius": float(mean(items[:, radius] == 0)),
        "pr_curve": {"precision": mean(precision), "recall": mean(recall)},
    }


def _by_rank(buckets, mean):
    ranks = np.geomspace(1, int(buckets.sizes.max()), 100).round().astype(np.int64)
    ranks = np.unique(ranks)
    hits = metrics.hits_by_rank(buckets, ranks)
    return {
        "rank": ranks,
        "precision": mean(hits / np.minimum(ranks, buckets.sizes[:, None])),
        "recall": mean(hits / buckets.all_relevant[:, None]),
    }
