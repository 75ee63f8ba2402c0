"""Exact retrieval metrics of codes: all at once, or streamed over parts of the database."""

import numpy as np

from keras_hashing import checks, codes, relevance
from keras_hashing.evaluation import distinct, index_order
from keras_hashing.evaluation.histograms import Rows, histograms
from keras_hashing.evaluation.summary import DENOMINATORS, summarize

TIES = ("expected", "index")


def evaluate(
    query_codes,
    query_labels,
    database_codes,
    database_labels,
    bits=None,
    at=(),
    radius=2,
    ties="expected",
    denominator="hits",
    query_ids=None,
    database_ids=None,
    exclude_self=False,
):
    """Retrieval metrics of queries against a database, exact under ties.

    Args:
        query_codes: uint8 `(queries, bytes)`, packed.
        query_labels: int `(queries,)`, or multi-hot `(queries, classes)`; two items are relevant
            to each other if they share a label.
        database_codes: uint8 `(database, bytes)`.
        database_labels: labels of the database, the same form.
        bits: int, code length; None for 8 times the width.
        at: ints, cutoffs for mAP@R, precision and recall. One above the database's size becomes
            that size, and the report's notes say so.
        radius: int in [0, bits], for precision within a Hamming radius.
        ties: "expected", the mean over all orders of equal distances, in closed form; "index",
            ties in database order, which published figures often have.
        denominator: "hits", "min" or "total": what `map_at` is divided by; the report has all.
        query_ids, database_ids: ints or strs, one per item, for `exclude_self`; both of one kind,
            the database's unique.
        exclude_self: bool, leave the item with a query's own id out of its database.

    Returns:
        `Report`. A query with nothing relevant is left out of the means and counted.

    Raises:
        TypeError: codes that are not uint8, labels that are not numbers, ids of two kinds, or
            `at` that is no sequence of whole numbers.
        ValueError: widths or lengths that do not fit, an empty database, a value out of range,
            or no query with anything relevant.

    Example:
        >>> one = np.array([[0], [1], [3]], np.uint8)
        >>> evaluate(one[:1], [0], one, [0, 1, 0], bits=2).map
        0.8333333333333333

    Source: `keras_hashing.evaluation.metrics`.
    """
    checks.one_of("ties", ties, TIES)
    evaluator = Evaluator(
        query_codes, query_labels, bits, at, radius, denominator, query_ids, exclude_self
    )
    evaluator.update(database_codes, database_labels, database_ids)
    ranked = None
    if ties == "index" and evaluator.rows:
        own = None
        if exclude_self:
            own = _positions(evaluator.query_ids, np.asarray(database_ids))
        ranked = index_order.average_precisions(
            evaluator.query_codes,
            evaluator.query_labels,
            np.asarray(database_codes),
            relevance.labels("database_labels", database_labels),
            evaluator.bits,
            (None, *evaluator.at),
            own,
        )
    return summarize(evaluator, ranked)


class Evaluator:
    """The metrics of `evaluate` with expected ties, for a database that comes in parts.

    It holds two histograms a query, never the database. The sums are integers, so evaluators of
    several shards merged give the result of one, bit for bit.

    Args:
        query_codes, query_labels, bits, at, radius, denominator, query_ids, exclude_self: as
            for `evaluate`.

    Raises:
        TypeError, ValueError: as for `evaluate`.
    """

    def __init__(
        self,
        query_codes,
        query_labels,
        bits=None,
        at=(),
        radius=2,
        denominator="hits",
        query_ids=None,
        exclude_self=False,
    ):
        query_codes = np.asarray(query_codes)
        checks.codes("query_codes", query_codes, None if bits is None else checks.bits(bits))
        self.bits = checks.bits(8 * query_codes.shape[1] if bits is None else bits)
        self.query_codes = query_codes
        self.query_labels = relevance.labels("query_labels", query_labels, len(query_codes))
        if not len(query_codes):
            raise ValueError("`query_codes` is empty: there is nothing to evaluate.")
        self.at = checks.cutoffs("at", at)
        # The default of 2 also stands for a code of one bit.
        longest = max(self.bits, 2)
        self.radius = checks.whole("radius", radius, 0, longest, "It is a number of bits.")
        self.denominator = checks.one_of("denominator", denominator, DENOMINATORS)
        if exclude_self and query_ids is None:
            raise ValueError("`exclude_self` needs `query_ids` and the database's ids.")
        self.query_ids = None if query_ids is None else np.asarray(query_ids)
        if query_ids is not None:
            checks.same_length("query_ids", self.query_ids, "query_codes", query_codes)
        self.exclude_self = exclude_self
        self.rows = 0
        self.plan = None
        multi_hot = self.query_labels.ndim == 2
        self._classes = None if multi_hot else np.unique(self.query_labels)
        self._queries = self._rows(query_codes, self.query_labels)
        self._left_out = np.zeros(len(query_codes), bool)  # queries whose own item was seen
        most_shared = int(self.query_labels.sum(axis=1).max()) if multi_hot else 1
        # By query, number of shared labels, and distance.
        self.counts = np.zeros((len(query_codes), 1 + most_shared, self.bits + 1), np.int64)

    def update(self, database_codes, database_labels, ids=None):
        """Count another part of the database.

        Args:
            database_codes: uint8 `(items, bytes)`.
            database_labels: labels in the queries' form.
            ids: one per item; needed with `exclude_self`.

        Raises:
            TypeError, ValueError: as for `evaluate`; nothing is counted then.
        """
        database_codes = checks.codes("database_codes", database_codes, self.bits)
        labels = relevance.labels("database_labels", database_labels, len(database_codes))
        relevance.same_form("query_labels", self.query_labels, "database_labels", labels)
        if self.exclude_self and ids is None:
            raise ValueError("`exclude_self` needs the database's ids too.")
        if ids is not None:
            checks.same_length("database_ids", np.asarray(ids), "database_codes", database_codes)
        if not len(database_codes):
            return
        rows = self._rows(database_codes, labels)
        counts, self.plan = histograms(self._queries, rows, self.bits, self.counts.shape[1])
        if self.exclude_self:
            self._leave_out(counts, database_codes, labels, np.asarray(ids))
        self.counts += counts
        self.rows += len(database_codes)

    def merge(self, other):
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
        if self.exclude_self and not np.array_equal(
            np.asarray(self.query_ids), np.asarray(other.query_ids)
        ):
            raise ValueError(
                "evaluators with `exclude_self` merge only with equal `query_ids`. "
                "Make both with the same arguments."
            )
        self._see_own(other._left_out)
        self.counts += other.counts
        self.rows += other.rows
        self.plan = self.plan or other.plan
        return self

    def result(self):
        """The `Report` of what was counted so far.

        Raises:
            ValueError: nothing was counted, or no query has anything relevant.
        """
        return summarize(self)

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
            padded = np.pad(labels, ((0, 0), (0, -labels.shape[1] % 64)))
            packed = np.packbits(padded, axis=1, bitorder="little").view(np.int64)
            return Rows(words, packed, multi_hot=True)
        place = np.searchsorted(self._classes, labels).clip(max=len(self._classes) - 1)
        numbers = np.where(self._classes[place] == labels, place, -1)
        return Rows(words, numbers[:, None], multi_hot=False)

    def _leave_out(self, counts, database_codes, labels, ids):
        """Take each query's own item out of its counts."""
        own = _positions(self.query_ids, ids)
        self._see_own(own >= 0)
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
            twice = np.asarray(self.query_ids)[again[0]]
            raise ValueError(
                f"`database_ids` must be unique over all parts; {twice} came before. "
                "Give every item its own id, and every part once."
            )
        self._left_out |= seen


def _positions(query_ids, database_ids):
    """Place of each query's id in the database, -1 where it is not; an id must stand once."""
    kinds = query_ids.dtype, database_ids.dtype
    if (kinds[0].kind in "iu") != (kinds[1].kind in "iu"):
        raise TypeError(
            "`query_ids` and `database_ids` must both be whole numbers, or both strings; got "
            f"dtypes {kinds[0]} and {kinds[1]}. Number or name both sides in the same way."
        )
    unique, first = np.unique(database_ids, return_index=True)
    if len(unique) != len(database_ids):
        raise ValueError("`database_ids` must be unique to leave a query's own item out.")
    place = np.searchsorted(unique, query_ids).clip(max=len(unique) - 1)
    return np.where(unique[place] == query_ids, first[place], -1)
