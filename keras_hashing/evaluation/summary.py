"""From histograms, or ranks in index order, to a report: means over the queries."""

from typing import Any

import numpy as np

from keras_hashing.evaluation import metrics
from keras_hashing.evaluation.report import Report
from keras_hashing.evaluation.scores import NAMES_AT, Scores


def summarize(counted, ranked=None):
    """Means over the queries that count.

    Each metric is computed once for queries that are equal: trained codes have many.

    Args:
        counted: `Evaluator`: its `counts`, `kinds()` and settings.
        ranked: what `index_order.ranked` gave; None for expected ties.

    Returns:
        `Report`.

    Raises:
        ValueError: nothing was counted, no query has anything relevant and such queries are left
            out, or `exclude_self` found no query's own item.
    """
    if not counted.rows:
        raise ValueError("the database is empty: there is nothing to evaluate against.")
    own_notes = counted.own_notes()
    first, kinds, counts_in, missing = _judged(counted)
    counts, times = counted.counts[first], np.bincount(kinds)
    if ranked is not None:
        ranked = {cutoff: sums.take(first) for cutoff, sums in ranked.items()}
    scores = Scores(counts, ranked)
    buckets = scores.buckets

    def mean(values):
        # Query by query: then the digits do not depend on how kinds are numbered.
        return values[kinds].mean(axis=0)

    def each(values):
        found = np.full(len(counted.counts), np.nan)
        found[counts_in] = values[kinds]
        return found

    overall = scores.overall()
    means: dict[str, Any] = {name: float(mean(values)) for name, values in overall.items()}
    return Report(
        bits=counted.bits,
        queries=len(counted.counts),
        database=counted.rows,
        queries_without_relevant=missing,
        without_relevant=counted.without_relevant,
        own_left_out=counted.own_left_out,
        ties="expected" if ranked is None else "index",
        denominator=counted.denominator,
        **means,
        per_query=each(overall["map"]),
        **_at_cutoffs(scores, counted.at, f"map_at_{counted.denominator}", mean, each),
        **_by_radius(buckets, min(counted.radius, counted.bits), mean),
        rank_curve=_by_rank(buckets, mean),
        distances={
            "relevant": times @ buckets.relevant,
            "irrelevant": times @ (buckets.total - buckets.relevant),
        },
        notes=(*own_notes, *_cutoff_notes(counted.at, int(buckets.sizes.max()))),
        plan=str(counted.plan),
    )


def _judged(counted):
    """The queries that count.

    Returns:
        Positions of one query of each kind, the kinds of the queries that count, which these are,
        bool `(queries,)`, and how many queries have nothing relevant.
    """
    first, kinds = counted.kinds()
    found = counted.counts[first, 1:].any(axis=(1, 2))
    missing = int((~found[kinds]).sum())
    kept = found if counted.without_relevant == "left out" else np.ones_like(found)
    if not kept.any():
        raise ValueError(
            "no query has anything relevant in the database. Check that both sides' labels "
            "mean the same classes."
        )
    counts_in = kept[kinds]
    return first[kept], (np.cumsum(kept) - 1)[kinds[counts_in]], counts_in, missing


def _at_cutoffs(scores, cutoffs, chosen, mean, each):
    """Means by cutoff; what each query has is kept of the chosen mAP only."""
    means: dict[str, Any] = {name: {} for name in NAMES_AT}
    per_query = {}
    for cutoff in cutoffs:
        values = scores.at(cutoff)
        per_query[cutoff] = each(values[chosen])
        for name in NAMES_AT:
            means[name][cutoff] = float(mean(values[name]))
    return {**means, "map_at": dict(means[chosen]), "per_query_at": per_query}


def _cutoff_notes(cutoffs, largest):
    return (
        f"cutoff {cutoff} is above the database's size and became {largest}"
        for cutoff in cutoffs
        if cutoff > largest
    )


def _by_radius(buckets, radius, mean):
    items, hits = metrics.within_radius(buckets)
    precision = metrics.ratio(hits, items)
    recall = metrics.ratio(hits, buckets.all_relevant[:, None])
    return {
        "radius": radius,
        "precision_radius": float(mean(precision[:, radius])),
        "recall_radius": float(mean(recall[:, radius])),
        "empty_radius": float(mean(items[:, radius] == 0)),
        "pr_curve": {"precision": mean(precision), "recall": mean(recall)},
    }


def _by_rank(buckets, mean):
    ranks = np.geomspace(1, max(1, int(buckets.sizes.max())), 100).round().astype(np.int64)
    ranks = np.unique(ranks)
    hits = metrics.hits_by_rank(buckets, ranks)
    return {
        "rank": ranks,
        "precision": mean(metrics.ratio(hits, np.minimum(ranks, buckets.sizes[:, None]))),
        "recall": mean(metrics.ratio(hits, buckets.all_relevant[:, None])),
    }
