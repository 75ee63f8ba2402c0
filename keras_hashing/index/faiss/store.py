"""FAISS' binary indexes behind `keras_hashing.Index`: flat, inverted lists, and HNSW graphs."""

import numpy as np

from keras_hashing import checks
from keras_hashing.index.faiss import file
from keras_hashing.index.ids import Ids

_DEFAULT_EF_SEARCH = 64
_FACTORIES = "BFlat, BIVF1024, BIVF65536_HNSW32 or BHNSW32"


class FaissStore:
    """Codes in a binary index of FAISS. Arguments come checked, from `Index`.

    | factory | finds | remove | mask | radius_search |
    | --- | --- | --- | --- | --- |
    | `BFlat` | all, exactly | yes | yes | yes |
    | `BIVF1024`, 1024 lists | what is in the nearest lists | yes | no | yes, in these lists |
    | `BHNSW32`, 32 links an item | what a walk along the links meets | no | yes | no |

    Distances are exact, and answers are in (distance, position) order. Which of the items at the
    last distance of an answer are in it is FAISS' choice, even for `BFlat`. Inverted lists learn
    their centres from the first items that are added: at least as many as lists, better 40 times
    as many, and like those that follow. It uses as many threads as `faiss.omp_get_max_threads()`
    says.

    Args:
        bits: int in 1..4096, the code length; FAISS sees it rounded up to whole bytes.
        factory: str, as `faiss.index_binary_factory` takes it.
        effort: int >= 1, how thoroughly an approximate index searches: the lists that it looks
            into (FAISS' `nprobe`), or the items that a walk keeps (`efSearch`). By default twice
            the square root of the number of lists, or 64. Measure the recall on your codes.

    Raises:
        ValueError: a factory that FAISS does not know, or of another kind; `effort` for `BFlat`.
        ModuleNotFoundError: FAISS is not installed.
    """

    keeps_labels = False

    def __init__(self, bits, factory="BFlat", effort=None):
        faiss = _faiss()
        self.bits = bits
        try:
            index = faiss.index_binary_factory(8 * -(-bits // 8), str(factory))
        except RuntimeError as error:
            raise ValueError(
                f"FAISS knows no binary index {factory!r}. Pass for example {_FACTORIES}."
            ) from error
        self._hold(index)
        self._ids = Ids()
        self._keys = Ids()  # FAISS' numbers of the items, ascending
        if effort is not None:
            effort = checks.whole("effort", effort, 1, None, "More finds more, and takes longer.")
        if self._kind == "IndexBinaryIVF":
            self._index.nprobe = min(effort or int(2 * index.nlist**0.5), index.nlist)
        elif self._kind == "IndexBinaryHNSW":
            self._index.hnsw.efSearch = effort or _DEFAULT_EF_SEARCH
        elif effort is not None:
            raise ValueError("`effort` is for approximate indexes. Leave it out for BFlat.")

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
        if not len(self):
            return np.empty((0, -(-self.bits // 8)), np.uint8)
        if self._kind != "IndexBinaryIVF":
            return self._index.reconstruct_n(0, len(self))
        faiss, lists = _faiss(), self._index.invlists
        codes = np.empty((len(self), self._index.code_size), np.uint8)
        for number in range(lists.nlist):
            size = lists.list_size(number)
            if size:
                keys = faiss.rev_swig_ptr(lists.get_ids(number), size)
                bytes_ = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size)
                codes[self._positions(keys)] = bytes_.reshape(size, -1)
        return codes

    @property
    def facts(self):
        facts = {"backend": f"faiss, {self._kind}", "items": f"{len(self):,}"}
        if self._kind == "IndexBinaryIVF":
            facts["effort"] = f"{self._index.nprobe} of {self._index.nlist} lists"
        elif self._kind == "IndexBinaryHNSW":
            facts["effort"] = self._index.hnsw.efSearch
        return facts | {"next id": self.next_id}

    def known(self, ids):
        return self._ids.known(ids)

    def add(self, new_codes, ids):
        new_codes = np.ascontiguousarray(new_codes)
        first = self._keys.next_id
        keys = np.arange(first, first + len(new_codes), dtype=np.int64)
        if self._kind == "IndexBinaryIVF":
            self._train(new_codes)
            self._index.add_with_ids(new_codes, keys)
        else:
            self._index.add(new_codes)
        self._keys.append(keys)
        self._ids.append(ids)

    def upsert(self, new_codes, ids):
        known = self.known(ids)
        if known.any():
            self.remove(ids[known])
        self.add(new_codes, ids)

    def remove(self, ids):
        if self._kind == "IndexBinaryHNSW":
            raise ValueError(
                "FAISS' HNSW graphs cannot remove items. Build a new index of those that stay, "
                "hide them with a mask, or use BIVF or BFlat."
            )
        keep = ~np.isin(self.ids, ids)
        self._index.remove_ids(self._keys.array[~keep])
        self._ids.keep(keep)
        self._keys.keep(keep)
        if self._kind == "IndexBinaryFlat":  # it numbers those that stay, from 0 on
            self._keys = Ids(np.arange(len(self)), len(self))

    def search(self, query_codes, k, mask):
        parameters = None if mask is None else self._parameters(mask)
        wanted = min(k, len(self))
        distances = np.full((len(query_codes), k), -1, np.int32)
        ids = np.full((len(query_codes), k), -1, np.int64)
        if wanted and len(query_codes) and (mask is None or mask.any()):
            queries = np.ascontiguousarray(query_codes)
            found, keys = self._index.search(queries, wanted, params=parameters)
            found, positions = self._in_order(found, self._positions(keys))
            there = positions >= 0
            distances[:, :wanted] = np.where(there, found, -1)
            ids[:, :wanted] = np.where(there, self.ids[positions], -1)
        return distances, ids

    def radius_search(self, query_codes, radius):
        if self._kind == "IndexBinaryHNSW":
            raise ValueError(
                "FAISS' HNSW graphs cannot search by radius. Search for the first k and cut at "
                "the radius, or use BIVF, BFlat or the exact backend."
            )
        if not len(self) or not len(query_codes):
            lims = np.zeros(len(query_codes) + 1, np.int64)
            return lims, np.empty(0, np.int32), np.empty(0, np.int64)
        # FAISS leaves out items at the radius itself.
        lims, found, keys = self._index.range_search(np.ascontiguousarray(query_codes), radius + 1)
        positions = self._positions(keys)
        owners = np.repeat(np.arange(len(query_codes)), np.diff(lims.astype(np.int64)))
        order = np.lexsort((positions, found, owners))
        return lims.astype(np.int64), found[order].astype(np.int32), self.ids[positions[order]]

    def save(self, path):
        file.write(path, self._contents())

    @classmethod
    def load(cls, path, verify):
        del verify  # FAISS reads all of it, and does not check what it reads
        contents = file.read(path)
        try:
            store = cls._of(contents)
        except RuntimeError as error:
            raise file.damaged(path, f"FAISS cannot read it ({error})") from error
        index = store._index
        if index.ntotal != len(store) or index.d != 8 * -(-store.bits // 8):
            raise file.damaged(path, f"FAISS found {index.ntotal} codes of {index.d} bits")
        return store

    def __reduce__(self):
        return self._of, (self._contents(),)

    def _contents(self):
        serialized = _faiss().serialize_index_binary(self._index)
        return file.FaissContents(self.bits, self.ids, self._keys.array, self.next_id, serialized)

    @classmethod
    def _of(cls, contents):
        store = cls.__new__(cls)
        store.bits = contents.bits
        store._hold(_faiss().deserialize_index_binary(contents.serialized))
        store._ids = Ids(contents.ids, contents.next_id)
        next_key = int(contents.keys[-1]) + 1 if len(contents.keys) else 0
        store._keys = Ids(contents.keys, next_key)
        return store

    def _hold(self, index):
        self._index, self._kind = index, _kind(index)
        if self._kind == "IndexBinaryIVF":
            index.cp.min_points_per_centroid = 1  # else FAISS prints a warning; it is not saved

    def _train(self, new_codes):
        if self._index.is_trained:
            return
        if len(new_codes) < self._index.nlist:
            raise ValueError(
                f"the first items must be at least as many as the {self._index.nlist} lists that "
                f"learn from them; got {len(new_codes)}. Add more at once, or use fewer lists."
            )
        self._index.train(new_codes)

    def _parameters(self, mask):
        faiss = _faiss()
        selected = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        if self._kind == "IndexBinaryHNSW":
            effort = self._index.hnsw.efSearch
            return faiss.SearchParametersHNSW(sel=selected, efSearch=effort)
        if self._kind == "IndexBinaryFlat":
            return faiss.SearchParameters(sel=selected)
        raise ValueError(
            "FAISS' binary inverted lists cannot take a mask. Use BFlat, BHNSW or the exact "
            "backend, or search for more and drop what is masked."
        )

    def _positions(self, keys):
        """Positions of FAISS' keys; -1 for none."""
        return np.where(keys < 0, -1, np.searchsorted(self._keys.array, keys))

    @staticmethod
    def _in_order(distances, positions):
        """Each row by (distance, position), with -1, FAISS' mark for none, at the end."""
        keys = np.where(positions < 0, np.iinfo(np.int64).max, positions)
        order = np.lexsort((keys, distances), axis=-1)
        rows = np.arange(len(order))[:, None]
        return distances[rows, order], positions[rows, order]


def _kind(index):
    """Name of FAISS' class, if it is one that is used here."""
    kind = type(index).__name__
    if kind not in ("IndexBinaryFlat", "IndexBinaryIVF", "IndexBinaryHNSW"):
        raise ValueError(
            f"FAISS' {kind} neither removes items nor gives codes back. "
            f"Pass for example {_FACTORIES}."
        )
    return kind


def _faiss():
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "backend 'faiss' needs the package faiss-cpu. Install keras_hashing[faiss], or use "
            "the exact backend."
        ) from error
    return faiss
