from unittest import mock

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing.index import selection

RUN = 16


def minima_of(distances, tiles, lanes):
    """What `Tiles.minima` would return, from all distances `(queries, n)` of whole tiles."""
    return distances.reshape(len(distances), tiles, lanes, RUN).min(axis=3).transpose(1, 0, 2)


def slow_distances(query_words, words):
    out = np.zeros((len(query_words), words.shape[1]), np.int64)
    for query, row in enumerate(query_words):
        for word, column in zip(row, words, strict=True):
            out[query] += [int(value).bit_count() for value in word ^ column]
    return out


def check(query_words, words, k, tiles, lanes, keep=None, padding=0):
    """The selection against a stable argsort; `padding` queries more have minima only."""
    distances = slow_distances(query_words, words)
    dtype = np.uint8 if len(words) < 4 else np.uint16
    covered = tiles * lanes * RUN
    seen = distances.copy()
    if keep is not None:
        seen[:, ~keep] = np.iinfo(dtype).max
    padded = np.concatenate([seen[:, :covered], np.zeros((padding, covered), np.int64)])
    minima = np.ascontiguousarray(minima_of(padded, tiles, lanes).astype(dtype))
    found, positions = selection.first_k(minima, query_words, words, k, keep)
    assert (found.dtype, positions.dtype) == (np.int32, np.int64)
    rows = np.arange(words.shape[1]) if keep is None else np.flatnonzero(keep)
    order = np.argsort(distances[:, rows], axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(positions, rows[order])
    np.testing.assert_array_equal(found, np.take_along_axis(distances[:, rows], order, axis=1))


def test_by_hand():
    """Two tiles of 32 rows, all at distance 3 but rows 20, 40 and 50, at 1, 1 and 2."""
    words = np.full((1, 64), 0b111, np.uint64)
    words[0, [20, 40, 50]] = 0b1, 0b100, 0b11
    minima = np.array([[[3, 1]], [[1, 2]]], np.uint8)  # rows 0 to 15, 16 to 31, and so on
    query = np.zeros((1, 1), np.uint64)
    distances, positions = selection.first_k(minima, query, words, 4)
    assert distances.tolist() == [[1, 1, 2, 3]]
    assert positions.tolist() == [[20, 40, 50, 0]]


@hypothesis.given(
    data=st.data(),
    tiles=st.sampled_from([1, 2, 4, 16]),
    lanes=st.integers(1, 3),
    num_words=st.integers(1, 2),
)
@hypothesis.settings(deadline=None, max_examples=200)
def test_random_codes_with_many_ties(data, tiles, lanes, num_words):
    rows = tiles * lanes * RUN + data.draw(st.integers(0, 20))
    # Bits in few places: distances of 0 to 4, so that nearly all rows are ties.
    few = st.sampled_from([0, 1, 2, 3, 1 << 63, (1 << 63) + 5])
    words = data.draw(hnp.arrays(np.uint64, (num_words, rows), elements=few))
    query_words = data.draw(hnp.arrays(np.uint64, (2, num_words), elements=few))
    keep = data.draw(st.none() | hnp.arrays(bool, rows))
    k = data.draw(st.integers(1, tiles * lanes))
    if keep is not None and keep.sum() < k:
        keep[:k] = True
    with mock.patch.object(selection, "_FEW_RUNS", data.draw(st.sampled_from([0, 256]))):
        check(query_words, words, k, tiles, lanes, keep, padding=data.draw(st.integers(0, 2)))


@pytest.mark.parametrize("distinct", [None, 40, 2])
@pytest.mark.parametrize("num_words", [1, 2, 8])
@pytest.mark.parametrize("k", [1, 7, 60, 400])
def test_random_codes(num_words, k, distinct, monkeypatch):
    generator = np.random.default_rng(0)
    words = generator.integers(0, 1 << 64, (num_words, 32 * 16 * RUN + 50), dtype=np.uint64)
    if distinct:
        words = words[:, generator.integers(0, distinct, words.shape[1])]
    query_words = generator.integers(0, 1 << 64, (5, num_words), dtype=np.uint64)
    query_words[0] = words[:, 9]
    check(query_words, words, k, tiles=32, lanes=16)
    monkeypatch.setattr(selection, "_STEP", 3)
    check(query_words[:1], words, k, tiles=32, lanes=16, padding=3)


def test_all_rows_equal():
    words = np.full((2, 16 * 4 * RUN), 7, np.uint64)
    check(np.zeros((2, 2), np.uint64), words, 30, tiles=16, lanes=4)


def test_the_first_tie_is_in_a_run_that_also_has_a_nearer_row():
    """Ties are wanted by position, whatever else is in their run."""
    words = np.full((1, 16 * 2 * RUN), 0b111, np.uint64)
    words[0, 300:310] = 0b11  # distance 2 in runs 18 and 19
    words[0, 304] = 0b1  # distance 1 in run 19
    words[0, [5, 400]] = 0b11
    for k in range(1, 16):
        check(np.zeros((1, 1), np.uint64), words, k, tiles=16, lanes=2)


def test_late_ties_are_not_looked_at():
    """At most k runs a query, however many rows are at the limit; the first by position."""
    owners = np.array([1, 0, 1, 0, 1, 1, 0, 1])
    numbers = np.array([9, 4, 2, 8, 7, 5, 1, 3])
    ties = np.array([True, True, True, True, False, True, True, False])
    found = selection._without_late_ties(owners, numbers, ties, 3)
    # Query 0 has ties 1, 4 and 8; query 1 has 3 and 7 below the limit, and ties 2, 5 and 9.
    assert sorted(zip(*(part.tolist() for part in found), strict=True)) == [
        (0, 1),
        (0, 4),
        (0, 8),
        (1, 2),
        (1, 3),
        (1, 7),
    ]


def test_runs_below_the_limit_are_all_looked_at():
    """However many there are: the nearest row may be in the last of them."""
    owners, numbers = np.zeros(5, np.int64), np.arange(5)
    ties = np.array([False, True, False, False, False])
    _, found = selection._without_late_ties(owners, numbers, ties, 2)
    assert sorted(found.tolist()) == [0, 2, 3, 4]
    # 16 runs to a block: those of rows 0, 160 and so on share one, the nearest row in the last.
    words = np.full((1, 16 * 10 * RUN), 0b1111, np.uint64)
    words[0, :: 10 * RUN] = 0b11
    words[0, -10 * RUN] = 0b1
    with mock.patch.object(selection, "_FEW_RUNS", 0):
        for k in (1, 2, 3):
            check(np.zeros((1, 1), np.uint64), words, k, tiles=16, lanes=10)


def test_complements_with_a_mask():
    """Distances up to 192 beside masked runs, whose minimum stands above every distance."""
    words = np.full((3, 300), (1 << 64) - 1, np.uint64)
    keep = np.zeros(300, bool)
    keep[[3, 50, 299]] = True
    check(np.zeros((1, 3), np.uint64), words, 3, tiles=4, lanes=4, keep=keep)
