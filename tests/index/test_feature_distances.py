"""The nearest features against loops, and files that cannot be used."""

import fractions
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing.index import feature_distances


def exact(one, other, metric):
    """float32 distance, from whole numbers, without rounding before the end."""
    if metric == "euclidean":
        return np.float32(math.sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True))))
    norms = sum(a * a for a in one) * sum(b * b for b in other)
    product = sum(a * b for a, b in zip(one, other, strict=True))
    if not norms:
        return np.float32(1)
    if product >= 0 and product**2 == norms:
        return np.float32(0)
    return np.float32(1 - product / math.sqrt(fractions.Fraction(norms)))


@pytest.fixture(params=[1 << 19, 30, 1])
def blocks(request, monkeypatch):
    """Steps of many rows, of some, and of one."""
    monkeypatch.setattr(feature_distances, "_VALUES", request.param)


@pytest.mark.parametrize("metric", feature_distances.METRICS)
@pytest.mark.parametrize("scale", [1, 1e6, 1e-6])
def test_nearest_in_blocks(blocks, metric, scale):
    rng = np.random.default_rng(3)
    features = rng.integers(-2, 3, (60, 3))
    features[::7] = 0
    queries = rng.integers(-2, 3, (5, 3))
    for k in (1, 4, 60, 99):
        for rows in (None, np.flatnonzero(rng.random(60) < 0.5)):
            chosen = range(60) if rows is None else rows
            distances, found = feature_distances.nearest(
                features * scale, queries * float(scale), k, metric, rows
            )
            assert (distances.dtype, found.dtype) == (np.float32, np.int64)
            assert found.shape == (5, min(k, len(chosen)))
            for number in range(5):
                order = sorted(
                    chosen, key=lambda r: (exact(features[r], queries[number], metric), r)
                )[:k]
                if metric == "euclidean":  # whole numbers: every square is exact
                    assert found[number].tolist() == order
                wanted = [exact(features[row], queries[number], metric) for row in order]
                unit = scale if metric == "euclidean" else 1
                np.testing.assert_allclose(distances[number] / unit, wanted, rtol=1e-6, atol=1e-7)


@hypothesis.given(st.integers(0, 2**32 - 1), st.sampled_from(feature_distances.METRICS))
@hypothesis.settings(max_examples=60)
def test_nearest_is_the_order_of_to_rows(seed, metric):
    # Far from the origin a matrix product loses digits; what is chosen must not.
    rng = np.random.default_rng(seed)
    features = rng.choice([0, 1e3, 1e8]) + rng.normal(size=(50, 4)).round(1)
    features[rng.integers(0, 50, 10)] = features[0]
    queries = features[rng.integers(0, 50, 3)] + rng.choice([0, 1e-3])
    distances, found = feature_distances.nearest(features, queries, 7, metric)
    for number in range(3):
        every = feature_distances.to_rows(features, np.arange(50), queries[number], metric)
        order = np.argsort(every, kind="stable")[:7]
        np.testing.assert_array_equal(found[number], order)
        np.testing.assert_array_equal(distances[number], every[order])


def test_equal_items_are_at_equal_distances():
    features = np.full((1000, 37), np.float32(0.1))
    distances, rows = feature_distances.nearest(features, np.full((1, 37), 0.7), 10, "cosine")
    assert rows.tolist() == [list(range(10))]
    assert len(set(distances[0])) == 1


def test_no_queries_no_rows():
    distances, rows = feature_distances.nearest(np.ones((4, 2)), np.ones((0, 2)), 3, "cosine")
    assert distances.shape == rows.shape == (0, 3)
    distances, rows = feature_distances.nearest(np.ones((0, 2)), np.ones((2, 2)), 3, "cosine")
    assert distances.shape == rows.shape == (2, 0)


def test_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No file of `features` at .*none.npy. Write one"):
        feature_distances.opened("features", tmp_path / "none.npy")
    path = tmp_path / "a.npy"
    np.save(path, np.arange(12, dtype="float16").reshape(4, 3))
    found = feature_distances.opened("features", str(path))
    assert isinstance(found, np.memmap)
    assert found.tolist() == np.arange(12).reshape(4, 3).tolist()
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"a\.npy is no whole \.npy file of numbers"):
            feature_distances.opened("features", path)
    np.save(path, np.array([[{}]]))
    with pytest.raises(ValueError, match=r"a\.npy is no whole \.npy file of numbers"):
        feature_distances.opened("features", path)
    np.save(path, np.arange(3.0))
    with pytest.raises(
        ValueError, match=r"`features` must have 2 dimension\(s\); got shape \(3,\)"
    ):
        feature_distances.opened("features", path)
    np.save(path, np.full((2, 2), "a"))
    with pytest.raises(TypeError, match="`features` must be numbers; got dtype <U1"):
        feature_distances.opened("features", path)


def test_values_that_are_not_finite(tmp_path, blocks):
    features = np.ones((20, 3), "float32")
    features[13, 2] = np.nan
    text = r"`features` must be finite; got NaN or infinity, first at index \(13, 2\). Extract them"
    with pytest.raises(ValueError, match=text):
        feature_distances.opened("features", features)
    np.save(tmp_path / "a.npy", features)
    mapped = feature_distances.opened("features", tmp_path / "a.npy")
    query = np.zeros(3)
    assert len(feature_distances.to_rows(mapped, np.arange(13), query, "euclidean")) == 13
    with pytest.raises(ValueError, match=text):
        feature_distances.to_rows(mapped, np.array([2, 13, 15]), query, "euclidean")
    with pytest.raises(ValueError, match=text):
        feature_distances.nearest(mapped, query[None], 2, "cosine")
