"""Every metric of each query, from the histograms; or from ranks, where ties stand in order."""

import numpy as np

from keras_hashing.evaluation import gains, index_order, metrics

DENOMINATORS = ("hits", "min", "total")
NAMES_AT = (
    *(f"map_at_{denominator}" for denominator in DENOMINATORS),
    "weighted_map_at",
    "precision_at",
    "recall_at",
    "hit_rate_at",
    "acg_at",
    "ndcg_at",
    "ndcg_linear_at",
)


class Scores:
    """Metrics of queries.

    Args:
        counts: int64 `(queries, grades, bits + 1)`, items by number of shared labels and distance.
        ranked: dict of `index_order.Ranked` by cutoff, with `None` and `index_order.RELEVANT`
            among them; None for the mean over tie orders.

    Attributes:
        buckets: `metrics.Buckets`.
    """

    def __init__(self, counts, ranked=None):
        self.buckets = metrics.Buckets(counts.sum(axis=1), counts[:, 1:].sum(axis=1))
        self._ranked = ranked
        self._exponential = gains.Gains(counts, self.buckets)
        self._linear, self._gained = self._exponential, None
        self._graded = counts.shape[1] > 2  # otherwise both gains are 1, and weights as well
        if self._graded:
            self._linear = gains.Gains(counts, self.buckets, gains.linear)
            self._gained = self._linear.gained()

    def overall(self):
        """Metrics of the whole database, name -> float64 `(queries,)`."""
        buckets = self.buckets
        found = {
            "map_best": metrics.bounded_average_precision(buckets, True),
            "map_worst": metrics.bounded_average_precision(buckets, False),
            "ndcg": self._exponential.ndcg(),
        }
        found["ndcg_linear"] = self._linear.ndcg() if self._graded else found["ndcg"]
        if self._ranked is not None:
            return found | self._overall_by_rank()
        found["map"] = found["weighted_map"] = metrics.average_precision(buckets)
        if self._graded:
            found["weighted_map"] = metrics.average_precision(buckets, gained=self._gained)
        each = buckets.all_relevant[:, None]
        sums = metrics.expected_precision_sum(buckets, each).sum(axis=1)
        found["map_at_r"] = metrics.ratio(sums, buckets.all_relevant)
        found["r_precision"] = metrics.ratio(metrics.hits_at(buckets, each), buckets.all_relevant)
        return found

    def at(self, cutoff):
        """Metrics at a cutoff, each of `NAMES_AT` -> float64 `(queries,)`."""
        buckets = self.buckets
        inside = min(cutoff, int(buckets.sizes.max()))
        found = {"ndcg_at": self._exponential.ndcg(cutoff)}
        found["ndcg_linear_at"] = self._linear.ndcg(cutoff) if self._graded else found["ndcg_at"]
        if self._ranked is not None:
            return found | self._at_by_rank(cutoff)
        sums = metrics.expected_precision_sum(buckets, inside)
        for denominator in DENOMINATORS:
            found[f"map_at_{denominator}"] = metrics.average_precision(
                buckets, inside, denominator, sums
            )
        found["weighted_map_at"] = found["map_at_hits"]
        if self._graded:
            found["weighted_map_at"] = metrics.average_precision(
                buckets, inside, "hits", gained=self._gained
            )
        found["hit_rate_at"] = metrics.hit_chances(buckets, inside)
        hits = metrics.hits_at(buckets, inside)
        found["precision_at"] = metrics.ratio(hits, np.minimum(inside, buckets.sizes))
        found["recall_at"] = metrics.ratio(hits, buckets.all_relevant)
        # An item that shares one label at most gains 1 where it is relevant.
        found["acg_at"] = self._linear.average(inside) if self._graded else found["precision_at"]
        return found

    def _overall_by_rank(self):
        relevant = self.buckets.all_relevant
        whole, first = self._ranked[None], self._ranked[index_order.RELEVANT]
        return {
            "map": metrics.ratio(whole.precisions, relevant),
            "weighted_map": metrics.ratio(whole.weighted, relevant),
            "map_at_r": metrics.ratio(first.precisions, relevant),
            "r_precision": metrics.ratio(first.hits, relevant),
        }

    def _at_by_rank(self, cutoff):
        relevant, sizes = self.buckets.all_relevant, self.buckets.sizes
        found = self._ranked[cutoff]
        return {
            "map_at_hits": metrics.ratio(found.precisions, found.hits),
            "map_at_min": metrics.ratio(found.precisions, np.minimum(cutoff, relevant)),
            "map_at_total": metrics.ratio(found.precisions, relevant),
            "weighted_map_at": metrics.ratio(found.weighted, found.hits),
            "hit_rate_at": (found.hits > 0).astype(np.float64),
            "precision_at": metrics.ratio(found.hits, np.minimum(cutoff, sizes)),
            "recall_at": metrics.ratio(found.hits, relevant),
            "acg_at": metrics.ratio(found.gains, np.minimum(cutoff, sizes)),
        }
