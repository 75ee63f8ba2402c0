"""Coarse-to-fine search against loops over pools in plain Python."""

import math
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import keras_hashing
from keras_hashing import codes
from keras_hashing.index import CoarseToFine, Index

BITS = 10


def data(count=80, channels=5, seed=0, distinct=6):
    """Codes, a few distinct ones, and features on a grid, so that both have many ties."""
    rng = np.random.default_rng(seed)
    kinds = codes.pack(2 * rng.integers(0, 2, (distinct, BITS)) - 1)
    features = rng.integers(-2, 3, (count, channels)).astype("float32")
    return kinds[rng.integers(0, distinct, count)], features


def distance(one, other, metric):
    one, other = [float(x) for x in one], [float(x) for x in other]
    if metric == "euclidean":
        return np.float32(math.sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True))))
    norms = math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return np.float32(max(1 - product / norms, 0) if norms else 1.0)


def expected(index_codes, ids, features, query_code, query, k, pool, radius, metric):
    """Distances and ids of one query."""
    hamming = [codes.hamming(query_code[None], code[None])[0, 0] for code in index_codes]
    members = sorted(range(len(ids)), key=lambda row: (hamming[row], row))
    inside = [row for row in members if radius is None or hamming[row] <= radius]
    members = (inside or members)[:pool]  # an empty ball: the nearest
    ranked = sorted((distance(features[row], query, metric), row) for row in members)[:k]
    missing = k - len(ranked)
    return [d for d, _ in ranked] + [np.inf] * missing, [ids[r] for _, r in ranked] + [-1] * missing


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(
    ("pool", "radius"),
    [(7, None), (None, 3), (7, 3), (7, 0), (None, None), (1000, None), (None, 0)],
)
def test_search(metric, pool, radius):
    database, features = data()
    ids = np.random.default_rng(5).permutation(500)[:80]
    index = Index(BITS)
    index.add(database, ids)
    query_codes, queries = data(6, seed=0)
    queries[0] = 0  # has a cosine with nothing
    query_codes[1] = ~query_codes[1] & codes.pack(np.ones((1, BITS)))[0]
    fine = CoarseToFine(index, features, metric)
    distances, found = fine.search(query_codes, queries, k=9, pool=pool, radius=radius)
    assert (distances.dtype, found.dtype) == (np.float32, np.int64)
    assert distances.shape == found.shape == (6, 9)
    for row in range(6):
        wanted, wanted_ids = expected(
            database, ids, features, query_codes[row], queries[row], 9, pool, radius, metric
        )
        np.testing.assert_allclose(distances[row], wanted, atol=1e-6)
        assert found[row].tolist() == wanted_ids


@pytest.mark.parametrize("limits", [{"pool": None}, {"pool": 80}, {"pool": None, "radius": BITS}])
def test_a_pool_of_everything_is_plain_ranking(limits):
    database, features = data()
    index = Index(BITS)
    index.add(database)
    query_codes, queries = data(4, seed=1)
    _, found = CoarseToFine(index, features).search(query_codes, queries, k=80, **limits)
    squares = np.square(features[None] - queries[:, None]).sum(axis=-1)
    np.testing.assert_array_equal(found, np.argsort(squares, axis=1, kind="stable"))


def test_a_query_with_an_empty_ball_takes_the_nearest():
    index = Index(4)
    index.add(np.array([[0b1111], [0b0111], [0b0011], [0b0111]], "uint8"), ids=[5, 6, 7, 8])
    fine = CoarseToFine(index, np.array([[0.0], [3.0], [1.0], [2.0]]))
    queries = np.array([[0b1111], [0b0000]], "uint8")
    # Distances of the second query are 4, 3, 2, 3: nothing within 1; its two nearest are 7 and 6.
    distances, ids = fine.search(queries, np.zeros((2, 1)), k=3, pool=2, radius=1)
    assert ids.tolist() == [[5, 6, -1], [7, 6, -1]]
    assert distances.tolist() == [[0, 3, np.inf], [1, 3, np.inf]]
    _, ids = fine.search(queries, np.zeros((2, 1)), k=4, pool=None, radius=1)
    assert ids.tolist() == [[5, 8, 6, -1], [5, 7, 8, 6]]  # no limit: all of them


def test_no_queries_and_no_items():
    index = Index(BITS)
    index.add(codes.pack(np.ones((3, BITS))))
    fine = CoarseToFine(index, np.zeros((3, 2)))
    for limits in ({"pool": 2}, {"pool": None}, {"radius": 2}):
        distances, ids = fine.search(np.zeros((0, 2), "uint8"), np.zeros((0, 2)), k=2, **limits)
        assert distances.shape == ids.shape == (0, 2)
    empty = CoarseToFine(Index(BITS), np.zeros((0, 2)))
    for limits in ({"pool": 2}, {"pool": None}, {"radius": 2}, {"pool": None, "radius": 2}):
        distances, ids = empty.search(codes.pack(np.ones((1, BITS))), np.zeros((1, 2)), 2, **limits)
        assert ids.tolist() == [[-1, -1]]
        assert np.isinf(distances).all()


def sample(metric="euclidean", count=300):
    """An index whose codes say something of the features, with ids, and queries."""
    rng = np.random.default_rng(7)
    features = rng.integers(-3, 4, (count, BITS)).astype("float32")
    ids = rng.permutation(1000)[:count]
    index = Index(BITS)
    index.add(codes.pack(features + 0.5 * rng.normal(size=features.shape)), ids)
    queries = rng.integers(-3, 4, (12, BITS)).astype("float32")
    return CoarseToFine(index, features, metric), features, ids, codes.pack(queries), queries


def pool_ranks(fine, features, ids, query_codes, queries, k, metric):
    """For each query the places of its k exact answers in its Hamming order, by loops."""
    for query_code, query in zip(query_codes, queries, strict=True):
        exact = sorted(
            range(len(ids)), key=lambda row: (distance(features[row], query, metric), row)
        )
        hamming = [codes.hamming(query_code[None], code[None])[0, 0] for code in fine.index.codes]
        order = sorted(range(len(ids)), key=lambda row: (hamming[row], row))
        yield [order.index(row) for row in exact[:k]]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_recall_curve_and_the_pool_for_a_recall(metric):
    fine, features, ids, query_codes, queries = sample(metric)
    k = 5
    ranks = list(pool_ranks(fine, features, ids, query_codes, queries, k, metric))
    pools = (1, 7, 40, 150, 299, 300, 5000)
    curve = fine.recall_curve(query_codes, queries, k, pools)
    wanted = {m: sum(rank < m for row in ranks for rank in row) / (12 * k) for m in pools}
    assert curve == wanted
    assert curve[300] == curve[5000] == 1
    assert 0 < curve[40] < 1
    # 31 / 60 is a share of the 60 answers that, times 60, is above 31 in floats.
    for recall in (0.0, 0.1, 0.3, 31 / 60, 0.7, 0.9, 0.95, 1.0):
        found = fine.pool_for(recall, query_codes, queries, k)
        enough = [
            m
            for m in range(1, 301)
            if sum(rank < m for row in ranks for rank in row) / (12 * k) >= recall
        ]
        assert found == min(enough)
    # What the curve says of a pool is what a search with that pool finds.
    exact = fine.search(query_codes, queries, k, pool=None)[1]
    found = fine.search(query_codes, queries, k, pool=40)[1]
    shared = sum(len(set(a) & set(b)) for a, b in zip(exact.tolist(), found.tolist(), strict=True))
    assert shared / (12 * k) == curve[40]


def test_recall_of_what_is_left_in_the_index():
    fine, features, ids, query_codes, queries = sample()
    gone = np.arange(300) % 3 == 0
    fine.index.remove(ids[gone])
    new = CoarseToFine(fine.index, features[~gone])
    assert fine.recall_curve(query_codes, queries) == new.recall_curve(query_codes, queries)
    # Fewer items than k: those that there are.
    fine.index.remove(ids[~gone][3:])
    assert fine.recall_curve(query_codes, queries, k=10, pools=(3,)) == {3: 1.0}
    assert fine.pool_for(1.0, query_codes, queries) == 3


def test_pools_beyond_those_first_looked_at():
    # The nearest features have the farthest codes: all 5,000 items are needed.
    count = 5000
    index = Index(64)
    bits = np.arange(64) < 64 * np.arange(count)[:, None] // count
    index.add(np.packbits(bits, axis=1, bitorder="little"))
    fine = CoarseToFine(index, np.arange(count, dtype="float32")[::-1, None])
    query = np.zeros((1, 8), "uint8"), np.zeros((1, 1))
    assert fine.pool_for(1.0, *query, k=4) == count
    # The answers stand at places 4,996 to 4,999, counted from 0.
    assert fine.pool_for(0.5, *query, k=4) == count - 2
    assert fine.recall_curve(*query, k=4, pools=(4996, 4998, 4999, 5000)) == {
        4996: 0.0,
        4998: 0.5,
        4999: 0.75,
        5000: 1.0,
    }


class Forgetful:
    """An approximate index, which does not find some items."""

    def __init__(self, index, lost):
        self.inner, self.lost = index, lost

    def __len__(self):
        return len(self.inner)

    bits = property(lambda self: self.inner.bits)
    ids = property(lambda self: self.inner.ids)

    def search(self, query_codes, k):
        distances, ids = self.inner.search(query_codes, k)
        hidden = np.isin(ids, self.lost)
        return np.where(hidden, -1, distances), np.where(hidden, -1, ids)


def test_an_approximate_index():
    fine, features, ids, query_codes, queries = sample(count=30)
    exact = fine.search(query_codes[:1], queries[:1], 4, pool=None)[1][0]
    lossy = CoarseToFine(Forgetful(fine.index, exact[:1]), features)
    found = lossy.search(query_codes[:1], queries[:1], 4, pool=29)[1][0]
    assert exact[0] not in found
    assert (found >= 0).all()
    assert lossy.recall_curve(query_codes[:1], queries[:1], 4, (30,)) == {30: 0.75}
    with pytest.raises(ValueError, match="`recall` of 0.9 is out of reach: .* finds 0.7500 of the"):
        lossy.pool_for(0.9, query_codes[:1], queries[:1], 4)
    blind = CoarseToFine(Forgetful(fine.index, ids), features)
    assert blind.recall_curve(query_codes, queries, 4, (30,)) == {30: 0.0}
    assert (blind.search(query_codes, queries, 4, pool=5)[1] == -1).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_features_in_a_file_give_the_same_and_are_not_loaded(tmp_path, metric):
    path = tmp_path / "features.npy"  # 48 MB
    rng = np.random.default_rng(0)
    features = rng.random((30_000, 400), np.float32)
    np.save(path, features)
    index = Index(16)
    index.add(rng.integers(0, 256, (30_000, 2), np.uint8))
    rows = [17, 29_999, 4]
    queries, query_codes = features[rows], index.codes[rows]
    wanted = CoarseToFine(index, features, metric)
    expected = [wanted.search(query_codes, queries, 5, pool=n) for n in (1000, None)]
    curve = wanted.recall_curve(query_codes, queries, 5)
    tracemalloc.start()
    fine = CoarseToFine(index, path if metric == "cosine" else str(path), metric)
    found = [fine.search(query_codes, queries, 5, pool=n) for n in (1000, None)]
    assert fine.recall_curve(query_codes, queries, 5) == curve
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    np.testing.assert_array_equal(found[1][1][:, 0], rows)
    assert isinstance(fine.features, np.memmap)


def test_features_stay_with_their_ids_when_items_are_removed():
    database, features = data()
    ids = np.random.default_rng(5).permutation(500)[:80]
    index = Index(BITS)
    index.add(database, ids)
    fine = CoarseToFine(index, features)
    gone = np.arange(80) % 3 == 0
    index.remove(ids[gone])
    query_codes, queries = data(3, seed=1)
    for limits in ({"pool": 9}, {"pool": None}, {"radius": 4}):
        distances, found = fine.search(query_codes, queries, k=5, **limits)
        new = CoarseToFine(index, features[~gone])
        wanted, wanted_ids = new.search(query_codes, queries, k=5, **limits)
        np.testing.assert_array_equal(found, wanted_ids)
        np.testing.assert_array_equal(distances, wanted)
        assert not np.isin(found, ids[gone]).any()


def test_many_features_in_half_precision():
    # More rows than one step converts; each row's own value finds it.
    features = np.arange(10_000, dtype="float32")[:, None] / 4
    index = Index(1)
    index.add(np.zeros((10_000, 1), "uint8"))
    fine = CoarseToFine(index, features)
    distances, found = fine.search(
        np.zeros((2, 1), "uint8"), np.array([[2000.25], [3.0]], "float16"), k=3, pool=None
    )
    # float16 has 2000 for 2000.25; equal distances come by position.
    assert found.tolist() == [[8000, 7999, 8001], [12, 11, 13]]
    assert distances.tolist() == [[0, 0.25, 0.25]] * 2


def test_order_of_a_tie_is_that_of_positions_not_of_hamming_distances():
    index = Index(2)
    index.add(np.array([[0b11], [0b00], [0b01]], "uint8"), ids=[9, 8, 7])
    fine = CoarseToFine(index, np.ones((3, 2)))
    _, ids = fine.search(np.array([[0b00]], "uint8"), np.zeros((1, 2)), k=3)
    assert ids.tolist() == [[9, 8, 7]]


def test_is_public_and_needs_no_tensorflow():
    assert keras_hashing.CoarseToFine is CoarseToFine
    code = "import keras_hashing, sys; keras_hashing.CoarseToFine; print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_refused_arguments():
    index = Index(BITS)
    database, features = data(6)
    index.add(database)
    with pytest.raises(ValueError, match="`features` and `index` must have one row .* 5 and 6"):
        CoarseToFine(index, features[:5])
    with pytest.raises(ValueError, match="`metric` got the unknown value 'l1'; allowed: 'euclid"):
        CoarseToFine(index, features, "l1")
    with pytest.raises(ValueError, match=r"`features` must have 2 dimension\(s\); got shape \(6,"):
        CoarseToFine(index, features[..., None])
    with pytest.raises(TypeError, match="`features` must be numbers; got dtype <U1. Pass the back"):
        CoarseToFine(index, np.full((6, 2), "a"))
    with pytest.raises(ValueError, match=r"`features` must be finite; .* \(0, 0\)"):
        CoarseToFine(index, np.full((6, 2), np.nan))


def test_refused_searches():
    index = Index(BITS)
    database, features = data(6)
    index.add(database)
    fine = CoarseToFine(index, features)
    with pytest.raises(ValueError, match="`query_features` must have 5 channels, .* got 4"):
        fine.search(database, features[:, :4])
    with pytest.raises(ValueError, match="`query_codes` and `query_features` must .* 6 and 2"):
        fine.search(database, features[:2])
    with pytest.raises(TypeError, match="`query_codes` must be packed codes of dtype uint8"):
        fine.search(features, features)
    with pytest.raises(ValueError, match="`k` must be at least 1; got 0"):
        fine.search(database, features, k=0)
    with pytest.raises(ValueError, match="`pool` must be at least 1; got 0. Pass None for no"):
        fine.search(database, features, pool=0)
    with pytest.raises(ValueError, match="`radius` must be between 0 and 10; got 11"):
        fine.search(database[:0], features[:0], radius=11)
    with pytest.raises(ValueError, match=r"`query_features` must be finite; .* \(0, 0\)"):
        fine.search(database, np.full((6, 5), np.inf))
    index.add(database[:1], ids=[77])
    for limits in ({}, {"pool": None}, {"radius": BITS}):
        with pytest.raises(ValueError, match="item 77, which has no features here. Make a new"):
            fine.search(database, features, **limits)


def test_refused_recalls():
    fine, _, _, query_codes, queries = sample()
    with pytest.raises(
        ValueError, match="`recall` must be between 0.0 and 1.0; got 95. It is a sh"
    ):
        fine.pool_for(95, query_codes, queries)
    with pytest.raises(ValueError, match="got 0 queries and an index of 300 items. Pass some"):
        fine.pool_for(0.9, query_codes[:0], queries[:0])
    with pytest.raises(ValueError, match="got 1 queries and an index of 0 items"):
        CoarseToFine(Index(BITS), np.zeros((0, BITS))).recall_curve(query_codes[:1], queries[:1])
    with pytest.raises(ValueError, match="`pools` must be at least 1; got 0"):
        fine.recall_curve(query_codes, queries, pools=(0,))
    with pytest.raises(ValueError, match="`k` must be at least 1; got 0"):
        fine.recall_curve(query_codes, queries, k=0)
    with pytest.raises(ValueError, match="`query_features` must have 10 channels"):
        fine.pool_for(0.9, query_codes, queries[:, :3])


def test_repr():
    index = Index(8)
    index.add(np.arange(3, dtype=np.uint8)[:, None])
    fine = CoarseToFine(index, np.zeros((3, 5), np.float32), "cosine")
    assert repr(fine) == (
        "CoarseToFine\n  codes: 8 bits\n  features: 3 x 5, float32\n  metric: cosine"
    )
    assert "<tr><th>metric</th><td>cosine</td></tr>" in fine._repr_html_()


def test_the_callers_array_stays_writable_and_the_kept_view_is_not():
    index, features = Index(8), np.zeros((1, 5))
    index.add(np.zeros((1, 1), np.uint8))
    fine = CoarseToFine(index, features)
    features[0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        fine.features[0, 0] = np.nan
