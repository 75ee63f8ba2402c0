"""Every metric of a query against exact fractions over all tie orders, and scikit-learn."""

import fractions
import math

import numpy as np
import pytest

from keras_hashing.evaluation.scores import DENOMINATORS, Scores
from tests import reference

CLOSE = {"abs": 1e-12}


def counts_of(*queries):
    """Histograms of queries, each a pair of distances and shared labels."""
    grades = 1 + max(max(shared) for _, shared in queries)
    bits = max(max(distances) for distances, _ in queries)
    counts = np.zeros((len(queries), max(grades, 2), bits + 1), np.int64)
    for row, (distances, shared) in zip(counts, queries, strict=True):
        np.add.at(row, (shared, distances), 1)
    return counts


def problem(seed, most_shared):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    distances = rng.integers(0, rng.integers(1, 4), n).tolist()
    shared = rng.integers(0, most_shared + 1, n).tolist()
    shared[0] = max(shared[0], 1)
    return distances, shared


def mean(orders, value):
    values = [value(order) for order in orders]
    return float(sum(values, fractions.Fraction(0)) / len(values))


@pytest.mark.parametrize("most_shared", [1, 3])
@pytest.mark.parametrize("seed", range(40))
def test_equals_the_mean_over_all_orders_of_ties(seed, most_shared):
    distances, shared = problem(seed, most_shared)
    scores = Scores(counts_of((distances, shared)))
    # Every order of the bucket's multiset of grades is equally likely.
    orders = list(reference.tie_orders(distances, shared))
    relevant = [[grade > 0 for grade in order] for order in orders]
    pml = reference.map_at_r_and_r_precision
    found = scores.overall()
    wanted = {
        "map": mean(relevant, reference.average_precision),
        "map_at_r": mean(relevant, lambda order: pml(order)[0]),
        "r_precision": mean(relevant, lambda order: pml(order)[1]),
        "weighted_map": mean(orders, reference.weighted_average_precision),
        "ndcg": mean_ndcg(orders, shared),
        "ndcg_linear": mean_ndcg(orders, shared, gain=float),
    }
    for name, value in wanted.items():
        assert found[name][0] == pytest.approx(value, **CLOSE), name
    for cutoff in range(1, len(shared) + 1):
        found = scores.at(cutoff)
        wanted = {
            "weighted_map_at": mean(
                orders,
                lambda order, k=cutoff: reference.weighted_average_precision(order, k),
            ),
            "acg_at": mean(
                orders, lambda order, k=cutoff: reference.average_cumulative_gain(order, k)
            ),
            "hit_rate_at": mean(
                relevant, lambda order, k=cutoff: fractions.Fraction(any(order[:k]))
            ),
            "precision_at": mean(
                relevant, lambda order, k=cutoff: fractions.Fraction(sum(order[:k]), k)
            ),
            "ndcg_at": mean_ndcg(orders, shared, cutoff),
            "ndcg_linear_at": mean_ndcg(orders, shared, cutoff, float),
        }
        for name in DENOMINATORS:
            wanted[f"map_at_{name}"] = mean(
                relevant,
                lambda order, k=cutoff, d=name: reference.average_precision(order, k, d),
            )
        for name, value in wanted.items():
            assert found[name][0] == pytest.approx(value, **CLOSE), (name, cutoff)


def mean_ndcg(orders, shared, cutoff=None, gain=lambda grade: 2**grade - 1):
    values = [reference.ndcg(order, shared, cutoff, gain) for order in orders]
    return math.fsum(values) / len(values)


@pytest.mark.parametrize("most_shared", [1, 4])
def test_linear_ndcg_is_scikit_learns(most_shared):
    from sklearn.metrics import ndcg_score

    rng = np.random.default_rng(most_shared)
    distances = rng.integers(0, 9, (20, 200))
    shared = rng.integers(0, most_shared + 1, (20, 200))
    shared[3] = 0  # scikit-learn counts it as 0
    scores = Scores(counts_of(*zip(distances.tolist(), shared.tolist(), strict=True)))
    found = scores.overall()["ndcg_linear"].mean()
    assert found == pytest.approx(ndcg_score(shared, -distances), abs=1e-10)
    for cutoff in (1, 7, 50, 200):
        wanted = ndcg_score(shared, -distances, k=cutoff)
        found = scores.at(cutoff)["ndcg_linear_at"].mean()
        assert found == pytest.approx(wanted, abs=1e-10)


def test_worked_by_hand():
    # Shared labels in rank order 2, then 0 and 1 in either order, then 1.
    scores = Scores(counts_of(([0, 1, 1, 2], [2, 0, 1, 1])))
    # ACG at the relevant ranks: 2; (3/2 at rank 2 or 3/3 at rank 3); 4/4. Three are relevant.
    assert scores.overall()["weighted_map"][0] == pytest.approx((2 + (1.5 + 1) / 2 + 1) / 3)
    at = scores.at(2)
    assert at["acg_at"][0] == pytest.approx((2 + 0.5) / 2)
    # Half of the orders have two hits, with ACG 2 and 3/2; half have one, with ACG 2.
    assert at["weighted_map_at"][0] == pytest.approx((1.75 + 2) / 2)
    # R is 3: the first three items hold two hits in any order, at ranks 1 and 2, or 1 and 3.
    found = scores.overall()
    assert found["r_precision"][0] == pytest.approx(2 / 3)
    assert found["map_at_r"][0] == pytest.approx((1 + (1 + 2 / 3) / 2) / 3)
    # The relevant one among three at distance 0 is first in a third of the orders.
    scores = Scores(counts_of(([0, 0, 0], [0, 1, 0])))
    assert [scores.at(k)["hit_rate_at"][0] for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])


def test_nothing_relevant_is_0_everywhere():
    scores = Scores(counts_of(([0, 1], [0, 0])))
    assert all(values.tolist() == [0] for values in (scores.overall() | scores.at(1)).values())


def test_large_buckets_and_many_labels_stay_finite():
    counts = np.zeros((2, 1500, 3), np.int64)
    counts[:, 0] = 10**6
    counts[0, 1, 1] = 1
    counts[1, 1499, 2] = 10**6  # 2^1499 is beyond float64
    scores = Scores(counts)
    for values in (scores.overall() | scores.at(1000)).values():
        assert np.isfinite(values).all()
    # One relevant item among 10^6 + 1 behind 10^6 others: no chance before, then one in a million.
    assert scores.at(1000)["hit_rate_at"][0] == 0
    chance = scores.at(1_500_000)["hit_rate_at"][0]
    assert chance == pytest.approx(500_000 / 1_000_001, rel=1e-9)
