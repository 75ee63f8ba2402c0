"""Repetitions counted by plain Python."""

import collections

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing import relevance
from keras_hashing.auditing import repeats
from keras_hashing.auditing.code_set import CodeSet


def items(generator, count, multi_hot, width=9):
    codes = np.zeros((count, width), np.uint8)
    codes[:, 0] = generator.integers(0, 4, count)
    codes[:, -1] = generator.integers(0, 2, count)  # in another word
    labels = generator.integers(0, 2, (count, 70) if multi_hot else count)
    if multi_hot:
        labels[:, :-1] = 0
    return CodeSet(codes, relevance.labels("labels", labels), generator.integers(0, 60, count))


@hypothesis.given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.booleans())
def test_duplicates_against_counters(seed, count, multi_hot):
    database = items(np.random.default_rng(seed), count, multi_hot)
    found = repeats.duplicates(database)
    rows = [bytes(code) for code in database.codes]
    both = list(zip(rows, (label.tobytes() for label in database.labels), strict=True))
    by_code, by_both = collections.Counter(rows), collections.Counter(both)
    assert found.distinct == len(by_code)
    assert found.group_sizes.tolist() == sorted(by_code.values(), reverse=True)
    assert repeats.group_sizes(database.codes).tolist() == found.group_sizes.tolist()
    assert found.largest == max(by_code.values())
    assert found.once == list(by_code.values()).count(1)
    assert found.sharing == sum(by_code[row] > 1 for row in rows)
    assert found.distinct_with_labels == len(by_both)
    assert found.mixed == sum(
        any(rows[j] == rows[i] and both[j] != both[i] for j in range(count)) for i in range(count)
    )
    ids = collections.Counter(database.ids.tolist())
    assert found.repeated_ids == sum(n > 1 for n in ids.values())
    assert list(found.examples) == sorted(i for i, n in ids.items() if n > 1)[:10]


@hypothesis.given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.booleans())
def test_leaks_against_sets(seed, count, multi_hot):
    generator = np.random.default_rng(seed)
    database, queries = items(generator, count, multi_hot), items(generator, 12, multi_hot)
    found = repeats.leaks(queries, database)

    def keys(given):
        return [
            (code.tobytes(), label.tobytes())
            for code, label in zip(given.codes, given.labels, strict=True)
        ]

    counts = collections.Counter(keys(database))
    assert found.identical == sum(key in counts for key in keys(queries))
    inside = [i for i in queries.ids.tolist() if i in set(database.ids.tolist())]
    assert (found.ids, list(found.examples)) == (len(inside), inside[:10])
    chance = 1 - list(counts.values()).count(1) / count
    assert found.identical_expected == pytest.approx(12 * chance)
    assert found.identical_spread == pytest.approx((12 * chance * (1 - chance)) ** 0.5)


def test_chance_is_right_for_fresh_draws():
    # Queries drawn as the items were: what is expected is what comes, give or take.
    generator = np.random.default_rng(0)
    draws = np.minimum(generator.geometric(0.01, (2, 3000)), 65535).astype("<u2")
    database, queries = (CodeSet(row.view(np.uint8).reshape(-1, 2), None, None) for row in draws)
    found = repeats.leaks(queries, database)
    assert found.ids is None and found.identical < 3000
    assert abs(found.identical - found.identical_expected) < 4 * found.identical_spread


def test_what_is_not_known_is_none():
    found = repeats.duplicates(CodeSet(np.zeros((2, 1), np.uint8), None, None))
    unknown = (found.distinct_with_labels, found.mixed, found.repeated_ids, found.examples)
    assert unknown == (None, None, None, ())


@pytest.mark.parametrize(
    ("codes", "entropy"),
    # Counts 2, 1, 1 of four: 1/2 * 1 + 2 * 1/4 * 2 = 3/2.
    [([[7], [7], [1], [2]], 1.5), ([[3], [3]], 0), ([[0], [1], [2], [3]], 2)],
)
def test_entropy_of_codes(codes, entropy):
    found = repeats.duplicates(CodeSet(np.array(codes, np.uint8), None, None))
    assert found.code_entropy == entropy
