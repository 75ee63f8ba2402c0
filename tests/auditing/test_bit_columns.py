"""Columns of bits against loops over bits in plain Python; correlation against NumPy's."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.auditing import bit_columns
from tests.reference import bit_string


def some_codes(items, bits, seed=0):
    rng = np.random.default_rng(seed)
    return codes.pack(2 * rng.integers(0, 2, (items, bits)) - 1)


@pytest.mark.parametrize(("items", "bits"), [(1, 1), (63, 8), (64, 9), (65, 12), (200, 130)])
def test_columns_are_the_bits(items, bits):
    array = some_codes(items, bits)
    columns = bit_columns.pack_columns(array, bits)
    assert columns.shape == (bits, -(-items // 64))
    wanted = np.array([bit_string(code, bits) for code in array]).T
    for bit in range(bits):
        number = sum(int(word) << (64 * place) for place, word in enumerate(columns[bit]))
        assert number == sum(int(on) << item for item, on in enumerate(wanted[bit]))
    assert bit_columns.ones(columns).tolist() == wanted.sum(axis=1).tolist()


def test_more_items_than_one_step_takes(monkeypatch):
    array = some_codes(300, 11)
    whole = bit_columns.pack_columns(array, 11)
    monkeypatch.setattr(bit_columns, "_ROWS", 128)
    np.testing.assert_array_equal(bit_columns.pack_columns(array, 11), whole)


def test_refused():
    with pytest.raises(ValueError, match=r"must be 2 byte\(s\) wide for 9 bits"):
        bit_columns.pack_columns(np.zeros((3, 1), np.uint8), 9)
    with pytest.raises(ValueError, match="`codes` must hold one item at least; got none"):
        bit_columns.pack_columns(np.zeros((0, 1), np.uint8), 8)
    with pytest.raises(TypeError, match="packed codes of dtype uint8; got int64"):
        bit_columns.pack_columns(np.zeros((3, 1), np.int64), 8)


def test_correlation_by_hand():
    # Columns 0011, 0101 and 0111: products of the centred first two sum to 0; of the first and
    # third 1/2 * 1/4 * 4 = 1/2, with norms 1 and sqrt(3)/2: 1/sqrt(3).
    rows = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    found, items = bit_columns.correlation(bit_columns.pack_columns(codes.pack(2 * rows - 1), 3), 4)
    assert items == 4 and found.dtype == np.float32
    wanted = [[1, 0, 3**-0.5], [0, 1, 3**-0.5], [3**-0.5, 3**-0.5, 1]]
    np.testing.assert_allclose(found, wanted, atol=1e-7)


@pytest.mark.parametrize("block", [1, 7, 1 << 21])
def test_correlation_is_numpys(monkeypatch, block):
    monkeypatch.setattr(bit_columns, "_BLOCK_WORDS", block)
    rng = np.random.default_rng(1)
    rows = (rng.random((150, 20)) < rng.random(20)).astype(int)
    rows[:, 5], rows[:, 9] = 1, 1 - rows[:, 3]  # dead, and opposite
    columns = bit_columns.pack_columns(codes.pack(2 * rows - 1), 20)
    found, items = bit_columns.correlation(columns, 150)
    assert items == 150
    live = np.delete(np.arange(20), 5)
    wanted = np.corrcoef(rows[:, live].T)
    np.testing.assert_allclose(found[np.ix_(live, live)], wanted, atol=1e-6)
    assert np.isnan(found[5]).all() and np.isnan(found[:, 5]).all()
    assert found[3, 9] == -1


@pytest.mark.parametrize("items", [70, 130, 200, 330, 500])
def test_too_much_is_counted_on_a_part(monkeypatch, items):
    # Two words may be compared; the last one, where padding would look like agreement, is not.
    monkeypatch.setattr(bit_columns, "_MOST_WORD_PAIRS", 2 * 2 * 2)
    first = np.random.default_rng(0).integers(0, 2, items)
    columns = bit_columns.pack_columns(codes.pack(2 * np.stack([first, 1 - first], 1) - 1), 2)
    found, counted = bit_columns.correlation(columns, items)
    assert counted == (70 if items == 70 else 128)
    np.testing.assert_allclose(found, [[1, -1], [-1, 1]], atol=1e-6)


@st.composite
def rows_of_bits(draw):
    """Items as tuples of 0 and 1, with few distinct ones, and their number of bits."""
    bits = draw(st.sampled_from([1, 3, 8, 9, 64, 65, 130]))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, 2, (draw(st.integers(1, 40)), draw(st.integers(1, 6))))
    chosen = columns[:, rng.integers(0, columns.shape[1], bits)] ^ rng.integers(0, 2, bits)
    return [tuple(row) for row in chosen.tolist()], bits


def packed(rows):
    return codes.pack(2 * np.array(rows) - 1)


@hypothesis.given(rows_of_bits())
def test_against_loops(given):
    rows, bits = given
    array = packed(rows)
    packed_columns = bit_columns.pack_columns(array, bits)
    columns = list(zip(*rows, strict=True))
    shares = bit_columns.on_shares(packed_columns, len(rows))
    assert shares.tolist() == [sum(column) / len(rows) for column in columns]
    opposite = [tuple(1 - bit for bit in column) for column in columns]
    alike = [
        min(i for i in range(bits) if columns[i] in (column, opposite[number]))
        for number, column in enumerate(columns)
    ]
    assert bit_columns.first_alike(packed_columns, len(rows)).tolist() == alike


def test_entropies_by_hand():
    # 1/4: 2 * 1/4 + log2(4/3) * 3/4 = 0.5 + 0.75 * 0.4150375 = 0.8112781
    found = bit_columns.entropies([0, 1, 0.5, 0.25, 0.75])
    assert found.tolist()[:3] == [0, 0, 1]
    quarter = 2 / 4 + math.log2(4 / 3) * 3 / 4
    np.testing.assert_allclose(found[3:], [quarter, quarter], rtol=1e-15)
    assert quarter == pytest.approx(0.8112781, abs=1e-7)


def test_figures_of_more_items_than_one_step_takes():
    # Bit 0 alternates, bit 1 is its opposite, bit 2 differs from bit 0 in the last item alone,
    # bit 3 is dead; no other test has two blocks.
    count = bit_columns._ROWS + 3
    rows = np.zeros((count, 4), np.int8)
    rows[::2, 0] = rows[1::2, 1] = rows[::2, 2] = 1
    rows[-1, 2] ^= 1
    columns = bit_columns.pack_columns(packed(rows), 4)
    assert bit_columns.first_alike(columns, count).tolist() == [0, 0, 2, 3]
    even = (count + 1) // 2
    wanted = [even / count, 1 - even / count, (even - 1) / count, 0]
    np.testing.assert_allclose(bit_columns.on_shares(columns, count), wanted, rtol=1e-15)
