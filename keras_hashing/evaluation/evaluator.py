"""Exact retrieval metrics of codes, streamed over parts of the database."""

import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_hashing import checks, codes, relevance
from keras_hashing.evaluation import distinct, ids
from keras_hashing.evaluation.histograms import Rows, histograms
from keras_hashing.evaluation.scores import DENOMINATORS
from keras_hashing.evaluation.summary import summarize
from keras_hashing.types import ArrayLike

if TYPE_CHECKING:
    from keras_hashing.evaluation import Report

WITHOUT_RELEVANT = ("left out", "zero")


class Evaluator:
    """The metrics of `evaluate` with expected ties, for a database that comes in parts.

    It holds two histograms a query, never the database. The sums are integers, so evaluators of
    several shards merged give the result of one, bit for bit.

    Args:
        query_codes, query_labels, bits, at, radius, denominator, without_relevant, query_ids,
            exclude_self: as for `evaluate`.

    Raises:
        TypeError, ValueError: as for `evaluate`.

    Example:
        >>> evaluator = Evaluator(np.array([[0]], np.uint8), [0], bits=2)
        >>> evaluator.update(np.array([[0], [1]], np.uint8), [0, 1])
        >>> evaluator.update(np.array([[3]], np.uint8), [0])
        >>> round(evaluator.result().map, 3)
        0.833
    """

    def __init__(
        self,
        query_codes: ArrayLike,
        query_labels: ArrayLike,
        *,
        bits: int | None = None,
        at: int | Sequence[int] = (),
        radius: int = 2,
        denominator: str = "hits",
        without_relevant: str = "left out",
        query_ids: ArrayLike = None,
        exclude_self: bool = False,
    ) -> None:
        query_codes = np.asarray(query_codes)
        checks.codes("query_codes", query_codes, None if bits is None else checks.bits(bits))
        self.bits = checks.bits(8 * query_codes.shape[1] if bits is None else bits)
        self.query_codes = query_codes
        self.query_labels = relevance.labels("query_labels", query_labels, len(query_codes))
        if not len(query_codes):
            raise ValueError("`query_codes` is empty: there is nothing to evaluate.")
        one = isinstance(at, numbers.Integral) and not isinstance(at, bool)
        self.at = checks.cutoffs("at", (at,) if one else at)
        # The default of 2 also stands for a code of one bit.
        longest = max(self.bits, 2)
        self.radius = checks.whole("radius", radius, 0, longest, "It is a number of bits.")
        self.denominator = checks.one_of("denominator", denominator, DENOMINATORS)
        self.without_relevant = checks.one_of(
            "without_relevant", without_relevant, WITHOUT_RELEVANT
        )
        if exclude_self and query_ids is None:
            raise ValueError("`exclude_self` needs `query_ids` and the database's ids.")
        self.query_ids: Any = None if query_ids is None else ids.checked("query_ids", query_ids)
        if query_ids is not None:
            checks.same_length("query_ids", self.query_ids, "query_codes", query_codes)
        self.exclude_self = exclude_self
        self.rows = 0
        self.plan = None
        multi_hot = self.query_labels.ndim == 2
        self._classes = None if multi_hot else np.unique(self.query_labels)
        self._queries = self._rows(query_codes, self.query_labels)
        self._left_out = np.zeros(len(query_codes), bool)  # queries whose own item was seen
        self._other_id = None  # of a database item, as an example
        most_shared = int(self.query_labels.sum(axis=1).max()) if multi_hot else 1
        # By query, number of shared labels, and distance.
        self.counts = np.zeros((len(query_codes), 1 + most_shared, self.bits + 1), np.int64)

    @property
    def own_left_out(self) -> int:
        """int, queries whose own item was found in the database and left out."""
        return int(self._left_out.sum())

    def update(
        self, database_codes: ArrayLike, database_labels: ArrayLike, database_ids: ArrayLike = None
    ) -> None:
        """Count another part of the database.

        Args:
            database_codes: uint8 `(items, bytes)`.
            database_labels: labels in the queries' form.
            database_ids: one per item; needed with `exclude_self`.

        Raises:
            TypeError, ValueError: as for `evaluate`; nothing is counted then.
        """
        database_codes = checks.codes("database_codes", database_codes, self.bits)
        labels = relevance.labels("database_labels", database_labels, len(database_codes))
        relevance.same_form("query_labels", self.query_labels, "database_labels", labels)
        if self.exclude_self and database_ids is None:
            raise ValueError("`exclude_self` needs the database's ids too.")
        if database_ids is not None:
            database_ids = ids.checked("database_ids", database_ids)
            checks.same_length("database_ids", database_ids, "database_codes", database_codes)
        if not len(database_codes):
            return
        rows = self._rows(database_codes, labels)
        counts, self.plan = histograms(self._queries, rows, self.bits, self.counts.shape[1])
        if self.exclude_self:
            self._leave_out(counts, database_codes, labels, database_ids)
        self.counts += counts
        self.rows += len(database_codes)

    def merge(self, other: "Evaluator") -> "Evaluator":
        """Add what another evaluator of the same queries has counted; returns `self`.

        Raises:
            ValueError: the other has other queries, labels or settings.
        """
        same = (
            np.array_equal(self.query_codes, other.query_codes)
            and np.array_equal(self.query_labels, other.query_labels)
            and (self.bits, self.exclude_self) == (other.bits, other.exclude_self)
        )
        if not same:
            raise ValueError(
                "only evaluators of the same queries, labels, bits and `exclude_self` merge. "
                "Make both with the same arguments."
            )
        if self.exclude_self and not np.array_equal(self.query_ids, other.query_ids):
            raise ValueError(
                "evaluators with `exclude_self` merge only with equal `query_ids`. "
                "Make both with the same arguments."
            )
        self._see_own(other._left_out)
        if self._other_id is None:
            self._other_id = other._other_id
        self.counts += other.counts
        self.rows += other.rows
        self.plan = self.plan or other.plan
        return self

    def result(self) -> "Report":
        """The `Report` of what was counted so far.

        Raises:
            ValueError: nothing was counted, no query has anything relevant and such are left out,
                or `exclude_self` and no query's id came in the database.
        """
        return summarize(self)

    def own_notes(self):
        """What to say of queries whose own item was not in the database, a tuple of str.

        Raises:
            ValueError: `exclude_self`, and there was none of them.
        """
        queries, found = len(self.query_codes), self.own_left_out
        if not self.exclude_self or found == queries:
            return ()
        if found:
            return (f"own items left out: {found} of {queries}; the others' ids are not there",)
        raise ValueError(
            f"`exclude_self` found none of the {queries} queries' ids in the database: a query's "
            f"is {self.query_ids[0].item()!r}, an item's {self._other_id!r}. Name an image in the "
            "same way on both sides, or leave `exclude_self` out."
        )

    def kinds(self):
        """Queries that count alike, because their codes and labels are equal.

        Returns:
            The position of one query of each kind, int64 `(kinds,)`, and each query's kind,
            int64 `(queries,)`.
        """
        if self.exclude_self:  # equal queries leave out different items
            each = np.arange(len(self.query_codes))
            return each, each
        joined = np.hstack([self._queries.words, self._queries.labels])
        first, _, kinds = distinct.distinct(joined)
        return first, kinds

    def _rows(self, some_codes, labels):
        """Codes and labels as words; single labels as numbers of the queries' classes, or -1."""
        words = codes.words(some_codes).view(np.int64)
        if self._classes is None:
            return Rows(words, distinct.label_words(labels).view(np.int64), multi_hot=True)
        place = np.searchsorted(self._classes, labels).clip(max=len(self._classes) - 1)
        numbers = np.where(self._classes[place] == labels, place, -1)
        return Rows(words, numbers[:, None], multi_hot=False)

    def _leave_out(self, counts, database_codes, labels, database_ids):
        """Take each query's own item out of its counts."""
        own = ids.places(self.query_ids, database_ids)
        self._see_own(own >= 0)
        if self._other_id is None:
            self._other_id = database_ids[0].item()
        for query in np.flatnonzero(own >= 0):
            place = slice(own[query], own[query] + 1)
            row = slice(query, query + 1)
            distance = codes.hamming(self.query_codes[row], database_codes[place])[0, 0]
            if self._classes is None:
                grade = int((self.query_labels[query] & labels[own[query]]).sum())
            else:
                grade = int(self.query_labels[query] == labels[own[query]])
            counts[query, grade, distance] -= 1

    def _see_own(self, seen):
        """Note for which queries the own item was left out; it must come once."""
        again = np.flatnonzero(self._left_out & seen)
        if len(again):
            twice = self.query_ids[again[0]]
            raise ValueError(
                f"`database_ids` must be unique over all parts; {twice} came before. "
                "Give every item its own id, and every part once."
            )
        self._left_out |= seen
