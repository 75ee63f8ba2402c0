"""Ties at a cutoff against sorted distances; the tie range against all orders."""

import fractions

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.auditing import tie_statistics
from keras_hashing.auditing.tie_statistics import Spread, TiesAt
from keras_hashing.evaluation import metrics
from tests import reference


def buckets_of(distances, relevant, bits):
    """`Buckets` of rows of distances and relevance."""
    total = np.array([np.bincount(row, minlength=bits + 1) for row in distances])
    hits = [
        np.bincount(row[mask], minlength=bits + 1)
        for row, mask in zip(distances, relevant, strict=True)
    ]
    return metrics.Buckets(total, np.array(hits))


@hypothesis.given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_ties_at_against_sorted_distances(seed, items):
    rng = np.random.default_rng(seed)
    distances = rng.integers(0, 5, (3, items))
    buckets = buckets_of(distances, distances >= 0, 4)
    cutoff = int(rng.integers(1, items + 1))
    cut, sizes, places = [], [], []
    for row in distances.tolist():
        ordered = sorted(row)
        at = ordered[cutoff - 1]
        cut.append(cutoff < items and ordered[cutoff] == at)
        sizes.append(row.count(at))
        places.append((cutoff - sum(d < at for d in row)) * cut[-1])
    found = tie_statistics.ties_at(buckets, cutoff)
    assert found == TiesAt(cutoff, np.mean(cut), np.mean(sizes), np.mean(places))
    overall = np.mean([row.count(d) for row in distances.tolist() for d in row])
    assert tie_statistics.ties_at(buckets).bucket == pytest.approx(overall)


def test_ties_by_hand():
    # Distances 0 1 1 1 2: rank 2 is the first of three at distance 1; rank 4 the last of them.
    distances = np.array([[1, 0, 1, 2, 1]])
    buckets = buckets_of(distances, distances >= 0, 2)
    assert tie_statistics.ties_at(buckets, 2) == TiesAt(2, 1.0, 3.0, 1.0)
    assert tie_statistics.ties_at(buckets, 4) == TiesAt(4, 0.0, 3.0, 0.0)
    # An item's bucket: 1, 3, 3, 3, 1.
    assert tie_statistics.ties_at(buckets) == TiesAt(None, 0.0, 11 / 5, 0.0)


@hypothesis.given(st.integers(0, 2**32 - 1))
@hypothesis.settings(max_examples=60)
def test_range_against_all_orders(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 8, (7, 1)).astype(np.uint8)
    labels = rng.integers(0, 2, 7)
    labels[0] = 1
    distances = kh.codes.hamming(codes[:1] ^ 1, codes)[0].tolist()
    relevant = (labels == 1).tolist()
    sides = (codes[:1] ^ 1, [1], codes, labels)
    expected, index = (
        kh.evaluate(*sides, bits=3, at=(2, 4), ties=ties) for ties in ("expected", "index")
    )
    buckets = buckets_of(np.array([distances]), np.array([relevant]), 3)
    found = tie_statistics.tie_range(buckets, expected, index, (2, 4))
    assert len(found) == 5
    stable = [relevant[i] for i in sorted(range(7), key=lambda i: (distances[i], i))]
    orders = list(reference.tie_orders(distances, relevant))
    for name, spread in found.items():
        cutoff, denominator = (None, "total")
        if name != "map@all":
            cutoff, denominator = int(name[4]), name[6:-1]
        values = [reference.average_precision(order, cutoff, denominator) for order in orders]
        mean = sum(values, fractions.Fraction(0)) / len(values)
        at_index = reference.average_precision(stable, cutoff, denominator)
        wanted = [float(v) for v in (min(values), mean, max(values), at_index)]
        got = [spread.worst, spread.expected, spread.best, spread.index]
        np.testing.assert_allclose(got, wanted, atol=1e-12, err_msg=name)
        assert isinstance(spread, Spread)
