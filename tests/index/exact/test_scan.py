import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index.exact import scan

COUNTS = (1, 127, 128, 129, 2000)
BITS = (1, 7, 48, 64, 65, 130, 192, 255, 256, 300)


def example(count, bits, distinct=None, seed=0):
    """Words by columns, a query, and its distances by `codes.hamming`."""
    generator = np.random.default_rng(seed)
    signs = 2 * generator.integers(0, 2, (count + 1, bits)) - 1
    packed = codes.pack(signs)
    if distinct:
        packed[1:] = packed[1:][generator.integers(0, min(count, distinct), count)]
    expected = codes.hamming(packed[:1], packed[1:])[0]
    words = codes.words(packed)
    return words[0], np.ascontiguousarray(words[1:].T), expected


@pytest.mark.parametrize("bits", BITS)
def test_distances(bits):
    query, words, expected = example(300, bits)
    np.testing.assert_array_equal(scan.distances(query, words), expected)


@pytest.mark.parametrize("bits", [64, 254, 255, 256, 4096])
def test_complement_is_all_bits_away(bits):
    ones = codes.pack(np.ones((1, bits), np.int8))
    words = codes.words(np.concatenate([~ones & ones, ones]))
    assert scan.distances(words[0], words.T).tolist() == [0, bits]


@pytest.mark.parametrize("distinct", [None, 7, 1])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("bits", BITS)
def test_first_k_is_a_stable_argsort(bits, count, distinct):
    query, words, expected = example(count, bits, distinct)
    for k in {1, 2, 5, 7, 8, 9, 100, count}:
        wanted = min(k, count)
        order = np.argsort(expected, kind="stable")[:wanted]
        distances, positions = scan.first_k(query, words, wanted)
        np.testing.assert_array_equal(positions, order)
        np.testing.assert_array_equal(distances, expected[order])


def test_first_k_over_several_steps():
    query, words, expected = example(70_000, 48, distinct=3)
    for k in (1, 10, 300):
        _, positions = scan.first_k(query, words, k)
        np.testing.assert_array_equal(positions, np.argsort(expected, kind="stable")[:k])


@pytest.mark.parametrize("radius", [0, 1, 20, 48])
def test_within_is_a_threshold(radius):
    query, words, expected = example(500, 48, distinct=50)
    order = np.argsort(expected, kind="stable")
    order = order[expected[order] <= radius]
    distances, positions = scan.within(query, words, radius)
    np.testing.assert_array_equal(positions, order)
    np.testing.assert_array_equal(distances, expected[order])


def test_rows_need_not_lie_together():
    query, words, expected = example(400, 130)
    wide = np.zeros((3, 800), np.uint64)
    wide[:, :400] = words
    np.testing.assert_array_equal(scan.distances(query, wide[:, :400]), expected)
