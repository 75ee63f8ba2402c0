"""Hadamard matrices, distances of the centres, and the order of their columns."""

import itertools

import numpy as np
import pytest

from keras_hashing.losses import bernoulli_centres, class_centres, hadamard
from keras_hashing.losses.centres import nested_order


def distances(centres):
    """Hamming distances of all pairs of rows, by comparing bits."""
    return np.array([(one != other).sum() for one, other in itertools.combinations(centres, 2)])


def assert_codes(centres, classes, bits):
    assert centres.shape == (classes, bits)
    assert centres.dtype == np.int8
    assert (np.abs(centres) == 1).all()
    assert len({row.tobytes() for row in centres}) == classes


REACHED = [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 60, 64, 68, 76, 96, 124, 144, 196]


@pytest.mark.parametrize("order", [*REACHED, 256])
def test_rows_of_a_hadamard_matrix_are_orthogonal(order):
    matrix = hadamard(order)
    assert matrix.dtype == np.int8
    assert (np.abs(matrix) == 1).all()
    wide = matrix.astype(np.int64)
    np.testing.assert_array_equal(wide @ wide.T, order * np.eye(order, dtype=np.int64))


def test_which_orders_are_reached():
    # Paley with 3 mod 4: 12, 20, 28, 44, 60; with 1 mod 4: 36 = 2 (17 + 1), 76 = 2 (37 + 1).
    # 28 = 2 (13 + 1) both ways; 52, 92, 100, 116, 156, 172, 184 and 188 need other constructions.
    refused = []
    for order in range(1, 201):
        try:
            hadamard(order)
        except ValueError:
            refused.append(order)
    assert [order for order in refused if order % 4 == 0] == [
        *(52, 92, 100, 116, 156, 172, 184, 188)
    ]
    assert set(range(1, 201)) - set(refused) - {1, 2} == {
        order for order in range(4, 201, 4) if order not in refused
    }


def test_powers_of_two_are_sylvesters():
    # Entry (i, j) is -1 to the number of ones that i and j have in common in binary.
    expected = [[(-1) ** (i & j).bit_count() for j in range(16)] for i in range(16)]
    np.testing.assert_array_equal(hadamard(16), expected)


def test_refused_orders():
    with pytest.raises(ValueError, match="constructions reach; got 92. Take a power of two, or a"):
        hadamard(92)
    with pytest.raises(ValueError, match="`order` must be between 1 and 4096; got 0"):
        hadamard(0)
    with pytest.raises(TypeError, match=r"`order` must be a whole number; got 4\.0"):
        hadamard(4.0)


@pytest.mark.parametrize(
    ("classes", "bits", "least", "mean"),
    [
        (8, 4, 2, 2.285714),
        (100, 64, 32, 32.2327),
        (100, 128, 64, 64.0),
        (21, 16, 8, 8.1905),
        (10, 16, 8, 8.0),
        (10, 12, 6, 6.0),
    ],
)
def test_worked_distances_of_hadamard_rows(classes, bits, least, mean):
    centres = class_centres(classes, bits)
    assert_codes(centres, classes, bits)
    found = distances(centres)
    assert found.min() == least
    assert found.mean() == pytest.approx(mean, abs=5e-5)


def test_eight_classes_of_four_bits():
    # 24 pairs of orthogonal rows, and 4 rows with their negatives.
    values, counts = np.unique(distances(class_centres(8, 4)), return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {2: 24, 4: 4}


@pytest.mark.parametrize(
    ("classes", "bits", "least"),
    # 16 codes of 4 bits are all there are; the 4 even ones of 3 bits are 2 apart.
    [(16, 4, 1), (30, 12, 3), (10, 33, 16), (100, 50, 17), (300, 64, 20), (2, 13, 8), (4, 3, 2)],
)
def test_random_centres_keep_their_distance(classes, bits, least):
    centres = class_centres(classes, bits)
    assert_codes(centres, classes, bits)
    assert distances(centres).min() >= least


@pytest.mark.parametrize(("classes", "bits"), [(2, 1), (3, 2), (5, 3), (9, 7), (3, 1023)])
def test_any_number_of_bits(classes, bits):
    assert_codes(class_centres(classes, bits), classes, bits)
    assert_codes(bernoulli_centres(classes, bits), classes, bits)


def test_random_centres_are_farther_apart_than_bernoullis():
    ours, plain = class_centres(200, 40), bernoulli_centres(200, 40)
    assert distances(ours).min() >= distances(plain).min() + 4


@pytest.mark.parametrize(("classes", "bits"), [(5_000, 64), (4096, 12), (60_000, 16)])
def test_many_classes(classes, bits):
    assert_codes(class_centres(classes, bits), classes, bits)
    assert_codes(bernoulli_centres(classes, bits), classes, bits)


def test_bernoulli_bits_are_fair_and_independent():
    centres = bernoulli_centres(4000, 64).astype(float)
    # Standard deviation of a mean of 4000 signs: 0.0158; five of them.
    assert np.abs(centres.mean(axis=0)).max() < 0.08
    correlation = centres.T @ centres / 4000 - np.eye(64)
    assert np.abs(correlation).max() < 0.08


@pytest.mark.parametrize("make", [class_centres, bernoulli_centres])
def test_seeds(make):
    np.testing.assert_array_equal(make(50, 18, seed=4), make(50, 18, seed=4))
    assert (make(50, 18, seed=4) != make(50, 18, seed=5)).any()


@pytest.mark.parametrize("make", [class_centres, bernoulli_centres])
def test_refused_arguments(make):
    with pytest.raises(ValueError, match="`bits` must be at least 4 to give each of 9 classes a"):
        make(9, 3)
    assert make(8, 3).shape == (8, 3)
    with pytest.raises(ValueError, match="`classes` must be at least 2; got 1"):
        make(1, 8)
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 5000"):
        make(8, 5000)


def greedy_order(centres):
    """The rule of `nested_order`, pair by pair."""
    pairs = list(itertools.combinations(range(len(centres)), 2))
    apart, order = dict.fromkeys(pairs, 0), []
    while len(order) < centres.shape[1]:
        least = min(apart.values())
        keys = {}
        for j in set(range(centres.shape[1])) - set(order):
            split = [pair for pair in pairs if centres[pair[0], j] != centres[pair[1], j]]
            keys[j] = (-sum(apart[pair] == least for pair in split), -len(split), j)
        best = min(keys, key=keys.get)
        order.append(best)
        for a, b in pairs:
            apart[a, b] += centres[a, best] != centres[b, best]
    return order


@pytest.mark.parametrize("seed", range(3))
def test_nested_order_agrees_with_the_loop(seed):
    centres = bernoulli_centres(9, 14, seed)
    np.testing.assert_array_equal(nested_order(centres), greedy_order(centres))


def test_nested_order_of_hadamard_rows():
    # Of 8 rows, three columns tell all apart if none is the product of the others: 1, 2, 4, and
    # not 1, 2, 3. Column 0 is constant and comes last.
    centres = class_centres(8, 8)
    order = nested_order(centres)
    assert order[:3].tolist() == [1, 2, 4]
    assert order[-1] == 0
    assert distances(centres[:, order[:3]]).min() == 1
    assert distances(centres[:, :3]).min() == 0


@pytest.mark.parametrize(("classes", "bits"), [(100, 64), (500, 256)])
def test_nested_order_makes_better_prefixes_and_is_kept(classes, bits):
    centres = class_centres(classes, bits)
    order = nested_order(centres, seed=3)
    assert sorted(order.tolist()) == list(range(bits))
    ordered = centres[:, order]
    for length in (24, 32):
        assert distances(ordered[:, :length]).min() > distances(centres[:, :length]).min()
    np.testing.assert_array_equal(nested_order(ordered, seed=3), np.arange(bits))
