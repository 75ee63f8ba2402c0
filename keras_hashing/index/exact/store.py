"""The exact store: codes in memory or mapped from a file, searched by NumPy or by compiled tiles.

Which of the two never shows in a result. NumPy compares one query after another and starts at
once; the tiles need TensorFlow, a second copy of the codes and some compiling, and then are several
times as fast (`python -m benchmarks.search`).
"""

import numpy as np

from keras_hashing import codes
from keras_hashing.index.exact import file, scan, selection, tiles
from keras_hashing.index.ids import Ids

# Below so many rows, or pairs of a query and a row, NumPy is done before TensorFlow has started.
_FEW_ROWS = 1 << 16
_FEW_PAIRS = 300_000
_ROWS_PER_RESULT = 192  # with fewer the tiles' candidates are a large part of all rows

# Queries of one pass, and from how many on a pass of that size costs less than smaller ones.
_PASSES = ((128, 114), (32, 24), (8, 4), (1, 1))
_PASS_BYTES = 1 << 26  # most that the minima of one pass may take


class ExactStore:
    """Codes as 64-bit words by position. Arguments come checked, from `Index`.

    Args:
        bits: int in 1..4096, the code length.
    """

    keeps_labels = False

    def __init__(self, bits):
        self.bits = bits
        # Rows are never changed where they stand, so that a file may be mapped, and a reader's
        # view of them stays as it was. Columns from `len(self)` on are room for more.
        self._words = np.empty((-(-bits // 64), 0), np.uint64)
        self._ids = Ids()
        self._tiles = None  # made by the first search that is large enough

    def __len__(self):
        return len(self._ids)

    @property
    def ids(self):
        return self._ids.array

    @property
    def next_id(self):
        return self._ids.next_id

    @property
    def codes(self):
        by_row = np.empty((len(self), -(-self.bits // 8)), np.uint8)
        for number, row in enumerate(self._rows):
            part = by_row[:, 8 * number : 8 * (number + 1)]
            part[:] = np.ascontiguousarray(row).view(np.uint8).reshape(-1, 8)[:, : part.shape[1]]
        return by_row

    @property
    def facts(self):
        return {"backend": "exact", "items": f"{len(self):,}", "next id": self.next_id}

    def known(self, ids):
        return self._ids.known(ids)

    def add(self, new_codes, ids):
        count, stop = len(self), len(self) + len(new_codes)
        if stop > self._words.shape[1] or not self._words.flags.writeable:
            room = np.empty((len(self._words), max(stop, 2 * count)), np.uint64)
            room[:, :count] = self._rows
            self._words = room
        self._words[:, count:stop] = codes.words(new_codes).T
        self._ids.append(ids)

    def upsert(self, new_codes, ids):
        known = self.known(ids)
        if known.any():
            self.remove(ids[known])
        self.add(new_codes, ids)

    def remove(self, ids):
        keep = ~np.isin(self.ids, ids)
        self._words = self._rows[:, keep]
        self._ids.keep(keep)
        if self._tiles and not keep.all():
            self._tiles.cut(int(keep.argmin()))

    def search(self, query_codes, k, mask):
        queries = codes.words(query_codes)
        found = len(self) if mask is None else int(np.count_nonzero(mask))
        wanted = min(k, found)
        if wanted and len(queries):
            by = self._by_tiles if self._tiles_pay(len(queries), found, wanted) else self._by_scan
            distances, positions = by(queries, wanted, mask)
            ids = self.ids[positions]
        else:
            distances = ids = np.empty((len(queries), 0), np.int64)
        return _filled(distances, k, np.int32), _filled(ids, k, np.int64)

    def radius_search(self, query_codes, radius):
        found = [scan.within(query, self._rows, radius) for query in codes.words(query_codes)]
        lims = np.cumsum([0, *(len(positions) for _, positions in found)], dtype=np.int64)
        distances = np.empty(lims[-1], np.int32)
        ids = np.empty(lims[-1], np.int64)
        for row, (row_distances, positions) in enumerate(found):
            distances[lims[row] : lims[row + 1]] = row_distances
            ids[lims[row] : lims[row + 1]] = self.ids[positions]
        return lims, distances, ids

    def save(self, path):
        file.write(path, self._contents())

    @classmethod
    def load(cls, path, verify):
        return cls._of(file.read(path, verify))

    def __reduce__(self):
        # Codes and ids; what was compiled is made again by the first search that needs it.
        return self._of, (self._contents(),)

    def _contents(self):
        return file.ExactContents(self.bits, self._rows, self.ids, self.next_id)

    @classmethod
    def _of(cls, contents):
        store = cls(contents.bits)
        store._words = contents.words
        store._ids = Ids(contents.ids, contents.next_id)
        return store

    @property
    def _rows(self):
        """uint64 array `(num_words, n)`."""
        return self._words[:, : len(self)]

    def _tiles_pay(self, queries, found, wanted):
        return (
            found >= max(_FEW_ROWS, _ROWS_PER_RESULT * wanted)
            and queries * found >= _FEW_PAIRS
            and tiles.work(self.bits)
        )

    def _by_scan(self, queries, k, mask):
        words = self._rows if mask is None else self._rows[:, mask]
        found = [scan.first_k(query, words, k) for query in queries]
        distances, positions = (np.stack(column) for column in zip(*found, strict=True))
        return distances, positions if mask is None else np.flatnonzero(mask)[positions]

    def _by_tiles(self, queries, k, mask):
        if self._tiles is None:
            self._tiles = tiles.Tiles(self.bits)
        self._tiles.cover(self._rows)
        found = []
        for start, size in _passes(len(queries), len(self)):
            part = queries[start : start + size]
            if len(part) < size:
                padded = np.concatenate([part, np.zeros((size - len(part), part.shape[1]), "u8")])
            else:
                padded = part
            minima = self._tiles.minima(padded, mask)
            covered = self._tiles.rows
            found.append(selection.first_k(minima, covered, part, self._rows, k, mask))
        if len(found) == 1:
            return found[0]
        distances, positions = (np.concatenate(column) for column in zip(*found, strict=True))
        return distances, positions


def _filled(columns, k, dtype):
    """`(queries, up to k)` with -1 up to k columns."""
    if columns.shape[1] == k:
        return columns.astype(dtype, copy=False)
    filled = np.full((len(columns), k), -1, dtype)
    filled[:, : columns.shape[1]] = columns
    return filled


def _passes(queries, rows):
    """Starts and sizes of passes; of few sizes, as each is compiled."""
    start = 0
    while start < queries:
        size = next(
            size
            for size, least in _PASSES
            if size == 1
            or (queries - start >= least and 2 * size * rows // tiles.RUN <= _PASS_BYTES)
        )
        yield start, size
        start += size
