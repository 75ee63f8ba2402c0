"""Every backend of `Index` through one list; a new one joins by one line of `BACKENDS`.

Rankings are compared as FAISS compares them: distances are equal, and ids are equal as sets inside
each group of equal distance, the last group left out. Where a backend promises the order of ties,
ids are equal. Where it promises no completeness, what it finds must be true, and mostly all.
"""

import dataclasses

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index import Index

BITS = 20


@dataclasses.dataclass
class Backend:
    """Options of a backend, and what it promises.

    Attributes:
        options: dict, arguments of `Index` beside `bits`.
        needs: name of the package that it needs, or None.
        ties: bool, equal distances come by position, at the end of an answer too.
        complete: bool, nothing nearer is ever left out.
        removes, masks, radius: bool, whether it can do these.
    """

    options: dict
    needs: str | None = None
    ties: bool = True
    complete: bool = True
    removes: bool = True
    masks: bool = True
    radius: bool = True


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
}


@pytest.fixture(params=BACKENDS)
def backend(request):
    found = BACKENDS[request.param]
    if found.needs:
        pytest.importorskip(found.needs, reason=f"{found.needs} is not installed")
    return found


def make(backend, count=400, ids=None, bits=BITS):
    index = Index(bits, **backend.options)
    if count:
        index.add(random_codes(count, bits), ids)
    return index


def random_codes(count, bits=BITS, seed=0):
    generator = np.random.default_rng(seed)
    return codes.pack(2 * generator.integers(0, 2, (count, bits)) - 1)


def compare(backend, index, queries, k, mask=None):
    """One search against a stable argsort of all distances."""
    rows = np.arange(len(index)) if mask is None else np.flatnonzero(mask)
    kept, kept_ids = index.codes[rows], index.ids[rows]
    all_distances = codes.hamming(queries, kept)
    order = np.argsort(all_distances, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(all_distances, order, axis=1)
    distances, ids = index.search(queries, k, mask)
    assert (distances.dtype, ids.dtype) == (np.int32, np.int64)
    assert distances.shape == ids.shape == (len(queries), k)
    wanted = min(k, len(rows))
    assert (distances[:, wanted:] == -1).all()
    assert (ids[:, wanted:] == -1).all()
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


@pytest.mark.parametrize("k", [1, 10, 400, 500])
def test_search(backend, k):
    index = make(backend, ids=np.random.default_rng(1).permutation(5000)[:400])
    compare(backend, index, random_codes(4, seed=2), k)


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
    index = Index(BITS, **backend.options)
    index.add(packed[:200], ids[:200])
    index.add(packed[200:], ids[200:])
    assert (index.bits, len(index)) == (BITS, 300)
    np.testing.assert_array_equal(index.codes, packed)
    np.testing.assert_array_equal(index.ids, ids)
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
    np.testing.assert_array_equal(index.ids, np.concatenate([stay, gone]))
    np.testing.assert_array_equal(index.codes, packed[np.concatenate([stay, gone])])
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
        with pytest.raises(ValueError, match=r"cannot take a mask. Use"):
            index.search(queries, 3, mask)
        return
    compare(backend, index, queries, 10, mask)
    assert (index.search(queries, 2, np.zeros(400, bool))[1] == -1).all()


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


def test_an_empty_index_is_reopened(backend, tmp_path):
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
