"""Exact retrieval metrics of codes, all at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.evaluation import ids, index_order, sides
from keras_hashing.evaluation.evaluator import Evaluator
from keras_hashing.evaluation.summary import summarize
from keras_hashing.types import ArrayLike

if TYPE_CHECKING:
    from keras_hashing.evaluation import Report

TIES = ("expected", "index")


def evaluate(
    query_codes: ArrayLike,
    query_labels: ArrayLike = None,
    database_codes: ArrayLike = None,
    database_labels: ArrayLike = None,
    *,
    bits: int | None = None,
    at: int | Sequence[int] = (),
    radius: int = 2,
    ties: str = "expected",
    denominator: str = "hits",
    without_relevant: str = "left out",
    query_ids: ArrayLike = None,
    database_ids: ArrayLike = None,
    exclude_self: bool = False,
) -> "Report":
    """Retrieval metrics of queries against a database, exact under ties.

    It takes four arrays; or two things that have `codes` and `labels`, queries and database; or
    one that has `query_codes`, `query_labels`, `database_codes` and `database_labels`. Such a
    thing is an object (`keras_hashing.corpus.Corpus`, what `keras_hashing.zoo.codes` gives), a
    dict, or the path of an .npz; its `ids` and `bits` are used where it has them.

    Args:
        query_codes: uint8 `(queries, bytes)`, packed.
        query_labels: int `(queries,)`, or multi-hot `(queries, classes)`; two items are relevant
            to each other if they share a label.
        database_codes: uint8 `(database, bytes)`.
        database_labels: labels of the database, the same form.
        bits: int, code length; None for 8 times the width.
        at: int or ints, cutoffs for mAP@R, precision, recall and so on. One above the database's
            size becomes that size, and the report's notes say so.
        radius: int in [0, bits], for precision within a Hamming radius.
        ties: "expected", the mean over all orders of equal distances, in closed form; "index",
            ties in database order, which published figures often have.
        denominator: "hits", "min" or "total": what `map_at` is divided by; the report has all.
        without_relevant: "left out", queries with nothing relevant in the database do not count;
            "zero", they count as 0 in every mean, also where no query has anything relevant.
        query_ids, database_ids: whole numbers or strs, one per item, for `exclude_self`; both of
            one kind, the database's unique.
        exclude_self: bool, leave the item with a query's own id out of its database. The report
            says how many were; none is an error.

    Returns:
        `Report`.

    Raises:
        FileNotFoundError: no such .npz.
        TypeError: codes that are not uint8, labels that are not numbers, ids of two kinds,
            something without codes and labels, or `at` that holds no whole numbers.
        ValueError: widths or lengths that do not fit, an empty database, a value out of range,
            no query with anything relevant (with "left out"), or with its own item in the database
            (with `exclude_self`).

    Example:
        >>> codes = np.array([[0], [1], [3]], np.uint8)
        >>> report = evaluate(codes[:1], [0], codes, [0, 1, 0], bits=2, at=1)
        >>> round(report.map, 3), report.precision_at
        (0.833, {1: 1.0})
        >>> database = {"codes": codes, "labels": [0, 1, 0], "bits": 2}
        >>> queries = {"codes": codes[:1], "labels": [0]}
        >>> evaluate(queries, database).map == report.map
        True

    Source: `keras_hashing.evaluation.metrics`; `docs/metrics.md` has the definitions, and how to
    get the figures of other code.
    """
    given = (query_codes, query_labels, database_codes, database_labels)
    arrays, held = sides.arguments(given, bits, query_ids, database_ids)
    query_codes, query_labels, database_codes, database_labels = arrays
    database_ids = held.pop("database_ids")
    checks.one_of("ties", ties, TIES)
    evaluator = Evaluator(
        query_codes,
        query_labels,
        **held,
        at=at,
        radius=radius,
        denominator=denominator,
        without_relevant=without_relevant,
        exclude_self=exclude_self,
    )
    evaluator.update(database_codes, database_labels, database_ids)
    ranked = None
    if ties == "index" and evaluator.rows:
        ranked = _ranked(evaluator, database_codes, database_labels, database_ids)
    return summarize(evaluator, ranked)


def _ranked(evaluator, database_codes, database_labels, database_ids):
    """Sums in database order."""
    own = None
    if evaluator.exclude_self:
        own = ids.places(evaluator.query_ids, ids.checked("database_ids", database_ids))
    return index_order.ranked(
        evaluator.query_codes,
        evaluator.query_labels,
        np.asarray(database_codes),
        relevance.labels("database_labels", database_labels),
        evaluator.bits,
        (None, index_order.RELEVANT, *evaluator.at),
        own,
    )
