"""Search by Hamming distance: the one class that checks arguments, whatever store is behind it."""

import copy
import inspect
from typing import Any

import numpy as np

from keras_hashing import checks, html
from keras_hashing.index import ids as ids_of_items
from keras_hashing.index import labels as labels_of_items
from keras_hashing.index.store import LabelStore, Store, store_class
from keras_hashing.types import ArrayLike, Int32Array, Int64Array, Path, UInt8Array

_MASK_HINT = "Pass one bool per item, in the order of `index.ids`; True keeps it."


class Index:
    """Codes with ids, searched by Hamming distance.

    `"exact"` finds the first k in (distance, position) order, always; positions are the order in
    which items were added. From 65,536 items and 300,000 pairs of a query and an item on it
    searches with TensorFlow, compiled for the processor, and keeps for that a second copy of the
    codes, up to 1/16 larger than they are, and at most 64 MB for a pass over them. A search of
    less needs no TensorFlow, and 2 bytes an item.

    `"faiss"` keeps codes in one of FAISS' binary indexes, most of them approximate: see
    `keras_hashing.index.faiss.store.FaissStore`.

    `"milvus"` and `"pgvector"` keep them on a server, Milvus or PostgreSQL, where positions are
    the order of ids: see `keras_hashing.index.milvus.store.MilvusStore` and
    `keras_hashing.index.postgres.store.PgvectorStore`. What is there is found again by the same
    arguments, and each item may have a label, for searches among some labels.

    What it returns is the caller's, to be written to or read-only, and arrays that it was given may
    change afterwards. `pickle`, `copy.copy` and `copy.deepcopy` of an index in memory give another
    one with items of its own; to keep it, `save` it. Those of an index on a server are refused, as
    the same arguments open it again.

    Args:
        bits: int in 1..4096, the code length.
        backend: `"exact"`, `"faiss"`, `"milvus"` or `"pgvector"`.
        **options: of the backend. `"exact"` has none; `"faiss"` has `factory` and `effort`;
            `"milvus"` needs `uri` and `collection` and has `token`, `lists`, `effort` and
            `partitions`; `"pgvector"` needs `dsn` and `table` and has `graph` and `effort`.

    Raises:
        TypeError: `bits` is not a whole number, an option that the backend has not, or one left
            out that it needs.
        ValueError: `bits` is outside 1..4096, or the backend is unknown.
        ConnectionError: the backend's server does not answer.
        ModuleNotFoundError: the backend's package is not installed.

    Example:
        >>> index = Index(bits=3)
        >>> index.add(np.array([[0b000], [0b111], [0b001]], np.uint8))
        >>> distances, ids = index.search(np.array([[0b011]], np.uint8), k=2)
        >>> distances.tolist(), ids.tolist()
        ([[1, 1]], [[1, 2]])
    """

    _store: Store | LabelStore

    def __init__(self, bits: int, backend: str = "exact", **options: Any) -> None:
        bits = checks.bits(bits)
        made_by = store_class(backend)
        _check_options(backend, made_by, options)
        self._store = made_by(bits, **options)

    def __len__(self) -> int:
        return len(self._store)

    def __copy__(self):
        return copy.deepcopy(self)  # a store that two indexes share would change behind one

    def __repr__(self):
        return html.lines(self._store.facts.items(), self._title)

    def _repr_html_(self):
        return html.table(self._store.facts.items(), caption=self._title)

    @property
    def bits(self) -> int:
        """int, the code length."""
        return self._store.bits

    @property
    def ids(self) -> Int64Array:
        """int64 array `(n,)`, read-only, by position."""
        return self._store.ids

    @property
    def codes(self) -> UInt8Array:
        """uint8 array `(n, ceil(bits / 8))`, a copy, by position."""
        return self._store.codes

    def add(self, new_codes: ArrayLike, ids: ArrayLike = None, labels: ArrayLike = None) -> None:
        """Add items behind those that are there.

        Args:
            new_codes: uint8 array `(n, ceil(bits / 8))`.
            ids: n whole numbers, unique, 0 or more, not in the index yet; by default they count
                on from the largest id that the index ever had, beginning with 0.
            labels: n whole numbers, 0 or more, for backends on a server; None for none.

        Raises:
            TypeError: codes are not uint8, or ids or labels not whole numbers.
            ValueError: codes of another width, ids or labels of another number or negative, ids
                twice, or the backend keeps no labels. Then nothing was added.
            ConnectionError: the server went away; the error says what was stored.
        """
        new_codes = checks.codes("codes", new_codes, self.bits)
        options = self._labels(labels, new_codes)
        ids = ids_of_items.new(new_codes, ids, self._store)
        if len(ids):
            self._store.add(new_codes, ids, **options)

    def upsert(self, new_codes: ArrayLike, ids: ArrayLike, labels: ArrayLike = None) -> None:
        """Add items, and replace those whose ids are there: to repeat it changes nothing.

        In memory a replaced item moves to the end.

        Args:
            new_codes: uint8 array `(n, ceil(bits / 8))`.
            ids: n whole numbers, unique, 0 or more.
            labels: n whole numbers, 0 or more, for backends on a server; None for none. A
                replaced item loses the label that it had.

        Raises:
            TypeError: codes are not uint8, or ids or labels not whole numbers.
            ValueError: codes of another width, ids or labels of another number or negative, ids
                twice, the backend keeps no labels, or cannot remove what is replaced. Then
                nothing was changed.
            ConnectionError: the server went away; the error says what was stored.
        """
        new_codes = checks.codes("codes", new_codes, self.bits)
        options = self._labels(labels, new_codes)
        ids = ids_of_items.unique(new_codes, ids)
        if len(ids):
            self._store.upsert(new_codes, ids, **options)

    def remove(self, ids: ArrayLike) -> None:
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

    def search(
        self, query_codes: ArrayLike, k: int = 10, mask: ArrayLike = None, labels: ArrayLike = None
    ) -> tuple[Int32Array, Int64Array]:
        """First k items of each query, by distance.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            k: int, 1 or more.
            mask: bool array `(n,)`, True for items that may be found; None for all. Not for
                backends on a server.
            labels: whole numbers, the labels of items that may be found; None for all. Only for
                backends on a server.

        Returns:
            Distances, int32 `(queries, k)`, and ids, int64 `(queries, k)`, in (distance,
            position) order; both -1 at the end of rows that have fewer than k items.

        Raises:
            TypeError: queries are not uint8, `k` or a label is not a whole number, or `mask` not
                bool.
            ValueError: queries of another width, `k` below 1, a mask of another length, or a mask
                or labels that the backend cannot take.
            ConnectionError: the server does not answer.
        """
        query_codes = checks.codes("query_codes", query_codes, self.bits)
        k = checks.whole("k", k, 1, None, "Ask for one item at least.")
        mask = None if mask is None else self._mask(mask)
        return self._store.search(query_codes, k, mask, **self._labels(labels))

    def radius_search(
        self, query_codes: ArrayLike, radius: int = 2
    ) -> tuple[Int64Array, Int32Array, Int64Array]:
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

    def save(self, path: Path) -> None:
        """Write the index to one file, with checksums; an old file is replaced at the end.

        Raises:
            ValueError: a server keeps the items.
        """
        self._store.save(path)

    @classmethod
    def load(cls, path: Path, verify: bool = True) -> "Index":
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
        from keras_hashing.index.faiss import file

        # Whatever is not FAISS' is the exact store's to open, or to say what is wrong with it.
        backend = "faiss" if file.recognises(path) else "exact"
        index = cls.__new__(cls)
        index._store = store_class(backend).load(path, verify)
        return index

    @property
    def _title(self):
        return f"Index of {self.bits} bits"

    def _labels(self, labels, new_codes=None):
        """Keyword arguments for the store: none, or checked labels of new items or of a search."""
        if labels is None:
            return {}
        if not self._store.keeps_labels:
            raise ValueError(
                "this backend keeps no labels. Keep them in an array in the order of `index.ids`, "
                "and search with `mask=np.isin(array, labels)`."
            )
        if new_codes is None:
            return {"labels": labels_of_items.wanted(labels)}
        return {"labels": labels_of_items.of_items(labels, new_codes)}

    def _mask(self, mask):
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"`mask` must be of dtype bool; got {mask.dtype}. {_MASK_HINT}")
        if mask.shape != (len(self),):
            raise ValueError(
                f"`mask` must have shape {(len(self),)}; got {mask.shape}. {_MASK_HINT}"
            )
        return mask


def _check_options(backend, made_by, options):
    parameters = dict(inspect.signature(made_by).parameters)
    del parameters["bits"]
    unknown = [name for name in options if name not in parameters]
    if unknown:
        raise TypeError(
            f"backend {backend!r} has no option `{unknown[0]}`; it has "
            f"{', '.join(parameters) or 'none'}. Leave it out, or choose another backend."
        )
    needed = [name for name, one in parameters.items() if one.default is inspect.Parameter.empty]
    missing = [name for name in needed if name not in options]
    if missing:
        raise TypeError(
            f"backend {backend!r} needs `{missing[0]}`; got {', '.join(options) or 'no option'}. "
            f"Pass {' and '.join(f'`{name}`' for name in needed)}."
        )
