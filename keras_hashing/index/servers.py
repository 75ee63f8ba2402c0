"""What the stores on a server share: names, batches, the order of an answer, and what they refuse.

A server's items stand in the order of their ids, which no retry changes: that is their position.
"""

import re

import numpy as np

BATCH = 5000  # rows of one message; servers refuse large ones

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}")


def name(argument, value):
    """Return `value` if every server takes it for a table or a collection, unchanged.

    Raises:
        ValueError: anything but 1 to 48 ASCII letters, digits and underscores. PostgreSQL would
            cut a longer one, and two indexes might meet in one table.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(
            f"`{argument}` must be 1 to 48 letters, digits and underscores, no digit first; got "
            f"{value!r}. Give every index a name of its own, for example photos_48."
        )
    return value


def batches(count):
    """Slices of up to 5,000 rows that make up `count`."""
    return [slice(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]


def filled(found, k):
    """Answers of all queries as arrays, each in (distance, id) order.

    Args:
        found: for each query a list of pairs (distance, id), at most k.
        k: int >= 1.

    Returns:
        Distances, int32 `(queries, k)`, and ids, int64 `(queries, k)`; -1 where there are fewer.
    """
    distances = np.full((len(found), k), -1, np.int32)
    ids = np.full((len(found), k), -1, np.int64)
    for row, pairs in enumerate(found):
        if pairs:
            distances[row, : len(pairs)], ids[row, : len(pairs)] = in_order(pairs)
    return distances, ids


def joined(found):
    """Answers of all queries one after the other, each in (distance, id) order.

    Args:
        found: for each query a list of pairs (distance, id).

    Returns:
        `lims`, int64 `(queries + 1,)`; distances, int32, and ids, int64.
    """
    lims = np.cumsum([0, *(len(pairs) for pairs in found)], dtype=np.int64)
    columns = [in_order(pairs) for pairs in found if pairs]
    distances = [distances for distances, _ in columns]
    ids = [ids for _, ids in columns]
    return (
        lims,
        np.concatenate([np.empty(0, np.int32), *distances]),
        np.concatenate([np.empty(0, np.int64), *ids]),
    )


def in_order(pairs):
    """Pairs (distance, id), one at least, as int32 and int64 arrays in that order."""
    distances, ids = zip(*sorted((int(distance), item) for distance, item in pairs), strict=True)
    return np.array(distances, np.int32), np.array(ids, np.int64)


def refuse_mask(mask):
    """Raise ValueError for a mask: it would hold one bool for every item on the server."""
    if mask is not None:
        raise ValueError(
            "a server cannot take a mask. Add items with `labels`, and search with `labels`, or "
            "copy codes and ids into an exact index."
        )


def refuse_file(place):
    """Raise ValueError for a save: the server keeps the items."""
    raise ValueError(
        f"{place} is kept by its server, and opened again with the same arguments of `Index`. "
        "For a file, copy `codes` and `ids` into an exact index and save that."
    )


def refuse_copy(place):
    """Raise TypeError for a copy or a pickle: the index is a connection to the items."""
    raise TypeError(
        f"an index of {place} is a connection to its server, which cannot be copied or pickled. "
        "Open it with the same arguments of `Index` again, also in another process, or copy "
        "`codes` and `ids` into an exact index."
    )
