"""The backends of `Index`, what each promises, and the comparison of a search with a plain sort.

Rankings are compared as FAISS compares them: distances are equal, and ids are equal as sets inside
each group of equal distance, the last group left out. Where a backend promises the order of ties,
ids are equal. Where it promises no completeness, what it finds must be true, and mostly all.
"""

import dataclasses
import itertools

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index import Index

BITS = 20

_numbers = itertools.count()  # so that every index has a place of its own on its server


@dataclasses.dataclass
class Backend:
    """Options of a backend, and what it promises.

    Attributes:
        options: dict, arguments of `Index` beside `bits`.
        needs: name of the package that it needs, or None.
        server: name of the fixture that knows where its server is, or None for a backend in
            memory; items on a server stand by id, have labels, and are not saved to a file.
        ties: bool, equal distances come by position, at the end of an answer too.
        complete: bool, nothing nearer is ever left out.
        removes, masks, radius: bool, whether it can do these.
    """

    options: dict
    needs: str | None = None
    server: str | None = None
    ties: bool = True
    complete: bool = True
    removes: bool = True
    masks: bool = True
    radius: bool = True

    def place(self):
        """Options of an index that is not there yet."""
        if not self.server:
            return self.options
        name = "table" if self.options["backend"] == "pgvector" else "collection"
        return {**self.options, name: f"index_{next(_numbers)}"}


def faiss(factory, **promises):
    """A factory may come with its effort: `BIVF8/8`."""
    name, _, effort = factory.partition("/")
    options = {"backend": "faiss", "factory": name} | ({"effort": int(effort)} if effort else {})
    return Backend(options, needs="faiss", ties=False, **promises)


BACKENDS = {
    "exact": Backend({}),
    "faiss_flat": faiss("BFlat"),
    "faiss_ivf_all_lists": faiss("BIVF8/8", masks=False),
    "faiss_ivf": faiss("BIVF8/6", masks=False, complete=False),
    "faiss_hnsw": faiss("BHNSW16", complete=False, removes=False, radius=False),
    "milvus_file": Backend({"backend": "milvus"}, "pymilvus", "milvus_file", False, masks=False),
    "milvus_server": Backend(
        {"backend": "milvus"}, "pymilvus", "milvus_server", False, masks=False
    ),
    "pgvector": Backend({"backend": "pgvector"}, "psycopg", "postgres", masks=False),
    "pgvector_graph": Backend(
        {"backend": "pgvector", "graph": True},
        "psycopg",
        "postgres_without_scans",
        ties=False,
        complete=False,
        masks=False,
    ),
}


def named(*names):
    """Parameters of a test: the backends of these names, those on a server marked."""
    marks = {name: pytest.mark.engines if BACKENDS[name].server else () for name in names}
    return [pytest.param(name, marks=marks[name]) for name in names]


def ready(request, name):
    """A backend whose package is there, and whose server runs."""
    found = BACKENDS[name]
    if found.needs:
        pytest.importorskip(found.needs, reason=f"{found.needs} is not installed")
    if not found.server:
        return found
    address = request.getfixturevalue(found.server)
    option = "dsn" if found.needs == "psycopg" else "uri"
    return dataclasses.replace(found, options={**found.options, option: address})


def make(backend, count=400, ids=None, bits=BITS):
    index = Index(bits, **backend.place())
    if count:
        index.add(random_codes(count, bits), ids)
    return index


def random_codes(count, bits=BITS, seed=0):
    generator = np.random.default_rng(seed)
    return codes.pack(2 * generator.integers(0, 2, (count, bits)) - 1)


def by_position(backend, ids):
    """Order in which items that are added in this order of ids stand."""
    return np.argsort(ids) if backend.server else np.arange(len(ids))


def compare(backend, index, queries, k, mask=None, labels=None, kept=None):
    """One search against a stable argsort of all distances, or of those that `kept` keeps."""
    kept = mask if kept is None else kept
    rows = np.arange(len(index)) if kept is None else np.flatnonzero(kept)
    kept, kept_ids = index.codes[rows], index.ids[rows]
    all_distances = codes.hamming(queries, kept)
    order = np.argsort(all_distances, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(all_distances, order, axis=1)
    distances, ids = index.search(queries, k, mask, labels)
    assert (distances.dtype, ids.dtype) == (np.int32, np.int64)
    assert distances.shape == ids.shape == (len(queries), k)
    wanted = min(k, len(rows))
    assert (distances[:, wanted:] == -1).all()
    assert (ids[:, wanted:] == -1).all()
    if not wanted:
        return
    distances, ids = distances[:, :wanted], ids[:, :wanted]
    if backend.ties:
        np.testing.assert_array_equal(distances, expected)
        np.testing.assert_array_equal(ids, kept_ids[order])
        return
    right = 0
    place = {int(item): row for row, item in enumerate(kept_ids)}
    for row in range(len(queries)):
        found = ids[row] >= 0
        positions = [place[int(item)] for item in ids[row][found]]
        true = all_distances[row, positions]
        np.testing.assert_array_equal(distances[row][found], true)
        assert len(set(positions)) == len(positions)
        keys = list(zip(true.tolist(), positions, strict=True))
        assert keys == sorted(keys)  # by distance, then position
        if backend.complete:
            np.testing.assert_array_equal(true, expected[row])
            inside = true < true[-1]
            expected_ids = kept_ids[order[row][expected[row] < expected[row, -1]]]
            assert set(ids[row][inside]) == set(expected_ids)
        right += (true <= expected[row, -1]).sum() if wanted else 0
    assert right >= 0.5 * wanted * len(queries)
