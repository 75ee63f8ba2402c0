from unittest import mock

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing.index.exact import selection

RUN = 16


def minima_of(distances, runs, groups, lanes):
    """What `Tiles.minima` would return, from all distances `(queries, n)` of whole groups."""
    by_run = distances.reshape(len(distances), groups, lanes, runs, RUN).min(axis=4)
    return by_run.transpose(3, 1, 0, 2)


def slow_distances(query_words, words):
    out = np.zeros((len(query_words), words.shape[1]), np.int64)
    for query, row in enumerate(query_words):
        for word, column in zip(row, words, strict=True):
            out[query] += [int(value).bit_count() for value in word ^ column]
    return out


def check(query_words, words, k, shape, keep=None, padding=0):
    """The selection against a stable argsort.

    `shape` is (runs, groups, lanes); `padding` more queries and groups have minima only.
    """
    runs, groups, lanes = shape
    distances = slow_distances(query_words, words)
    dtype = np.uint8 if len(words) < 4 else np.uint16
    covered = runs * groups * lanes * RUN
    seen = distances.copy()
    if keep is not None:
        seen[:, ~keep] = np.iinfo(dtype).max
    real = minima_of(seen[:, :covered], *shape)
    minima = np.zeros((runs, groups + padding, len(query_words) + padding, lanes), dtype)
    minima[:, :groups, : len(query_words)] = real
    found, positions = selection.first_k(minima, covered, query_words, words, k, keep)
    assert (found.dtype, positions.dtype) == (np.int32, np.int64)
    rows = np.arange(words.shape[1]) if keep is None else np.flatnonzero(keep)
    order = np.argsort(distances[:, rows], axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(positions, rows[order])
    np.testing.assert_array_equal(found, np.take_along_axis(distances[:, rows], order, axis=1))


def test_by_hand():
    """Two blocks of 32 rows, all at distance 3 but rows 20, 40 and 50, at 1, 1 and 2."""
    words = np.full((1, 64), 0b111, np.uint64)
    words[0, [20, 40, 50]] = 0b1, 0b100, 0b11
    minima = np.array([[[[3, 1]]], [[[1, 2]]]], np.uint8)  # rows 0-15 and 32-47, 16-31 and 48-63
    query = np.zeros((1, 1), np.uint64)
    distances, positions = selection.first_k(minima, 64, query, words, 4)
    assert distances.tolist() == [[1, 1, 2, 3]]
    assert positions.tolist() == [[20, 40, 50, 0]]


@hypothesis.given(
    data=st.data(),
    runs=st.sampled_from([1, 2, 4, 16]),
    groups=st.integers(1, 2),
    lanes=st.integers(1, 2),
    num_words=st.integers(1, 2),
)
@hypothesis.settings(deadline=None, max_examples=200)
def test_random_codes_with_many_ties(data, runs, groups, lanes, num_words):
    rows = runs * groups * lanes * RUN + data.draw(st.integers(0, 20))
    # Bits in few places: distances of 0 to 4, so that nearly all rows are ties.
    few = st.sampled_from([0, 1, 2, 3, 1 << 63, (1 << 63) + 5])
    words = data.draw(hnp.arrays(np.uint64, (num_words, rows), elements=few))
    query_words = data.draw(hnp.arrays(np.uint64, (2, num_words), elements=few))
    keep = data.draw(st.none() | hnp.arrays(bool, rows))
    k = data.draw(st.integers(1, runs * groups * lanes))
    if keep is not None and keep.sum() < k:
        keep[:k] = True
    shape, padding = (runs, groups, lanes), data.draw(st.integers(0, 2))
    with mock.patch.object(selection, "_FEW_RUNS", data.draw(st.sampled_from([0, 512]))):
        check(query_words, words, k, shape, keep, padding)


@pytest.mark.parametrize("distinct", [None, 40, 2])
@pytest.mark.parametrize("num_words", [1, 2, 8])
@pytest.mark.parametrize("k", [1, 7, 60, 400])
def test_random_codes(num_words, k, distinct, monkeypatch):
    generator = np.random.default_rng(0)
    shape = (16, 2, 16)
    words = generator.integers(0, 1 << 64, (num_words, 512 * RUN + 50), dtype=np.uint64)
    if distinct:
        words = words[:, generator.integers(0, distinct, words.shape[1])]
    query_words = generator.integers(0, 1 << 64, (5, num_words), dtype=np.uint64)
    query_words[0] = words[:, 9]
    check(query_words, words, k, shape)
    monkeypatch.setattr(selection, "_STEP", 3)
    check(query_words[:1], words, k, shape, padding=3)


def test_all_rows_equal():
    words = np.full((2, 64 * RUN), 7, np.uint64)
    for few in (0, 512):
        with mock.patch.object(selection, "_FEW_RUNS", few):
            check(np.zeros((2, 2), np.uint64), words, 30, (16, 2, 2))


def test_ties_are_wanted_by_position_whatever_else_is_in_their_run():
    words = np.full((1, 32 * RUN), 0b111, np.uint64)
    words[0, 300:310] = 0b11  # distance 2 in runs 18 and 19
    words[0, 304] = 0b1  # distance 1 in run 19
    words[0, [5, 400]] = 0b11
    for k in range(1, 16):
        check(np.zeros((1, 1), np.uint64), words, k, (16, 1, 2))


def test_only_runs_within_the_limit_are_looked_at(monkeypatch):
    """Of 64 runs, 12 hold the row that makes them one of the first, each in its own block."""
    monkeypatch.setattr(selection, "_FEW_RUNS", 0)
    minima = np.full((2, 8, 1, 4), 9, np.uint8)
    minima[1, :6, 0, :2] = 5
    limits, owners, numbers = selection._runs_within(minima, 64 * RUN, 1, 4)
    assert limits.tolist() == [5]
    assert owners.tolist() == [0, 0, 0, 0]
    assert sorted(numbers.tolist()) == [1, 3, 9, 11]  # the first by position


def test_complements_with_a_mask():
    """Distances up to 192 beside masked runs, whose minimum stands above every distance."""
    words = np.full((3, 300), (1 << 64) - 1, np.uint64)
    keep = np.zeros(300, bool)
    keep[[3, 50, 299]] = True
    check(np.zeros((1, 3), np.uint64), words, 3, (4, 2, 2), keep)
