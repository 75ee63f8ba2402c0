import pathlib
import subprocess
import sys
import tempfile

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import stateful

import keras_hashing
from keras_hashing import codes
from keras_hashing.index import Index


def random_codes(count, bits, distinct=None, seed=0):
    generator = np.random.default_rng(seed)
    packed = codes.pack(2 * generator.integers(0, 2, (max(count, 1), bits)) - 1)[:count]
    if distinct:
        packed = packed[generator.integers(0, distinct, count)]
    return packed


def ranked(query_codes, database_codes):
    """Distances and positions of the whole database, by a stable argsort."""
    distances = codes.hamming(query_codes, database_codes)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, axis=1), order


def filled(count=20, bits=10, ids=None):
    index = Index(bits)
    index.add(random_codes(count, bits), ids)
    return index


@pytest.mark.parametrize(
    ("backend", "options", "message"),
    [
        ("pgvector", {"table": "a"}, "'pgvector' needs `dsn`; got table. Pass `dsn` and `table`."),
        ("milvus", {}, "needs `uri`; got no option. Pass `uri` and `collection`."),
        ("milvus", {"uri": "a", "links": 3}, "no option `links`; it has uri, collection, token"),
    ],
)
def test_options_of_servers(backend, options, message):
    with pytest.raises(TypeError, match=message):
        Index(48, backend, **options)


@pytest.mark.parametrize(
    ("backend", "package", "options", "message"),
    [
        ("pgvector", "psycopg", {"dsn": "", "table": "a"}, "psycopg. Install keras_hashing.postg"),
        ("milvus", "pymilvus", {"uri": "a.db", "collection": "a"}, "pymilvus. Install keras_has"),
    ],
)
def test_packages_of_servers(monkeypatch, backend, package, options, message):
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match=f"needs the package {message}"):
        Index(48, backend, **options)


def test_is_public():
    assert keras_hashing.Index is Index


@pytest.mark.parametrize("distinct", [None, 5])
@pytest.mark.parametrize("bits", [1, 7, 48, 64, 65, 130])
def test_search_and_radius_search(bits, distinct):
    database, queries = random_codes(700, bits, distinct), random_codes(4, bits, seed=1)
    ids = np.random.default_rng(2).permutation(5000)[:700]
    index = Index(bits)
    index.add(database, ids)
    expected, order = ranked(queries, database)
    for k in (1, 10, 700):
        distances, found = index.search(queries, k)
        assert (distances.dtype, found.dtype) == (np.int32, np.int64)
        np.testing.assert_array_equal(distances, expected[:, :k])
        np.testing.assert_array_equal(found, ids[order[:, :k]])
    radius = bits // 3
    lims, distances, found = index.radius_search(queries, radius)
    assert (lims.dtype, distances.dtype, found.dtype) == (np.int64, np.int32, np.int64)
    for row in range(4):
        inside = expected[row] <= radius
        part = slice(lims[row], lims[row + 1])
        np.testing.assert_array_equal(distances[part], expected[row][inside])
        np.testing.assert_array_equal(found[part], ids[order[row][inside]])


def test_fewer_than_k_end_in_minus_one():
    index = filled(2, ids=[7, 5])
    distances, ids = index.search(index.codes[1:], k=4)
    assert (distances[0, 0], ids[0, 0]) == (0, 5)
    assert distances[0, 2:].tolist() == ids[0, 2:].tolist() == [-1, -1]


def test_empty_index_and_no_queries():
    index = Index(10)
    assert len(index) == 0
    assert index.codes.shape == (0, 2)
    queries = random_codes(2, 10)
    distances, ids = index.search(queries, k=3)
    assert (distances == -1).all()
    assert (ids == -1).all()
    lims, distances, ids = index.radius_search(queries)
    assert (lims.tolist(), len(distances), len(ids)) == ([0, 0, 0], 0, 0)
    distances, ids = filled().search(queries[:0], k=3)
    assert distances.shape == ids.shape == (0, 3)
    assert filled().radius_search(queries[:0])[0].tolist() == [0]


def test_codes_and_ids_come_back():
    packed = random_codes(9, 70)
    index = Index(70)
    index.add(packed[:4])
    index.add(packed[4:])
    np.testing.assert_array_equal(index.codes, packed)
    assert index.codes.dtype == np.uint8
    assert index.ids.tolist() == list(range(9))
    with pytest.raises(ValueError, match="read-only"):
        index.ids[0] = 3
    index.add(packed[:1])  # showing the ids did not lock the index
    assert len(index) == 10


def test_default_ids_never_come_twice():
    index = filled(3)
    index.add(random_codes(2, 10), [10, 4])
    index.remove([10])
    index.add(random_codes(2, 10))
    assert index.ids.tolist() == [0, 1, 2, 4, 11, 12]
    index.add(random_codes(1, 10), [3])
    index.add(random_codes(1, 10), [2**63 - 1])
    with pytest.raises(ValueError, match="beyond int64"):
        index.add(random_codes(1, 10))
    index.add(random_codes(1, 10), [5])


def test_mask():
    index, queries = filled(300), random_codes(3, 10, seed=1)
    mask = np.random.default_rng(3).random(300) < 0.1
    expected, order = ranked(queries, index.codes[mask])
    distances, ids = index.search(queries, k=mask.sum() + 1, mask=mask)
    np.testing.assert_array_equal(distances[:, :-1], expected)
    np.testing.assert_array_equal(ids[:, :-1], np.flatnonzero(mask)[order])
    assert (ids[:, -1] == -1).all()
    assert (index.search(queries, 2, np.zeros(300, bool))[1] == -1).all()


def test_remove():
    index = filled(6, ids=[9, 8, 7, 6, 5, 4])
    packed = index.codes
    index.remove([8, 4])
    assert index.ids.tolist() == [9, 7, 6, 5]
    np.testing.assert_array_equal(index.codes, packed[[0, 2, 3, 4]])
    index.remove([])
    index.remove(np.array([9, 7, 6, 5]))
    assert len(index) == 0
    index.add(packed[:1], [8])
    assert index.search(packed[:1], 1)[1].tolist() == [[8]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((random_codes(2, 17),), ValueError, "must be 2 byte.s. wide for 10 bits"),
        ((np.zeros((2, 2), np.int8),), TypeError, "packed codes of dtype uint8; got int8"),
        ((np.full((2, 2), np.nan),), TypeError, "dtype uint8; got float64. Pack outputs or sig"),
        ((np.full((2, 2), 255, np.uint8),), ValueError, "bits set beyond bit 10"),
        ((np.zeros(2, np.uint8),), ValueError, "must have 2 dimension"),
        ((random_codes(2, 10), [5]), ValueError, "one row per item each; got 2 and 1"),
        ((random_codes(2, 10), [5, 5]), ValueError, "unique; 5 occurs twice"),
        ((random_codes(2, 10), [0, 5]), ValueError, "unique; 0 occurs twice or is in the index"),
        ((random_codes(2, 10), [5, -1]), ValueError, "must be 0 or more; got -1"),
        ((random_codes(2, 10), [5.0, 6.0]), TypeError, "whole numbers that fit int64; got dtype"),
        ((random_codes(2, 10), ["a", "b"]), TypeError, "whole numbers that fit int64; got dtype"),
        ((random_codes(2, 10), [True, False]), TypeError, "got dtype bool"),
        (
            (random_codes(2, 10), np.array([5, 2**63], np.uint64)),
            TypeError,
            "fit int64; got dtype uint64",
        ),
        ((random_codes(2, 10), [[5], [6]]), ValueError, r"`ids` must have 1 dimension.*\(2, 1\)"),
    ],
)
def test_refused_additions_change_nothing(arguments, error, message):
    index = filled(3)
    with pytest.raises(error, match=message):
        index.add(*arguments)
    assert index.ids.tolist() == [0, 1, 2]


def test_refused_removal_changes_nothing():
    index = filled(3)
    with pytest.raises(ValueError, match="must be in the index; got 2 that are not, first 8"):
        index.remove([1, 8, 9])
    assert len(index) == 3
    with pytest.raises(TypeError, match="whole numbers"):
        index.remove(["a"])


@pytest.mark.parametrize(
    ("search", "error", "message"),
    [
        (lambda i, q: i.search(q, 0), ValueError, "`k` must be at least 1; got 0"),
        (lambda i, q: i.search(q, 1.0), TypeError, "`k` must be a whole number"),
        (lambda i, q: i.search(q.astype(int)), TypeError, "dtype uint8; got int64"),
        (lambda i, q: i.search(q * np.nan), TypeError, "dtype uint8; got float64"),
        (lambda i, q: i.search(q[:, :1]), ValueError, "must be 2 byte"),
        (lambda i, q: i.search(q, mask=[1] * 20), TypeError, "dtype bool; got int64"),
        (lambda i, q: i.search(q, mask=[True]), ValueError, r"shape \(20,\); got \(1,\)"),
        (lambda i, q: i.radius_search(q, -1), ValueError, "between 0 and 10; got -1"),
        (lambda i, q: i.radius_search(q, 11), ValueError, "between 0 and 10; got 11"),
        (lambda i, q: i.radius_search(q[:, :1]), ValueError, "must be 2 byte"),
    ],
)
def test_refused_searches(search, error, message):
    with pytest.raises(error, match=message):
        search(filled(), random_codes(2, 10))


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0,), {}, ValueError, "`bits` must be between 1 and 4096; got 0"),
        ((8, "fais"), {}, ValueError, "`backend` got the unknown value 'fais'; allowed: 'exact'"),
        ((8,), {"factory": "BFlat"}, TypeError, "'exact' has no option `factory`; it has none"),
        ((8, "faiss"), {"lists": 3}, TypeError, "no option `lists`; it has factory, effort"),
    ],
)
def test_refused_indexes(arguments, options, error, message):
    with pytest.raises(error, match=message):
        Index(*arguments, **options)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_save_and_load(tmp_path, count):
    index = filled(count, 70, ids=np.arange(count)[::-1] + 3)
    index.save(tmp_path / "a.index")
    loaded = Index.load(tmp_path / "a.index")
    assert (loaded.bits, len(loaded)) == (70, count)
    np.testing.assert_array_equal(loaded.codes, index.codes)
    np.testing.assert_array_equal(loaded.ids, index.ids)
    queries = random_codes(3, 70, seed=1)
    for found, expected in zip(loaded.search(queries, 5), index.search(queries, 5), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_loaded_index_can_change_and_replace_its_own_file(tmp_path):
    path = tmp_path / "a.index"
    filled(5).save(path)
    loaded = Index.load(path)
    loaded.remove([4])
    loaded.save(path)
    again = Index.load(path)
    again.add(random_codes(1, 10))
    assert again.ids.tolist() == [0, 1, 2, 3, 5]  # 4 is not given twice
    assert Index.load(path).ids.tolist() == [0, 1, 2, 3]
    assert [file.name for file in tmp_path.iterdir()] == ["a.index"]


def test_changes_of_a_loaded_index_stay_in_memory(tmp_path):
    path = tmp_path / "a.index"
    filled(5).save(path)
    before = path.read_bytes()
    loaded = Index.load(path)
    loaded.add(random_codes(0, 10))
    loaded.add(random_codes(3, 10))
    loaded.remove([0])
    assert len(loaded) == 7
    assert path.read_bytes() == before


def test_small_searches_do_not_load_tensorflow(tmp_path):
    filled(5000).save(tmp_path / "a")
    script = f"""
import sys, numpy as np, keras_hashing as kh
index = kh.Index.load({str(tmp_path / "a")!r})
index.search(index.codes[:50], 10)
index.radius_search(index.codes[:2], 3)
print(sorted({{"keras", "tensorflow"}} & set(sys.modules)))
"""
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


BITS = 9


class IndexAgainstDict(stateful.RuleBasedStateMachine):
    """The index against a dict from id to code, which keeps the order of additions."""

    def __init__(self):
        super().__init__()
        self.index = Index(BITS)
        self.model = {}
        self.next_id = 0

    packed = st.integers(0, 2**BITS - 1).map(lambda n: list(n.to_bytes(2, "little")))

    @stateful.rule(rows=st.lists(packed, max_size=4))
    def add(self, rows):
        self.index.add(np.array(rows, np.uint8).reshape(-1, 2))
        self.model |= {self.next_id + i: row for i, row in enumerate(rows)}
        self.next_id += len(rows)

    @stateful.rule(rows=st.dictionaries(st.integers(0, 30), packed, max_size=4))
    def add_with_ids(self, rows):
        values = np.array(list(rows.values()), np.uint8).reshape(-1, 2)
        if rows.keys() & self.model.keys():
            with pytest.raises(ValueError, match="unique"):
                self.index.add(values, list(rows))
            return
        self.index.add(values, list(rows))
        self.model |= rows
        self.next_id = max([self.next_id - 1, *rows]) + 1

    @stateful.rule(data=st.data())
    def remove(self, data):
        ids = data.draw(st.lists(st.sampled_from(sorted(self.model)))) if self.model else []
        self.index.remove(ids)
        for i in set(ids):
            del self.model[i]

    @stateful.rule(query=packed, k=st.integers(1, 6), data=st.data())
    def search(self, query, k, data):
        mask = data.draw(
            st.lists(st.booleans(), min_size=len(self.model), max_size=len(self.model))
        )
        distances, ids = self.index.search(np.array([query], np.uint8), k, np.array(mask, bool))
        kept = [i for i, keep in zip(self.model, mask, strict=True) if keep]
        pairs = sorted(((self.distance(query, i), i) for i in kept), key=lambda pair: pair[0])
        pairs = (pairs + [(-1, -1)] * k)[:k]
        assert list(zip(distances[0].tolist(), ids[0].tolist(), strict=True)) == pairs

    @stateful.rule(query=packed, radius=st.integers(0, BITS))
    def radius_search(self, query, radius):
        _, distances, ids = self.index.radius_search(np.array([query], np.uint8), radius)
        pairs = [(self.distance(query, i), i) for i in self.model]
        pairs = sorted((p for p in pairs if p[0] <= radius), key=lambda pair: pair[0])
        assert list(zip(distances.tolist(), ids.tolist(), strict=True)) == pairs

    @stateful.rule()
    def save_and_load(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "index"
            self.index.save(path)
            self.index = Index.load(path)

    @stateful.invariant()
    def holds_the_same(self):
        assert len(self.index) == len(self.model)
        assert self.index.ids.tolist() == list(self.model)
        assert self.index.codes.tolist() == list(self.model.values())

    def distance(self, query, i):
        one, other = (int.from_bytes(bytes(code), "little") for code in (query, self.model[i]))
        return (one ^ other).bit_count()


TestIndexAgainstDict = IndexAgainstDict.TestCase
TestIndexAgainstDict.settings = hypothesis.settings(
    deadline=None, max_examples=40, stateful_step_count=20
)


def test_repr():
    index = filled(1234, 48)
    index.remove([1233])
    assert repr(index) == ("Index of 48 bits\n  backend: exact\n  items: 1,233\n  next id: 1234")
    page = index._repr_html_()
    assert page.startswith("<table><caption>Index of 48 bits</caption>")
    assert "<tr><th>items</th><td>1,233</td></tr>" in page


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        ("BFlat", "backend: faiss, IndexBinaryFlat\n  items: 9\n  next id: 9"),
        ("BIVF4", "backend: faiss, IndexBinaryIVF\n  items: 9\n  effort: 4 of 4 lists"),
        ("BHNSW8", "backend: faiss, IndexBinaryHNSW\n  items: 9\n  effort: 64\n  next id: 9"),
    ],
)
def test_repr_of_faiss(factory, expected):
    pytest.importorskip("faiss", reason="faiss is not installed")
    index = Index(8, "faiss", factory=factory)
    index.add(random_codes(9, 8))
    assert expected in repr(index)
