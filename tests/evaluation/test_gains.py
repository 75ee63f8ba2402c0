"""NDCG under ties: worked facts, and exact means over all orders."""

import math

import numpy as np
import pytest

from keras_hashing.evaluation import gains, metrics
from tests import reference


def ndcg(distances, grades, cutoff=None):
    counts = np.zeros((1, max(grades) + 1, max(distances) + 1), np.int64)
    for distance, grade in zip(distances, grades, strict=True):
        counts[0, grade, distance] += 1
    buckets = metrics.Buckets(counts.sum(axis=1), counts[:, 1:].sum(axis=1))
    return float(gains.Gains(counts, buckets).ndcg(cutoff)[0])


def test_worked_facts():
    # Ranks 2 and 3 share a mean gain of 1/2: 1 + (1/2) / log2 3 + (1/2) / 2 + 1 / log2 5.
    assert ndcg([0, 1, 1, 2], [1, 1, 0, 1]) == pytest.approx(1.996141 / 2.130930, abs=1e-6)
    # Gains 3 and 0 tie: 1.5 + 1.5 / log2 3 + 1 / 2, against 3 + 1 / log2 3.
    assert ndcg([0, 0, 1], [2, 0, 1]) == pytest.approx(2.946395 / 3.630930, abs=1e-6)
    # Only rank 1: a mean gain of 1.5 against 3.
    assert ndcg([0, 0, 1], [2, 0, 1], 1) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_equals_the_mean_over_all_orders_of_ties(seed):
    rng = np.random.default_rng(seed)
    for _ in range(15):
        n = int(rng.integers(1, 8))
        distances = rng.integers(0, rng.integers(1, 4), n).tolist()
        grades = rng.integers(0, 4, n).tolist()
        grades[0] = max(grades[0], 1)
        cutoff = int(rng.integers(1, n + 1))
        for rank in (None, cutoff):
            orders = reference.tie_orders(distances, grades)
            # All orders of a bucket's multiset are equally likely.
            values = [reference.ndcg(order, grades, rank) for order in orders]
            assert ndcg(distances, grades, rank) == pytest.approx(
                math.fsum(values) / len(values), abs=1e-12
            )
