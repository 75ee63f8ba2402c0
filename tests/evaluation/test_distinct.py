"""Distinct rows against NumPy's, also where two kinds of rows share a key."""

import numpy as np
import pytest

from keras_hashing import relevance
from keras_hashing.evaluation import distinct


def check(rows):
    first, counts, kinds = distinct.distinct(rows)
    wanted, wanted_counts = np.unique(rows, axis=0, return_counts=True)
    order = np.lexsort(rows[first].T[::-1])
    np.testing.assert_array_equal(rows[first][order], wanted)
    np.testing.assert_array_equal(counts[order], wanted_counts)
    np.testing.assert_array_equal(rows[first[kinds]], rows)


@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("kinds", [1, 7, 3000])
def test_equals_numpy(columns, kinds):
    rng = np.random.default_rng(kinds)
    pool = rng.integers(-(2**63), 2**63, (kinds, columns))
    check(pool[rng.integers(0, kinds, 2000)])


def test_rows_that_differ_in_one_bit_are_two_kinds():
    rows = np.zeros((129, 2), np.int64)
    for bit in range(128):
        rows[bit, bit // 64] = np.uint64(1 << bit % 64).astype(np.int64)
    assert len(distinct.distinct(rows)[0]) == 129


def test_kinds_with_one_key_stay_apart(monkeypatch):
    monkeypatch.setattr(distinct, "_keys", lambda rows: rows[:, 0].astype(np.uint64) // 2)
    check(np.array([[0, 5], [1, 5], [0, 5], [2, 5], [3, 5], [1, 5]]))


def test_the_sample_tells_repeated_rows_from_others():
    rng = np.random.default_rng(0)
    unlike = rng.integers(0, 2**62, (10_000, 2))
    assert not distinct.likely(unlike)
    assert distinct.likely(unlike[rng.integers(0, 500, 10_000)])
    assert not distinct.likely(unlike[:10])


def test_equal_labels_have_equal_words():
    labels = relevance.labels("labels", np.eye(70, dtype=int)[[0, 64, 0, 69]])
    words = distinct.label_words(labels)
    assert words.shape == (4, 2)
    assert (words[0] == words[2]).all()
    assert len(np.unique(words, axis=0)) == 3
