"""What an evaluation found, every figure with its convention in its name."""

import dataclasses

import numpy as np

from keras_hashing import files


@dataclasses.dataclass(frozen=True)
class Report:
    """Retrieval metrics, means over the queries that have something relevant in the database.

    Attributes:
        bits: int, code length.
        queries, database: int, numbers of items.
        queries_without_relevant: int, queries that are left out of every mean.
        ties: "expected", the mean over all orders of equal distances, exact; or "index", the
            database's order. It applies to `map`, `map_at…`, `precision_at`, `recall_at`.
        denominator: which of the three conventions `map_at` has.
        map: float in [0, 1], mean average precision over the whole database.
        map_best, map_worst: floats, relevant items of each distance first, and last.
        map_at, map_at_hits, map_at_min, map_at_total: dicts, cutoff R -> mAP@R whose
            denominator is the chosen one; the relevant items up to R; the smaller of R and all
            relevant items; all relevant items.
        precision_at, recall_at: dicts, cutoff -> float.
        ndcg, ndcg_at: float, and dict by cutoff: normalized discounted cumulative gain of the
            expected order, whatever `ties`; the gain of an item that shares g labels is 2^g - 1.
        radius: int; precision_radius, recall_radius: floats for the items within it; a query
            with none counts as 0. empty_radius: share of queries with none.
        pr_curve: dict of float64 arrays `(bits + 1,)`, "precision" and "recall" within radius
            0 to `bits`, each a mean over the queries.
        rank_curve: dict of arrays, "rank" (int64, at most 100, from 1 to the database's size),
            and expected "precision" and "recall" there, means over the queries.
        distances: dict of int64 arrays `(bits + 1,)`, pairs at each distance, "relevant" and
            "irrelevant".
        notes: tuple of str, what was changed in what was asked for.
        plan: str, how it was computed.
    """

    bits: int
    queries: int
    database: int
    queries_without_relevant: int
    ties: str
    denominator: str
    map: float
    map_best: float
    map_worst: float
    map_at: dict
    map_at_hits: dict
    map_at_min: dict
    map_at_total: dict
    precision_at: dict
    recall_at: dict
    ndcg: float
    ndcg_at: dict
    radius: int
    precision_radius: float
    recall_radius: float
    empty_radius: float
    pr_curve: dict
    rank_curve: dict
    distances: dict
    notes: tuple
    plan: str

    def to_dict(self):
        """Figures under names that hold denominator and ties, ready for JSON; curves left out."""
        named = {
            "bits": self.bits,
            "queries": self.queries,
            "database": self.database,
            "queries_without_relevant": self.queries_without_relevant,
            "ties": self.ties,
            f"map({self.ties})": self.map,
            "map(best)": self.map_best,
            "map(worst)": self.map_worst,
            "ndcg(expected)": self.ndcg,
            f"precision@radius{self.radius}": self.precision_radius,
            f"recall@radius{self.radius}": self.recall_radius,
            f"empty@radius{self.radius}": self.empty_radius,
        }
        for convention in ("hits", "min", "total"):
            for cutoff, value in getattr(self, f"map_at_{convention}").items():
                named[f"map@{cutoff}({convention})"] = value
        for cutoff, value in self.precision_at.items():
            named[f"precision@{cutoff}"] = value
            named[f"recall@{cutoff}"] = self.recall_at[cutoff]
            named[f"ndcg@{cutoff}(expected)"] = self.ndcg_at[cutoff]
        if self.notes:
            named["notes"] = list(self.notes)
        return named

    def plot(self, path):
        """Draw the precision-recall curve by radius and the distances of pairs.

        Args:
            path: str or path-like, ending in .png, .svg or .pdf; written whole or not at all.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 4), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        left.plot(self.pr_curve["recall"], self.pr_curve["precision"], marker=".", color="#1f6f8b")
        left.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
        left.set_title(f"Hamming radius 0 to {self.bits}; mAP {self.map:.3f} ({self.ties} ties)")
        for name, colour in (("irrelevant", "#b8b8b8"), ("relevant", "#1f6f8b")):
            pairs = self.distances[name]
            share = pairs / max(1, pairs.sum())
            right.bar(
                np.arange(self.bits + 1), share, width=1.0, alpha=0.7, label=name, color=colour
            )
        right.set(xlabel="Hamming distance", ylabel="share of pairs")
        right.legend(frameon=False)
        with files.atomic_path(path) as temporary, temporary.open("wb") as file:
            figure.savefig(file, format=str(path).rsplit(".", 1)[-1], dpi=120)
