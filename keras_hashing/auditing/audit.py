"""What can be said of anyone's codes, before a figure made from them is believed."""

from keras_hashing.auditing import bit_audit, code_set, inputs, repeats, searching, two_sides
from keras_hashing.auditing.result import Audit
from keras_hashing.types import ArrayLike


def audit(
    codes: ArrayLike,
    bits: int | None = None,
    *,
    labels: ArrayLike = None,
    ids: ArrayLike = None,
    query_codes: ArrayLike = None,
    query_labels: ArrayLike = None,
    query_ids: ArrayLike = None,
) -> Audit:
    """Look into a set of codes: leaks, repetitions, idle bits, ties, and what conventions do.

    Without queries the database is searched by its own items, each left out of its own search;
    of more than 1,000 items, 1,000 drawn with seed 0 are the queries. What needs labels is said
    only with labels.

    Each argument is an array, or the path of a file: .npy, .npz, .mat, .csv, .tsv or .txt. A file
    with several arrays gives the one its argument asks for, by name (`query_codes`, `qB`,
    `test_labels`, …), and whatever else is missing. So the codes.npz of a zoo entry, its folder,
    what `keras_hashing.zoo.codes` returns, or a dict of arrays may be all there is to pass.
    Pickles, also PyTorch's, are never loaded.

    Args:
        codes: the database in its order. Packed, uint8 `(items, ceil(bits / 8))`; or signs -1 and
            +1 or bits 0 and 1 of any type, `(items, bits)`. uint8 of 0 and 1 alone are taken as
            unpacked bits, which a note tells, unless `bits` says that they are packed. A memory
            map will do.
        bits: int, code length; None for that of the codes, 8 times the width of packed ones.
        labels: int `(items,)`, or multi-hot `(items, classes)`; or class names `(items,)`.
        ids: ints or strs `(items,)`, what tells that two items are one.
        query_codes, query_labels, query_ids: the same of queries; labels on both sides or on
            none, the queries' ids only with the database's.

    Returns:
        `keras_hashing.auditing.result.Audit`.

    Raises:
        FileNotFoundError: a path that does not exist.
        TypeError: codes that are not numbers, labels or ids of another kind, or of two kinds.
        ValueError: codes of another form, a file that cannot be read or does not tell which array
            is meant, widths or lengths that do not fit, no items, or labels or ids without what
            they need.
        ModuleNotFoundError: a .mat file without scipy.

    Example:
        >>> import numpy as np
        >>> found = audit(np.array([[5], [5], [6], [4]], np.uint8), bits=3)
        >>> found.dead_bits, found.duplicates.distinct, found.balance.tolist()
        ((2,), 3, [0.5, 0.25, 1.0])
        >>> signs = np.array([[1, -1, 1], [1, -1, 1], [-1, 1, 1], [-1, -1, 1]])
        >>> audit(signs).balance.tolist()
        [0.5, 0.25, 1.0]
    """
    given, read = inputs.gather(
        {
            "codes": codes,
            "labels": labels,
            "ids": ids,
            "query_codes": query_codes,
            "query_labels": query_labels,
            "query_ids": query_ids,
        }
    )
    database, queries, bits, assumed = code_set.code_sets(given, bits)
    if queries is None:
        leaks, sides, search = None, None, searching.own_search(database)
    else:
        leaks, sides = repeats.leaks(queries, database), two_sides.compare(queries, database, bits)
        search = searching.given_search(queries, database, leaks.ids)
    found = searching.searched(search, bits)
    found["notes"] = (*read, *assumed, *found["notes"])
    return Audit(
        bits=bits,
        items=len(database),
        leaks=leaks,
        sides=sides,
        duplicates=repeats.duplicates(database),
        of_bits=bit_audit.audit_bits(database.codes, bits),
        **found,
    )
