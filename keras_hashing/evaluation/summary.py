"""From histograms, or ranks in index order, to a report: means over the queries."""

import numpy as np

from keras_hashing.evaluation import gains, metrics
from keras_hashing.evaluation.report import Report

DENOMINATORS = ("hits", "min", "total")


def summarize(counted, ranked=None):
    """Means over the queries that have something relevant.

    Args:
        counted: `Evaluator`: its `counts` and its settings.
        ranked: what `index_order.average_precisions` gave; None for expected ties.

    Returns:
        `Report`.

    Raises:
        ValueError: nothing was counted, or no query has anything relevant.
    """
    if not counted.rows:
        raise ValueError("the database is empty: there is nothing to evaluate against.")
    relevant = counted.counts[:, 1:].sum(axis=1)
    kept = relevant.any(axis=1)
    if not kept.any():
        raise ValueError(
            "no query has anything relevant in the database. Check that both sides' labels "
            "mean the same classes."
        )
    counts = counted.counts[kept]
    buckets = metrics.Buckets(counts.sum(axis=1), relevant[kept])
    gain = gains.Gains(counts, buckets)
    if ranked is not None:
        ranked = {cutoff: (s[kept], n[kept]) for cutoff, (s, n) in ranked.items()}
    return Report(
        bits=counted.bits,
        queries=len(kept),
        database=counted.rows,
        queries_without_relevant=int((~kept).sum()),
        ties="expected" if ranked is None else "index",
        denominator=counted.denominator,
        **_overall(buckets, ranked),
        **_at_cutoffs(buckets, counted.at, counted.denominator, ranked),
        ndcg=float(gain.ndcg().mean()),
        ndcg_at={cutoff: float(gain.ndcg(cutoff).mean()) for cutoff in counted.at},
        **_by_radius(buckets, min(counted.radius, counted.bits)),
        rank_curve=_by_rank(buckets),
        distances={
            "relevant": buckets.relevant.sum(axis=0),
            "irrelevant": (buckets.total - buckets.relevant).sum(axis=0),
        },
        plan=str(counted.plan),
    )


def _overall(buckets, ranked):
    if ranked is None:
        chosen = metrics.average_precision(buckets)
    else:
        chosen = ranked[None][0] / buckets.all_relevant
    best, worst = (metrics.bounded_average_precision(buckets, first) for first in (True, False))
    return {
        "map": float(chosen.mean()),
        "map_best": float(best.mean()),
        "map_worst": float(worst.mean()),
    }


def _at_cutoffs(buckets, cutoffs, denominator, ranked):
    largest = int(buckets.sizes.max())
    means: dict = {convention: {} for convention in DENOMINATORS}
    precision, recall = {}, {}
    for cutoff in cutoffs:
        inside = min(cutoff, largest)
        for convention in DENOMINATORS:
            if ranked is None:
                values = metrics.average_precision(buckets, inside, convention)
            else:
                values = _ranked_average(ranked[cutoff], cutoff, buckets, convention)
            means[convention][cutoff] = float(values.mean())
        found = metrics.hits_at(buckets, inside) if ranked is None else ranked[cutoff][1]
        precision[cutoff] = float((found / np.minimum(inside, buckets.sizes)).mean())
        recall[cutoff] = float((found / buckets.all_relevant).mean())
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


def _by_radius(buckets, radius):
    items, hits = metrics.within_radius(buckets)
    precision = hits / np.maximum(items, 1)
    recall = hits / buckets.all_relevant[:, None]
    return {
        "radius": radius,
        "precision_radius": float(precision[:, radius].mean()),
        "recall_radius": float(recall[:, radius].mean()),
        "empty_radius": float((items[:, radius] == 0).mean()),
        "pr_curve": {"precision": precision.mean(axis=0), "recall": recall.mean(axis=0)},
    }


def _by_rank(buckets):
    ranks = np.geomspace(1, int(buckets.sizes.max()), 100).round().astype(np.int64)
    ranks = np.unique(ranks)
    hits = metrics.hits_by_rank(buckets, ranks)
    return {
        "rank": ranks,
        "precision": (hits / np.minimum(ranks, buckets.sizes[:, None])).mean(axis=0),
        "recall": (hits / buckets.all_relevant[:, None]).mean(axis=0),
    }
