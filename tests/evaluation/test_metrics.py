"""Closed forms against exact fractions over every order of ties, and against worked tables."""

import fractions
import math

import numpy as np
import pytest

from keras_hashing.evaluation import metrics
from tests import reference

DENOMINATORS = ("hits", "min", "total")

# distances in database order, relevance, expected, best, worst AP over the whole database
TABLE = {
    "A": ("0123", "1010", 5 / 6, 5 / 6, 5 / 6),
    "B": ("00", "10", 3 / 4, 1, 1 / 2),
    "C": ("111", "010", 11 / 18, 1, 1 / 3),
    "D": ("0112", "1101", 31 / 36, 11 / 12, 29 / 36),
    "E": ("001112", "100110", 181 / 270, 29 / 36, 8 / 15),
    "F": ("2222", "1100", 49 / 72, 1, 5 / 12),
    "G": ("0111", "1001", 31 / 36, 1, 3 / 4),
    "H": ("312132", "110011", 13 / 20, 11 / 15, 17 / 30),
    "I": ("00000", "00000", 0, 0, 0),
    "J": ("101010", "111111", 1, 1, 1),
    "K": ("00005", "00001", 1 / 5, 1 / 5, 1 / 5),
    "L": ("111111", "000111", 129 / 200, 1, 23 / 60),
}
# cutoff, expected AP@R under hits, min, total, and expected precision@R
TABLE_AT = {
    "A": (2, 1, 1 / 2, 1 / 2, 1 / 2),
    "B": (1, 1 / 2, 1 / 2, 1 / 2, 1 / 2),
    "C": (2, 1 / 2, 1 / 2, 1 / 2, 1 / 3),
    "D": (2, 1, 3 / 4, 1 / 2, 3 / 4),
    "E": (4, 37 / 54, 29 / 54, 29 / 54, 7 / 12),
    "F": (3, 17 / 24, 5 / 9, 5 / 9, 1 / 2),
    "G": (2, 1, 2 / 3, 2 / 3, 2 / 3),
    "H": (3, 35 / 48, 13 / 36, 13 / 48, 1 / 2),
    "I": (3, 0, 0, 0, 0),
    "J": (4, 1, 1, 2 / 3, 1),
    "K": (4, 0, 0, 0, 0),
    "L": (2, 13 / 20, 17 / 40, 17 / 60, 1 / 2),
}


def buckets(distances, relevant, width=None):
    distances, relevant = np.asarray(distances, int), np.asarray(relevant, bool)
    width = width or distances.max() + 1
    total = np.bincount(distances, minlength=width)
    hits = np.bincount(distances[relevant], minlength=width)
    return metrics.Buckets(total[None], hits[None])


@pytest.mark.parametrize("case", TABLE)
def test_worked_table(case):
    distances, relevant, expected, best, worst = TABLE[case]
    b = buckets([int(d) for d in distances], [r == "1" for r in relevant])
    assert metrics.average_precision(b)[0] == pytest.approx(expected, abs=1e-12)
    assert metrics.bounded_average_precision(b, True)[0] == pytest.approx(best, abs=1e-12)
    assert metrics.bounded_average_precision(b, False)[0] == pytest.approx(worst, abs=1e-12)
    cutoff, *wanted, precision = TABLE_AT[case]
    for denominator, value in zip(DENOMINATORS, wanted, strict=True):
        found = metrics.average_precision(b, cutoff, denominator)[0]
        assert found == pytest.approx(value, abs=1e-12)
    assert metrics.hits_at(b, cutoff)[0] / cutoff == pytest.approx(precision, abs=1e-12)


def test_worked_buckets():
    # Buckets of 1, 3 and 2 items with 0, 2 and 1 relevant: sums 0, 1 and 0.55 over 3 relevant.
    b = metrics.Buckets(np.array([[1, 3, 2]]), np.array([[0, 2, 1]]))
    np.testing.assert_allclose(metrics.expected_precision_sum(b)[0], [0, 1, 0.55], atol=1e-12)
    assert metrics.average_precision(b)[0] == pytest.approx(1.55 / 3, abs=1e-12)
    assert metrics.bounded_average_precision(b, True)[0] == pytest.approx(53 / 90, abs=1e-12)
    assert metrics.bounded_average_precision(b, False)[0] == pytest.approx(4 / 9, abs=1e-12)
    assert metrics.hits_at(b, 3)[0] / 3 == pytest.approx(4 / 9, abs=1e-12)
    assert metrics.expected_precision_sum(b, 3)[0].sum() == pytest.approx(2 / 3, abs=1e-12)


def mean(values):
    values = list(values)
    return sum(values, fractions.Fraction(0)) / len(values)


@pytest.mark.parametrize("seed", range(10))
def test_equals_the_mean_over_all_orders_of_ties(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        n = int(rng.integers(1, 9))
        distances = rng.integers(0, rng.integers(1, 5), n)
        relevant = rng.random(n) < rng.uniform(0.1, 0.9)
        cutoff = int(rng.integers(1, n + 1))
        orders = list(reference.tie_orders(distances.tolist(), relevant.tolist()))
        b = buckets(distances, relevant)
        whole = [reference.average_precision(order) for order in orders]
        close = {"abs": 1e-12}
        assert metrics.average_precision(b)[0] == pytest.approx(float(mean(whole)), **close)
        assert metrics.bounded_average_precision(b, True)[0] == pytest.approx(max(whole), **close)
        assert metrics.bounded_average_precision(b, False)[0] == pytest.approx(min(whole), **close)
        for denominator in DENOMINATORS:
            cut = [reference.average_precision(order, cutoff, denominator) for order in orders]
            found = metrics.average_precision(b, cutoff, denominator)[0]
            assert found == pytest.approx(float(mean(cut)), **close)
            if denominator != "hits":
                for first, bound in ((True, max(cut)), (False, min(cut))):
                    value = metrics.bounded_average_precision(b, first, cutoff, denominator)[0]
                    assert value == pytest.approx(bound, **close)
        hits = mean(fractions.Fraction(sum(order[:cutoff])) for order in orders)
        assert metrics.hits_at(b, cutoff)[0] == pytest.approx(float(hits), **close)


def test_a_large_cut_bucket_equals_a_simulation():
    rng = np.random.default_rng(0)
    total, relevant, cutoff = np.array([[30, 900, 70]]), np.array([[10, 300, 50]]), 200
    b = metrics.Buckets(total, relevant)
    values = []
    for _ in range(4000):
        order = np.concatenate(
            [rng.permutation(np.arange(n) < r) for n, r in zip(total[0], relevant[0], strict=True)]
        )[:cutoff]
        ranks = np.flatnonzero(order) + 1
        values.append((np.arange(1, len(ranks) + 1) / ranks).sum() / len(ranks))
    error = 5 * np.std(values) / np.sqrt(len(values))
    assert metrics.average_precision(b, cutoff, "hits")[0] == pytest.approx(
        np.mean(values), abs=error
    )


def exact_hits_average(first, size, hits, cutoff):
    """AP@cutoff(hits) of `first` relevant items, then a cut bucket of `size`, in fractions."""
    slots = cutoff - first
    span = sum((fractions.Fraction(1, first + i + 1) for i in range(slots)), fractions.Fraction(0))
    value = fractions.Fraction(0)
    for inside in range(max(0, slots - size + hits), min(slots, hits) + 1):
        ways = math.comb(hits, inside) * math.comb(size - hits, slots - inside)
        # Mean of (hits before + 1 + others before it) / rank over the slots of the bucket.
        other = fractions.Fraction(inside - 1, slots - 1) if slots > 1 else fractions.Fraction(0)
        sums = fractions.Fraction(inside, slots) * (
            (first + 1 - other * (first + 1)) * span + other * slots
        )
        found = first + inside
        value += fractions.Fraction(ways, math.comb(size, slots)) * (
            (first + sums) / found if found else 0
        )
    return float(value)


def test_cut_buckets_of_many_widths_at_once_equal_exact_fractions():
    cutoff = 120
    sizes = [(0, 121, 1), (0, 900, 900), (0, 900, 0), (119, 7, 3), (100, 400, 20), (3, 2000, 1000)]
    sizes += [(0, 5000, 2500), (60, 4000, 10), (0, 130, 128)]
    total = np.array([(first, size) for first, size, _ in sizes])
    relevant = np.array([(first, hits) for first, _, hits in sizes])
    found = metrics.average_precision(metrics.Buckets(total, relevant), cutoff, "hits")
    wanted = [exact_hits_average(first, size, hits, cutoff) for first, size, hits in sizes]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


def test_expected_hits_by_rank_grow_inside_buckets_and_stay_after_the_last_item():
    # 2 items with 1 relevant, then 4 with 1: 0.5 a rank, then 0.25; the second query has 3 items.
    b = metrics.Buckets(np.array([[2, 0, 4], [1, 2, 0]]), np.array([[1, 0, 1], [0, 2, 0]]))
    found = metrics.hits_by_rank(b, np.array([1, 2, 3, 6]))
    np.testing.assert_allclose(found, [[0.5, 1, 1.25, 2], [0, 1, 2, 2]], atol=1e-15)
