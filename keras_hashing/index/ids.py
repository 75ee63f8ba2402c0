"""Ids of an index's items: whole numbers of the user's, unique, one per position."""

import numpy as np

from keras_hashing import checks
from keras_hashing.index.exact.file import MOST_IDS


class Ids:
    """Ids by position, in memory that grows by doubling.

    Args:
        ids: int64 array `(n,)`, unique, not negative; kept, not copied.
        next_id: int, above every id that the index ever had.
    """

    def __init__(self, ids=(), next_id=0):
        self._ids = np.asarray(ids, np.int64)  # entries from `_count` on are room for more
        self._count = len(self._ids)
        self.next_id = next_id

    def __len__(self):
        return self._count

    @property
    def array(self):
        """int64 array `(n,)`, read-only, by position."""
        ids = self._ids[: self._count]
        ids.flags.writeable = False
        return ids

    def known(self, ids):
        """Which of `ids`, int64 `(m,)`, are here: bool `(m,)`."""
        if len(ids) and ids.min() >= self.next_id:
            return np.zeros(len(ids), bool)
        return np.isin(ids, self.array)

    def append(self, ids):
        """Add ids, int64 `(m,)`, not negative, new and unique."""
        stop = self._count + len(ids)
        if stop > len(self._ids) or not self._ids.flags.writeable:
            room = np.empty(max(stop, 2 * self._count), np.int64)
            room[: self._count] = self._ids[: self._count]
            self._ids = room
        self._ids[self._count : stop] = ids
        self._count = stop
        if len(ids):
            self.next_id = max(self.next_id, int(ids.max()) + 1)

    def keep(self, mask):
        """Drop the ids where `mask`, bool `(n,)`, is False."""
        self._ids = self._ids[: self._count][mask]
        self._count = len(self._ids)


def whole_numbers(ids):
    """`ids` as an int64 array `(n,)`.

    Raises:
        TypeError: they are not whole numbers, or too large.
        ValueError: not rank 1.
    """
    array = np.asarray(ids)
    if array.size == 0 and array.ndim == 1:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu" or (array > np.iinfo(np.int64).max).any():
        raise TypeError(
            f"`ids` must be whole numbers that fit int64; got dtype {array.dtype}. "
            "Number the items, and keep their names in a list."
        )
    checks.rank("ids", array, 1, "Pass one id per item.")
    return array.astype(np.int64)


def new(codes, ids, store):
    """Ids for new items, checked against those that a store has.

    Args:
        codes: the new items' codes.
        ids: one whole number per code, or None to count on from the store's `next_id`.
        store: an index's store, with `next_id` and `known`.

    Returns:
        int64 array `(n,)`.

    Raises:
        TypeError: they are not whole numbers.
        ValueError: another number than of codes, negative, twice, or in the store.
    """
    if ids is None:
        stop = store.next_id + len(codes)
        if stop > MOST_IDS:
            raise ValueError(
                f"default `ids` would go on from {store.next_id} beyond int64. Pass `ids`."
            )
        return np.arange(stop - len(codes), stop, dtype=np.int64)
    ids = unique(codes, ids)
    taken = ids[store.known(ids)]
    if len(taken):
        raise _not_unique(taken.min())
    return ids


def unique(codes, ids):
    """Ids for items, checked by themselves: int64 array `(n,)`.

    Raises:
        TypeError: they are not whole numbers.
        ValueError: another number than of codes, negative, or twice.
    """
    ids = whole_numbers(ids)
    checks.same_length("codes", codes, "ids", ids)
    if len(ids) and ids.min() < 0:
        raise ValueError(
            f"`ids` must be 0 or more; got {ids.min()}. A search answers -1 for no item."
        )
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise _not_unique(values[counts > 1][0])
    return ids


def _not_unique(item):
    return ValueError(
        f"`ids` must be unique; {item} occurs twice or is in the index. "
        "Give every item its own id, remove the old item first, or `upsert`."
    )
