"""Search by Hamming distance: the one class that checks arguments, whatever store is behind it."""

import importlib
import inspect

import numpy as np

from keras_hashing import checks
from keras_hashing.index import ids as ids_of_items

# Name of a backend -> module and class of its store. A store has `bits`, `ids`, `codes`,
# `next_id`, `known(ids)`, `add(codes, ids)`, `remove(ids)`, `search(query_codes, k, mask)`,
# `radius_search(query_codes, radius)`, `save(path)` and a class method `load(path, verify)`, with
# what `Index` says of them; its constructor takes `bits` and the backend's options.
BACKENDS = {
    "exact": ("keras_hashing.index.exact", "ExactStore"),
    "faiss": ("keras_hashing.index.faiss_binary", "FaissStore"),
}

_MASK_HINT = "Pass one bool per item, in the order of `index.ids`; True keeps it."


class Index:
    """Codes with ids, searched by Hamming distance.

    `"exact"` finds the first k in (distance, position) order, always; positions are the order in
    which items were added. From 65,536 items and 300,000 pairs of a query and an item on it
    searches with TensorFlow, compiled for the processor, and keeps for that a second copy of the
    codes, up to 1/16 larger than they are, and at most 64 MB for a pass over them. A search of
    less needs no TensorFlow, and 2 bytes an item.

    `"faiss"` keeps codes in one of FAISS' binary indexes, most of them approximate: see
    `keras_hashing.index.faiss_binary.FaissStore`.

    Args:
        bits: int in 1..4096, the code length.
        backend: `"exact"` or `"faiss"`.
        **options: of the backend. `"exact"` has none; `"faiss"` has `factory` and `effort`.

    Raises:
        TypeError: `bits` is not a whole number, or an option that the backend has not.
        ValueError: `bits` is outside 1..4096, or the backend is unknown.
        ModuleNotFoundError: the backend's package is not installed.

    Example:
        >>> index = Index(bits=3)
        >>> index.add(np.array([[0b000], [0b111], [0b001]], np.uint8))
        >>> distances, ids = index.search(np.array([[0b011]], np.uint8), k=2)
        >>> distances.tolist(), ids.tolist()
        ([[1, 1]], [[1, 2]])
    """

    def __init__(self, bits, backend="exact", **options):
        bits = checks.bits(bits)
        store_class = _store_class(backend)
        allowed = [name for name in inspect.signature(store_class).parameters if name != "bits"]
        unknown = [name for name in options if name not in allowed]
        if unknown:
            raise TypeError(
                f"backend {backend!r} has no option `{unknown[0]}`; it has "
                f"{', '.join(allowed) or 'none'}. Leave it out, or choose another backend."
            )
        self._store = store_class(bits, **options)

    def __len__(self):
        return len(self._store)

    @property
    def bits(self):
        """int, the code length."""
        return self._store.bits

    @property
    def ids(self):
        """int64 array `(n,)`, read-only, by position."""
        return self._store.ids

    @property
    def codes(self):
        """uint8 array `(n, ceil(bits / 8))`, a copy, by position."""
        return self._store.codes

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
        ids = ids_of_items.new(new_codes, ids, self._store)
        if len(ids):
            self._store.add(new_codes, ids)

    def remove(self, ids):
        """Remove items; the others keep ids and order.

        Args:
            ids: whole numbers, each in the index.

        Raises:
            TypeError: they are not whole numbers.
            ValueError: one is not in the index, or the backend cannot remove. Then nothing was
                removed.
        """
        ids = ids_of_items.whole_numbers(ids)
        unknown = ~self._store.known(ids)
        if unknown.any():
            raise ValueError(
                f"`ids` must be in the index; got {int(unknown.sum())} that are not, first "
                f"{ids[unknown][0]}. `index.ids` lists those that are."
            )
        if len(ids):
            self._store.remove(ids)

    def search(self, query_codes, k=10, mask=None):
        """First k items of each query, by distance.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            k: int, 1 or more.
            mask: bool array `(n,)`, True for items that may be found; None for all.

        Returns:
            Distances, int32 `(queries, k)`, and ids, int64 `(queries, k)`, in (distance,
            position) order; both -1 at the end of rows that have fewer than k items.

        Raises:
            TypeError: queries are not uint8, `k` is not a whole number, or `mask` not bool.
            ValueError: queries of another width, `k` below 1, a mask of another length, or one
                that the backend cannot take.
        """
        query_codes = checks.codes("query_codes", query_codes, self.bits)
        k = checks.whole("k", k, 1, None, "Ask for one item at least.")
        return self._store.search(query_codes, k, None if mask is None else self._mask(mask))

    def radius_search(self, query_codes, radius=2):
        """All items within a distance of each query.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            radius: int in 0..bits, inclusive.

        Returns:
            `lims`, int64 `(queries + 1,)`; distances, int32, and ids, int64, of all queries one
            after the other: those of query i stand from `lims[i]` to `lims[i + 1]`, in
            (distance, position) order.

        Raises:
            TypeError: queries are not uint8, or `radius` is not a whole number.
            ValueError: queries of another width, `radius` outside 0..bits, or the backend has no
                such search.
        """
        query_codes = checks.codes("query_codes", query_codes, self.bits)
        radius = checks.whole("radius", radius, 0, self.bits, "It counts differing bits.")
        return self._store.radius_search(query_codes, radius)

    def save(self, path):
        """Write the index to one file, with checksums; an old file is replaced at the end."""
        self._store.save(path)

    @classmethod
    def load(cls, path, verify=True):
        """Open a saved index of any backend.

        Codes of an exact index stay on disk, mapped into memory, until it is changed; a search
        that wants a second copy of them reads them.

        Args:
            path: path-like, written by `save`.
            verify: bool, whether to read the whole file and compare its checksum first. The
                header and the file's length are checked always. FAISS' indexes are read into
                memory and compared always.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is no index file, damaged, or of another version.
            ModuleNotFoundError: the package of its backend is not installed.
        """
        from keras_hashing.index import faiss_file

        # Whatever is not FAISS' is the exact store's to open, or to say what is wrong with it.
        backend = "faiss" if faiss_file.recognises(path) else "exact"
        index = cls.__new__(cls)
        index._store = _store_class(backend).load(path, verify)
        return index

    def _mask(self, mask):
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"`mask` must be of dtype bool; got {mask.dtype}. {_MASK_HINT}")
        if mask.shape != (len(self),):
            raise ValueError(
                f"`mask` must have shape {(len(self),)}; got {mask.shape}. {_MASK_HINT}"
            )
        return mask


def _store_class(backend):
    module, name = BACKENDS[checks.one_of("backend", backend, BACKENDS)]
    return getattr(importlib.import_module(module), name)
