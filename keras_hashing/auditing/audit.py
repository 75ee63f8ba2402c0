"""What can be said of anyone's codes, before a figure made from them is believed."""

from keras_hashing import checks
from keras_hashing.auditing import bit_audit, code_set, repeats, searching
from keras_hashing.auditing.result import Audit


def audit(
    codes,
    bits=None,
    labels=None,
    ids=None,
    query_codes=None,
    query_labels=None,
    query_ids=None,
):
    """Look into a set of codes: leaks, repetitions, idle bits, ties, and what conventions do.

    Without `query_codes` the database is searched by its own items, each left out of its own
    search; of more than 1,000 items, 1,000 drawn with seed 0 are the queries. What needs labels
    is said only with labels.

    Args:
        codes: uint8 `(items, bytes)`, packed, the database in its order. A memory map will do.
        bits: int, code length; None for 8 times the width.
        labels: int `(items,)`, or multi-hot `(items, classes)`.
        ids: ints or strs `(items,)`, what tells that two items are one.
        query_codes, query_labels, query_ids: the same of queries; labels on both sides or on
            none, the queries' ids only with the database's.

    Returns:
        `keras_hashing.auditing.result.Audit`.

    Raises:
        TypeError: codes that are not uint8, labels that are not numbers, ids that are neither
            whole numbers nor strings, or of two kinds.
        ValueError: widths or lengths that do not fit, no items, or labels or ids without what
            they need.

    Example:
        >>> import numpy as np
        >>> found = audit(np.array([[5], [5], [6], [4]], np.uint8), bits=3)
        >>> found.dead_bits, found.duplicates.distinct, found.balance.tolist()
        ((2,), 3, [0.5, 0.25, 1.0])
    """
    database = code_set.database_set(codes, labels, ids, bits)
    bits = checks.bits(8 * database.codes.shape[1] if bits is None else bits)
    queries = code_set.query_set(query_codes, query_labels, query_ids, database, bits)
    if queries is None:
        leaks, search = None, searching.own_search(database)
    else:
        leaks = repeats.leaks(queries, database)
        search = searching.given_search(queries, database, leaks.ids)
    return Audit(
        bits=bits,
        items=len(database),
        leaks=leaks,
        duplicates=repeats.duplicates(database),
        of_bits=bit_audit.audit_bits(database.codes, bits),
        **searching.searched(search, bits),
    )
