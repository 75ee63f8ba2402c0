"""Statistics of bits against loops over bits in plain Python."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.auditing import bit_columns, bit_statistics


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
    sizes = sorted((rows.count(row) for row in set(rows)), reverse=True)
    assert bit_statistics.group_sizes(array).tolist() == sizes
    columns = list(zip(*rows, strict=True))
    shares = bit_statistics.on_shares(array, bits)
    assert shares.tolist() == [sum(column) / len(rows) for column in columns]
    opposite = [tuple(1 - bit for bit in column) for column in columns]
    alike = [
        min(i for i in range(bits) if columns[i] in (column, opposite[number]))
        for number, column in enumerate(columns)
    ]
    assert bit_statistics.first_alike(array, bits).tolist() == alike


def test_entropies_by_hand():
    # 1/4: 2 * 1/4 + log2(4/3) * 3/4 = 0.5 + 0.75 * 0.4150375 = 0.8112781
    found = bit_statistics.entropies([0, 1, 0.5, 0.25, 0.75])
    assert found.tolist()[:3] == [0, 0, 1]
    quarter = 2 / 4 + math.log2(4 / 3) * 3 / 4
    np.testing.assert_allclose(found[3:], [quarter, quarter], rtol=1e-15)
    assert quarter == pytest.approx(0.8112781, abs=1e-7)


def test_more_items_than_one_step_takes():
    # Bit 0 alternates, bit 1 is its opposite, bit 2 differs from bit 0 in the last item alone,
    # bit 3 is dead; no other test has two blocks.
    count = bit_columns._ROWS + 3
    rows = np.zeros((count, 4), np.int8)
    rows[::2, 0] = rows[1::2, 1] = rows[::2, 2] = 1
    rows[-1, 2] ^= 1
    array = packed(rows)
    assert bit_statistics.first_alike(array, 4).tolist() == [0, 0, 2, 3]
    even = (count + 1) // 2
    wanted = [even / count, 1 - even / count, (even - 1) / count, 0]
    np.testing.assert_allclose(bit_statistics.on_shares(array, 4), wanted, rtol=1e-15)
    assert bit_statistics.group_sizes(array).tolist() == [even - 1, count // 2, 1]


def test_refused():
    with pytest.raises(ValueError, match="`codes` must hold one item at least; got none"):
        bit_statistics.group_sizes(np.zeros((0, 1), np.uint8))
    with pytest.raises(ValueError, match=r"must be 2 byte\(s\) wide for 9 bits"):
        bit_statistics.on_shares(np.zeros((3, 1), np.uint8), 9)
    with pytest.raises(TypeError, match="packed codes of dtype uint8; got int64"):
        bit_statistics.first_alike(np.zeros((3, 1), np.int64), 8)
