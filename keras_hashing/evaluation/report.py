"""What an evaluation found, every figure with its convention in its name."""

import dataclasses
from typing import Any

import numpy as np

from keras_hashing import files
from keras_hashing.evaluation import display
from keras_hashing.types import Path


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """Retrieval metrics, means over the queries that count (`without_relevant`).

    Attributes:
        bits: int, code length.
        queries, database: int, numbers of items.
        queries_without_relevant: int, queries with nothing relevant in the database.
        without_relevant: "left out", they are in no mean; or "zero", they count as 0 in each.
        own_left_out: int, queries whose own item was left out of their search (`exclude_self`).
        ties: "expected", the mean over all orders of equal distances, exact; or "index", the
            database's order. It applies to all but the best and worst, `ndcg…`, `rank_curve` and
            what goes by radius, which no order moves.
        denominator: which of the three conventions `map_at` has.
        map: float in [0, 1], mean average precision over the whole database.
        map_best, map_worst: floats, relevant items of each distance first, and last.
        per_query: float64 `(queries,)`, average precision of each query over the whole database,
            whose mean `map` is; NaN for a query that is left out, 0 for one counted as 0.
        map_at, map_at_hits, map_at_min, map_at_total: dicts, cutoff R -> mAP@R whose
            denominator is the chosen one; the relevant items up to R; the smaller of R and all
            relevant items; all relevant items.
        per_query_at: dict, cutoff -> float64 `(queries,)`, as `per_query`, whose mean is `map_at`.
        map_at_r: float in [0, 1], MAP@R: mAP@R(total), R being each query's relevant items;
            r_precision: float in [0, 1], precision among the first R. Source: Musgrave et al., "A
            metric learning reality check", ECCV 2020.
        precision_at, recall_at: dicts, cutoff -> float.
        hit_rate_at: dict, cutoff -> float in [0, 1], share of queries with a relevant item among
            the first; expected, with ties "expected".
        acg_at: dict, cutoff -> float, average cumulative gain: mean number of labels that an item
            up to there shares with the query; with single labels the same as precision.
        weighted_map: float, mean over relevant items of ACG at their ranks, and
            weighted_map_at, dict, cutoff -> the same over the relevant items up to there; with
            single labels the same as `map` and `map_at_hits`. Source: Zhao et al., "Deep semantic
            ranking based hashing for multi-label image retrieval", CVPR 2015.
        ndcg, ndcg_at: float, and dict by cutoff: normalized discounted cumulative gain of the
            expected order, whatever `ties`; the gain of an item that shares g labels is 2^g - 1.
        ndcg_linear, ndcg_linear_at: the same with a gain of g.
        radius: int; precision_radius, recall_radius: floats for the items within it; a query
            with none counts as 0. empty_radius: share of queries with none.
        pr_curve: dict of float64 arrays `(bits + 1,)`, "precision" and "recall" within radius
            0 to `bits`, each a mean over the queries.
        rank_curve: dict of arrays, "rank" (int64, at most 100, from 1 to the database's size),
            and expected "precision" and "recall" there, means over the queries.
        distances: dict of int64 arrays `(bits + 1,)`, pairs at each distance, "relevant" and
            "irrelevant", of the queries that count.
        notes: tuple of str, what was changed in what was asked for.
        plan: str, how it was computed.

    Example:
        >>> import keras_hashing as kh
        >>> codes = np.array([[0], [1], [3]], np.uint8)
        >>> report = kh.evaluate(codes[:1], [0], codes, [0, 1, 0], bits=2, at=1)
        >>> report.queries, report.database, round(report.map, 3)
        (1, 3, 0.833)
    """

    bits: int
    queries: int
    database: int
    queries_without_relevant: int
    without_relevant: str
    own_left_out: int
    ties: str
    denominator: str
    map: float
    map_best: float
    map_worst: float
    per_query: np.ndarray
    map_at: dict
    map_at_hits: dict
    map_at_min: dict
    map_at_total: dict
    per_query_at: dict
    map_at_r: float
    r_precision: float
    precision_at: dict
    recall_at: dict
    hit_rate_at: dict
    acg_at: dict
    weighted_map: float
    weighted_map_at: dict
    ndcg: float
    ndcg_at: dict
    ndcg_linear: float
    ndcg_linear_at: dict
    radius: int
    precision_radius: float
    recall_radius: float
    empty_radius: float
    pr_curve: dict
    rank_curve: dict
    distances: dict
    notes: tuple
    plan: str

    def to_dict(self) -> dict[str, Any]:
        """Figures under names that hold denominator and ties, ready for JSON; curves left out."""
        named = {
            "bits": self.bits,
            "queries": self.queries,
            "database": self.database,
            "queries_without_relevant": self.queries_without_relevant,
            "without_relevant": self.without_relevant,
            "own_left_out": self.own_left_out,
            "ties": self.ties,
            f"map({self.ties})": self.map,
            "map(best)": self.map_best,
            "map(worst)": self.map_worst,
            f"map@r({self.ties})": self.map_at_r,
            f"r_precision({self.ties})": self.r_precision,
            f"weighted_map({self.ties})": self.weighted_map,
            "ndcg(expected)": self.ndcg,
            "ndcg_linear(expected)": self.ndcg_linear,
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
            named[f"hit_rate@{cutoff}"] = self.hit_rate_at[cutoff]
            named[f"acg@{cutoff}"] = self.acg_at[cutoff]
            named[f"weighted_map@{cutoff}(hits)"] = self.weighted_map_at[cutoff]
            named[f"ndcg@{cutoff}(expected)"] = self.ndcg_at[cutoff]
            named[f"ndcg_linear@{cutoff}(expected)"] = self.ndcg_linear_at[cutoff]
        if self.notes:
            named["notes"] = list(self.notes)
        return named

    def __repr__(self):
        return display.text(self)

    def _repr_html_(self):
        return display.html(self)

    def plot(self, path: Path) -> None:
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
