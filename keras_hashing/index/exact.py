"""Exact search by Hamming distance over codes held in memory or mapped from a file."""

import numpy as np

from keras_hashing import checks, codes
from keras_hashing.index import scan, storage

_MASK_HINT = "Pass one bool per item, in the order of `index.ids`; True keeps it."


class Index:
    """Codes with ids, searched exactly by Hamming distance.

    Equal distances come in the order of positions: that in which items were added.

    Args:
        bits: int in 1..4096, the code length.

    Raises:
        TypeError: `bits` is not a whole number.
        ValueError: `bits` is outside 1..4096.

    Example:
        >>> index = Index(bits=3)
        >>> index.add(np.array([[0b000], [0b111], [0b001]], np.uint8))
        >>> distances, ids = index.search(np.array([[0b011]], np.uint8), k=2)
        >>> distances.tolist(), ids.tolist()
        ([[1, 1]], [[1, 2]])
    """

    def __init__(self, bits):
        self.bits = checks.bits(bits)
        self._count = 0
        self._next_id = 0
        # Columns from `_count` on are room for more.
        self._words = np.empty((-(-self.bits // 64), 0), np.uint64)
        self._ids = np.empty(0, np.int64)

    def __len__(self):
        return self._count

    @property
    def ids(self):
        """int64 array `(n,)`, read-only, by position."""
        ids = self._ids[: self._count]
        ids.flags.writeable = False
        return ids

    @property
    def codes(self):
        """uint8 array `(n, ceil(bits / 8))`, a copy, by position."""
        by_row = np.ascontiguousarray(self._words[:, : self._count].T)
        width = -(-self.bits // 8)
        return np.ascontiguousarray(by_row.view(np.uint8)[:, :width])

    def add(self, new_codes, ids=None):
        """Add items behind those that are there.

        Args:
            new_codes: uint8 array `(n, ceil(bits / 8))`.
            ids: n whole numbers, unique, 0 or more, not in the index yet; by default they count
                on from the largest id that the index ever had, beginning with 0.

        Raises:
            TypeError: codes are not uint8, or ids not whole numbers.
            ValueError: codes of another width, ids of another number, negative or twice. Then
                nothing was added.
        """
        new_codes = checks.codes("codes", new_codes, self.bits)
        new_ids = self._new_ids(new_codes, ids)
        stop = self._count + len(new_codes)
        self._reserve(stop)
        self._words[:, self._count : stop] = codes.words(new_codes).T
        self._ids[self._count : stop] = new_ids
        self._count = stop
        if len(new_ids):
            self._next_id = max(self._next_id, int(new_ids.max()) + 1)

    def remove(self, ids):
        """Remove items; the others keep ids and order.

        Args:
            ids: whole numbers, each in the index.

        Raises:
            TypeError: they are not whole numbers.
            ValueError: one is not in the index. Then nothing was removed.
        """
        ids = _whole_numbers(ids)
        unknown = ~np.isin(ids, self.ids)
        if unknown.any():
            raise ValueError(
                f"`ids` must be in the index; got {int(unknown.sum())} that are not, first "
                f"{ids[unknown][0]}. `index.ids` lists those that are."
            )
        keep = ~np.isin(self.ids, ids)
        self._words = self._words[:, : self._count][:, keep]
        self._ids = self._ids[: self._count][keep]
        self._count = len(self._ids)

    def search(self, query_codes, k=10, mask=None):
        """First k items of each query in (distance, position) order.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            k: int, 1 or more.
            mask: bool array `(n,)`, True for items that may be found; None for all.

        Returns:
            Distances, int32 `(queries, k)`, and ids, int64 `(queries, k)`; both -1 at the end
            of rows that have fewer than k items.

        Raises:
            TypeError: queries are not uint8, `k` is not a whole number, or `mask` not bool.
            ValueError: queries of another width, `k` below 1, or a mask of another length.
        """
        queries = self._queries(query_codes)
        k = checks.whole("k", k, 1, None, "Ask for one item at least.")
        words, ids = self._words[:, : self._count], self.ids
        if mask is not None:
            mask = self._mask(mask)
            words, ids = words[:, mask], ids[mask]
        distances = np.full((len(queries), k), -1, np.int32)
        found_ids = np.full((len(queries), k), -1, np.int64)
        wanted = min(k, len(ids))
        if wanted:
            for row, query in enumerate(queries):
                distances[row, :wanted], positions = scan.first_k(query, words, wanted)
                found_ids[row, :wanted] = ids[positions]
        return distances, found_ids

    def radius_search(self, query_codes, radius=2):
        """All items within a distance of each query, in (distance, position) order.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            radius: int in 0..bits, inclusive.

        Returns:
            `lims`, int64 `(queries + 1,)`; distances, int32, and ids, int64, of all queries one
            after the other: those of query i stand from `lims[i]` to `lims[i + 1]`.

        Raises:
            TypeError: queries are not uint8, or `radius` is not a whole number.
            ValueError: queries of another width, or `radius` outside 0..bits.
        """
        queries = self._queries(query_codes)
        radius = checks.whole("radius", radius, 0, self.bits, "It counts differing bits.")
        words = self._words[:, : self._count]
        found = [scan.within(query, words, radius) for query in queries]
        lims = np.cumsum([0, *(len(positions) for _, positions in found)], dtype=np.int64)
        distances = np.empty(lims[-1], np.int32)
        ids = np.empty(lims[-1], np.int64)
        for row, (row_distances, positions) in enumerate(found):
            distances[lims[row] : lims[row + 1]] = row_distances
            ids[lims[row] : lims[row + 1]] = self._ids[positions]
        return lims, distances, ids

    def save(self, path):
        """Write the index to one file, with checksums; an old file is replaced at the end."""
        words, ids = self._words[:, : self._count], self._ids[: self._count]
        storage.write(path, storage.Contents(self.bits, words, ids, self._next_id))

    @classmethod
    def load(cls, path, verify=True):
        """Open a saved index; its codes stay on disk, mapped into memory, until it is changed.

        Args:
            path: path-like, written by `save`.
            verify: bool, whether to read the whole file and compare its checksum first. The
                header and the file's length are checked always.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is no index file, damaged, or of another version.
        """
        contents = storage.read(path, verify)
        index = cls(contents.bits)
        index._words, index._ids = contents.words, contents.ids
        index._count = len(contents.ids)
        index._next_id = contents.next_id
        return index

    def _reserve(self, count):
        """Make room for `count` items in memory of our own."""
        if count > len(self._ids) or not self._ids.flags.writeable:
            room = max(count, 2 * self._count)
            words = np.empty((len(self._words), room), np.uint64)
            ids = np.empty(room, np.int64)
            words[:, : self._count] = self._words[:, : self._count]
            ids[: self._count] = self._ids[: self._count]
            self._words, self._ids = words, ids

    def _new_ids(self, new_codes, ids):
        if ids is None:
            stop = self._next_id + len(new_codes)
            if stop > storage.MOST_IDS:
                raise ValueError(
                    f"default `ids` would go on from {self._next_id} beyond int64. Pass `ids`."
                )
            return np.arange(self._next_id, stop, dtype=np.int64)
        ids = _whole_numbers(ids)
        checks.same_length("codes", new_codes, "ids", ids)
        if len(ids) and ids.min() < 0:
            raise ValueError(
                f"`ids` must be 0 or more; got {ids.min()}. A search answers -1 for no item."
            )
        values, counts = np.unique(ids, return_counts=True)
        taken = values[counts > 1]
        if not len(taken) and len(ids) and values[0] < self._next_id:
            taken = values[np.isin(values, self.ids)]
        if len(taken):
            raise ValueError(
                f"`ids` must be unique; {taken[0]} occurs twice or is in the index. "
                "Give every item its own id, or remove the old item first."
            )
        return ids

    def _queries(self, query_codes):
        return codes.words(checks.codes("query_codes", query_codes, self.bits))

    def _mask(self, mask):
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"`mask` must be of dtype bool; got {mask.dtype}. {_MASK_HINT}")
        if mask.shape != (self._count,):
            raise ValueError(
                f"`mask` must have shape {(self._count,)}; got {mask.shape}. {_MASK_HINT}"
            )
        return mask


def _whole_numbers(ids):
    """`ids` as an int64 array `(n,)`."""
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
