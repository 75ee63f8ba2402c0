"""Coarse-to-fine search against loops over pools in plain Python."""

import math
import subprocess
import sys

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
    members = [row for row in members if radius is None or hamming[row] <= radius][:pool]
    ranked = sorted((distance(features[row], query, metric), row) for row in members)[:k]
    missing = k - len(ranked)
    return [d for d, _ in ranked] + [np.inf] * missing, [ids[r] for _, r in ranked] + [-1] * missing


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(
    ("pool", "radius"), [(7, None), (None, 3), (7, 3), (None, None), (1000, None), (None, 0)]
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


def test_an_empty_pool_finds_nothing():
    index = Index(BITS)
    index.add(codes.pack(np.ones((3, BITS))))
    search = CoarseToFine(index, np.zeros((3, 2))).search
    distances, ids = search(codes.pack(-np.ones((2, BITS))), np.zeros((2, 2)), k=2, radius=BITS - 1)
    assert ids.tolist() == [[-1, -1], [-1, -1]]
    assert np.isinf(distances).all()
    distances, ids = search(np.zeros((0, 2), "uint8"), np.zeros((0, 2)), k=2)
    assert distances.shape == ids.shape == (0, 2)
    empty = CoarseToFine(Index(BITS), np.zeros((0, 2)))
    _, ids = empty.search(codes.pack(np.ones((1, BITS))), np.zeros((1, 2)), k=2)
    assert ids.tolist() == [[-1, -1]]


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
    index.add(database[:1], ids=[77])
    for limits in ({}, {"pool": None}, {"radius": BITS}):
        with pytest.raises(ValueError, match="item 77, which has no features here. Make a new"):
            fine.search(database, features, **limits)
