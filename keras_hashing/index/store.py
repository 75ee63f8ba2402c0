"""What stands behind `Index`: the contract of its stores, and the stores by name.

`Index` checks all arguments, so stores get arrays of the right dtype, shape and range. What a
store returns is the caller's: a copy, or an array that cannot be written. `n` is the number of
items, `bytes` is `ceil(bits / 8)`; positions are 0 to n - 1.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from keras_hashing import checks

# Name of a backend -> module and class of its store, imported when it is asked for.
BACKENDS = {
    "exact": ("keras_hashing.index.exact.store", "ExactStore"),
    "faiss": ("keras_hashing.index.faiss.store", "FaissStore"),
    "milvus": ("keras_hashing.index.milvus.store", "MilvusStore"),
    "pgvector": ("keras_hashing.index.postgres.store", "PgvectorStore"),
}

Found = tuple[np.ndarray, np.ndarray]
FoundWithin = tuple[np.ndarray, np.ndarray, np.ndarray]


class Store(Protocol):
    """Codes with ids. The constructor takes `bits` and the options of the backend, by name.

    `pickle` and `copy.deepcopy` of a store give one that shares nothing that changes, or raise
    TypeError with what to do.

    Attributes:
        bits: int in 1..4096, the code length.
        keeps_labels: bool, whether it is a `LabelStore`.
    """

    bits: int
    keeps_labels: bool

    def __len__(self) -> int:
        """How many items there are."""

    @property
    def ids(self) -> np.ndarray:
        """int64 `(n,)`, read-only, by position."""

    @property
    def codes(self) -> np.ndarray:
        """uint8 `(n, bytes)`, a copy, by position."""

    @property
    def next_id(self) -> int:
        """The first id that no item had, nor any above it: where default ids count on."""

    @property
    def facts(self) -> dict[str, Any]:
        """What `repr` of the index tells of it, name -> value; asks no server."""

    def known(self, ids: np.ndarray) -> np.ndarray:
        """Which of `ids`, int64 `(m,)`, are here: bool `(m,)`."""

    def add(self, new_codes: np.ndarray, ids: np.ndarray) -> None:
        """Put items at the end: uint8 `(m, bytes)`, int64 `(m,)`, m >= 1, new and unique."""

    def upsert(self, new_codes: np.ndarray, ids: np.ndarray) -> None:
        """As `add`, for ids that may be here: these items are replaced."""

    def remove(self, ids: np.ndarray) -> None:
        """Drop items: int64 `(m,)`, m >= 1, all here."""

    def search(self, query_codes: np.ndarray, k: int, mask: np.ndarray | None) -> Found:
        """First k >= 1 items for uint8 `(queries, bytes)`, of those where bool `(n,)` is True.

        Returns distances, int32, and ids, int64, both `(queries, k)`, -1 where there is none.
        """

    def radius_search(self, query_codes: np.ndarray, radius: int) -> FoundWithin:
        """All items at most `radius`, in 0..bits, away from uint8 `(queries, bytes)`.

        Returns `lims`, int64 `(queries + 1,)`; distances, int32, and ids, int64, `(lims[-1],)`.
        """

    def save(self, path: str | os.PathLike) -> None:
        """Write a file, which takes the place of an older one at the end; or say why none is."""


class FileStore(Store, Protocol):
    """A store that `save` writes to a file."""

    @classmethod
    def load(cls, path: str | os.PathLike, verify: bool) -> "FileStore":
        """Open a file of `save`, and with `verify` compare its checksum."""


class LabelStore(Store, Protocol):
    """A store whose items may have a label, a whole number, 0 or more."""

    def add(self, new_codes: np.ndarray, ids: np.ndarray, labels: np.ndarray | None = None) -> None:
        """As of `Store`, with labels, int64 `(m,)`, or None for none."""

    def upsert(
        self, new_codes: np.ndarray, ids: np.ndarray, labels: np.ndarray | None = None
    ) -> None:
        """As of `Store`, with labels, int64 `(m,)`, or None for none."""

    def search(
        self,
        query_codes: np.ndarray,
        k: int,
        mask: np.ndarray | None,
        labels: np.ndarray | None = None,
    ) -> Found:
        """As of `Store`, among items with one of `labels`, int64 `(m,)`; None for all items."""


def store_class(backend):
    """The class of a backend's store.

    Raises:
        ValueError: no backend has this name.
    """
    module, name = BACKENDS[checks.one_of("backend", backend, BACKENDS)]
    return getattr(importlib.import_module(module), name)


if TYPE_CHECKING:  # mypy compares each store with the contract
    from keras_hashing.index.exact.store import ExactStore
    from keras_hashing.index.faiss.store import FaissStore
    from keras_hashing.index.milvus.store import MilvusStore
    from keras_hashing.index.postgres.store import PgvectorStore

    _OF_FILES: tuple[type[FileStore], ...] = (ExactStore, FaissStore)
    _OF_SERVERS: tuple[type[LabelStore], ...] = (MilvusStore, PgvectorStore)
