"""What a user gives an audit, checked: codes with the labels and ids that are known."""

import dataclasses

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.evaluation import ids as item_ids


@dataclasses.dataclass(frozen=True)
class CodeSet:
    """Codes and what is known of their items.

    Attributes:
        codes: uint8 `(items, bytes)`.
        labels: int64 `(items,)` or bool `(items, classes)`; None where not known.
        ids: int64 or str `(items,)`; None where not known.
    """

    codes: np.ndarray
    labels: np.ndarray | None
    ids: np.ndarray | None

    def __len__(self):
        return len(self.codes)


def database_set(codes, labels, ids, bits):
    """The database's `CodeSet`.

    Raises:
        TypeError: codes that are not uint8, labels that are not numbers, ids that are neither
            whole numbers nor strings.
        ValueError: no items, widths or lengths that do not fit.
    """
    return _checked(("codes", "labels", "ids"), codes, labels, ids, bits)


def query_set(codes, labels, ids, database, bits):
    """The queries' `CodeSet`, or None where no codes are given.

    Raises:
        TypeError: as for `database_set`, or ids of another kind than the database's.
        ValueError: as for `database_set`; labels or ids without codes, without the database's, or
            (labels) missing where the database has them.
    """
    names = ("query_codes", "query_labels", "query_ids")
    if codes is None:
        _needs(names[1], labels, names[0])
        _needs(names[2], ids, names[0])
        return None
    if database.labels is None:
        _needs("query_labels", labels, "labels")
    elif labels is None:
        _needs("labels", database.labels, "query_labels")
    if database.ids is None:
        _needs("query_ids", ids, "ids")
    queries = _checked(names, codes, labels, ids, bits)
    if queries.codes.shape[1] != database.codes.shape[1]:
        raise ValueError(
            f"`query_codes` and `codes` must be of one width; got {queries.codes.shape[1]} and "
            f"{database.codes.shape[1]} bytes. Encode both with the same model."
        )
    if queries.labels is not None:
        relevance.same_form("query_labels", queries.labels, "labels", database.labels)
    if queries.ids is not None:
        item_ids.same_kind("query_ids", queries.ids, "ids", database.ids)
    return queries


def _checked(names, codes, labels, ids, bits):
    """A `CodeSet` of what was given under these names."""
    codes = checks.codes(names[0], codes, None if bits is None else checks.bits(bits))
    if not len(codes):
        raise ValueError(f"`{names[0]}` is empty: there is nothing to audit.")
    if labels is not None:
        labels = relevance.labels(names[1], labels, len(codes))
    if ids is not None:
        ids = item_ids.checked(names[2], ids)
        checks.same_length(names[2], ids, names[0], codes)
    return CodeSet(codes, labels, ids)


def _needs(name, value, other):
    if value is not None:
        raise ValueError(f"`{name}` needs `{other}` too; got it alone. Pass both, or neither.")
