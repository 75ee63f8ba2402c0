import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index import Index
from keras_hashing.index.exact import store, tiles

GROUP = 4096  # rows; the tiles hold whole groups


def random_codes(count, bits, distinct=None, seed=0):
    generator = np.random.default_rng(seed)
    packed = codes.pack(2 * generator.integers(0, 2, (count, bits)) - 1)
    return packed[generator.integers(0, distinct, count)] if distinct else packed


def ranked(query_codes, database_codes):
    distances = codes.hamming(query_codes, database_codes)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, axis=1), order


@pytest.fixture(params=["scan", "tiles"])
def kernel(request, monkeypatch):
    """Every search of the test goes through this one of the two, where k allows it."""
    least = GROUP if request.param == "tiles" else 1 << 60
    monkeypatch.setattr(store, "_FEW_ROWS", least)
    monkeypatch.setattr(store, "_FEW_PAIRS", least)
    return request.param


def check(index, queries, k, mask=None):
    """The answer is the first k of a stable argsort of all distances."""
    rows = np.arange(len(index)) if mask is None else np.flatnonzero(mask)
    expected, order = ranked(queries, index.codes[rows])
    distances, ids = index.search(queries, k, mask)
    np.testing.assert_array_equal(distances, expected[:, :k])
    np.testing.assert_array_equal(ids, index.ids[rows][order[:, :k]])


def filled(count, bits, distinct=None):
    index = Index(bits)
    ids = np.random.default_rng(2).permutation(9 * count)[:count]
    index.add(random_codes(count, bits, distinct), ids)
    return index


@pytest.mark.parametrize("distinct", [None, 3, 1])
@pytest.mark.parametrize("bits", [7, 64, 130])
def test_first_k_is_a_stable_argsort(kernel, bits, distinct):
    index = filled(2 * GROUP + 501, bits, distinct)
    queries = random_codes(5, bits, seed=1)
    for k in (1, 9, 40):
        check(index, queries, k)
    assert (index._store._tiles is not None) == (kernel == "tiles")


def test_every_k(kernel):
    index, queries = filled(3 * GROUP - 1, 12), random_codes(2, 12, seed=1)
    for k in (2, 60, 64, 500, len(index)):
        check(index, queries, k)
    distances, ids = index.search(queries, len(index) + 2)
    assert (distances[:, -2:] == -1).all()
    assert (ids[:, -2:] == -1).all()
    assert (ids[:, :-2] >= 0).all()


@pytest.mark.parametrize("share", [0.9, 0.3, 0.02])
def test_mask(kernel, share):
    index, queries = filled(2 * GROUP + 300, 48, distinct=300), random_codes(4, 48, seed=1)
    mask = np.random.default_rng(3).random(len(index)) < share
    for k in (1, int(mask.sum()) // 200 + 1):
        check(index, queries, k, mask)
    ends = np.zeros(len(index), bool)  # all that may be found lies in one block and in the tail
    ends[:64] = ends[-250:] = True
    check(index, queries, 1, ends)


def test_many_queries_in_passes(kernel):
    index = filled(GROUP + 7, 30)
    check(index, random_codes(128 + 32 + 8 + 3, 30, seed=1), 5)


@pytest.mark.parametrize(
    ("queries", "rows", "sizes"),
    [
        (1, 10**6, [1]),
        (3, 10**6, [1, 1, 1]),
        (5, 10**6, [8]),
        (100, 10**6, [32, 32, 32, 8]),
        (120, 10**6, [128]),
        (300, 10**5, [128, 128, 32, 8, 8]),
        (100, 10**7, [32, 32, 32, 8]),
        (120, 10**7, [32, 32, 32, 32]),
        (40, 10**8, [1] * 40),
    ],
)
def test_passes_are_of_few_sizes_and_bounded_memory(queries, rows, sizes):
    found = list(store._passes(queries, rows))
    assert [size for _, size in found] == sizes
    assert [start for start, _ in found] == np.cumsum([0, *sizes])[:-1].tolist()
    assert sum(sizes[:-1]) < queries <= sum(sizes)
    assert max(sizes) == 1 or max(sizes) * rows / 16 <= 2**25


def test_add_and_remove_between_searches(kernel):
    index = Index(20)
    queries, generator = random_codes(3, 20, seed=1), np.random.default_rng(5)
    for round_ in range(12):
        index.add(random_codes(int(generator.integers(1, 3600)), 20, seed=10 + round_))
        check(index, queries, 1 + len(index) // 250)
        if round_ % 3 == 2:
            index.remove(generator.choice(index.ids, len(index) // 10, replace=False))
            check(index, queries, 5)
    index.remove(index.ids[1200:])
    check(index, queries, 1)
    index.add(random_codes(2 * GROUP, 20, seed=99))
    check(index, queries, 5)


def test_a_change_in_the_last_group_is_seen(kernel):
    """A stale copy would find the removed item, or miss the new one in its place."""
    index, query = filled(2 * GROUP, 64), random_codes(1, 64, seed=7)
    index.search(query)
    first = int(index.search(query, 1)[1][0, 0])
    index.remove([first])
    index.add(query, [10**6])
    check(index, query, 3)
    assert index.search(query, 1)[1].tolist() == [[10**6]]


def test_metamorphic(kernel):
    bits, count = 48, GROUP + 200
    packed, queries = random_codes(count, bits, 900), random_codes(3, bits, seed=1)
    generator = np.random.default_rng(4)
    flips = codes.pack(2 * generator.integers(0, 2, (1, bits)) - 1)
    order, places = generator.permutation(bits), generator.permutation(count)

    def found(database, asked, ids=None):
        index = Index(bits)
        index.add(database, ids)
        return index.search(asked, 6)

    def shuffled(array):
        return codes.pack(codes.unpack(array, bits)[:, order])

    plain = found(packed, queries)
    for changed in (
        found(packed ^ flips, queries ^ flips),
        found(shuffled(packed), shuffled(queries)),
    ):
        np.testing.assert_array_equal(changed[0], plain[0])
        np.testing.assert_array_equal(changed[1], plain[1])
    # Another order of the database: the same distances, and the same ids but for ties at the end.
    distances, ids = found(packed[places], queries, places)
    np.testing.assert_array_equal(distances, plain[0])
    for row in range(len(queries)):
        inside = distances[row] < distances[row, -1]
        assert sorted(ids[row, inside]) == sorted(plain[1][row, inside])
        np.testing.assert_array_equal(
            codes.hamming(queries[row : row + 1], packed[ids[row]])[0], distances[row]
        )


def test_a_loaded_index_stays_mapped(kernel, tmp_path):
    index, queries = filled(2 * GROUP, 70), random_codes(3, 70, seed=1)
    index.save(tmp_path / "a")
    loaded = Index.load(tmp_path / "a")
    check(loaded, queries, 5)
    assert not loaded._store._words.flags.owndata
    assert not loaded._store._words.flags.writeable


def traces(index):
    return tiles.compiled(np.uint8, False).experimental_get_tracing_count()


def test_no_trace_within_a_shape_bucket(monkeypatch):
    monkeypatch.setattr(store, "_FEW_ROWS", GROUP)
    monkeypatch.setattr(store, "_FEW_PAIRS", GROUP)
    index = filled(33 * GROUP, 36)  # room for 34 groups
    for count in (1, 5, 20, 40):
        index.search(random_codes(count, 36))
    before = traces(index)
    for count in (1, 4, 6, 8, 9, 25, 31, 32, 33, 41):
        index.search(random_codes(count, 36, seed=count), k=1 + count)
    for _ in range(20):  # grows by a group and more
        index.add(random_codes(GROUP // 16, 36))
        index.search(random_codes(2, 36))
        index.search(random_codes(7, 36))
    assert index._store._tiles.rows == 34 * GROUP
    index.remove(index.ids[: GROUP // 2])
    index.search(random_codes(8, 36))
    other = filled(34 * GROUP, 40)
    other.search(random_codes(7, 40))
    assert traces(index) == before
    index.add(random_codes(6 * GROUP, 36))  # beyond the room: at most one more
    index.search(random_codes(1, 36))
    assert index._store._tiles._memory.shape[1] == 40
    assert traces(index) <= before + 1


def test_small_searches_do_without_tiles():
    index = Index(64)
    index.add(np.zeros((70_000, 8), np.uint8))
    index.search(np.zeros((1, 8), np.uint8))
    assert index._store._tiles is None
    assert (index.search(np.zeros((5, 8), np.uint8), 400)[1] == np.arange(400)).all()
    assert index._store._tiles is None
    assert (index.search(np.zeros((5, 8), np.uint8), 300)[1] == np.arange(300)).all()
    assert index._store._tiles.rows == 17 * GROUP
