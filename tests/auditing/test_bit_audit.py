"""Figures of bits on a set worked by hand."""

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.auditing.bit_audit import RepeatedBit, audit_bits

# Bits 0 and 3 are free; 1 is bit 0, 2 its opposite; 4 is never on, 5 always.
ROWS = np.array(
    [
        [0, 0, 1, 0, 0, 1],
        [0, 0, 1, 1, 0, 1],
        [0, 0, 1, 0, 0, 1],
        [1, 1, 0, 1, 0, 1],
    ]
)


@pytest.fixture
def found():
    return audit_bits(codes.pack(2 * ROWS - 1), 6)


def test_dead_and_repeated(found):
    assert found.dead == (4, 5)
    assert found.repeated == (RepeatedBit(1, 0, False), RepeatedBit(2, 0, True))


def test_balance_and_entropy(found):
    assert found.balance.tolist() == [0.25, 0.25, 0.75, 0.5, 0, 1]
    quarter = 0.25 * 2 + 0.75 * np.log2(4 / 3)
    np.testing.assert_allclose(found.entropy, [quarter] * 3 + [1, 0, 0], rtol=1e-14)


def test_correlation_of_live_bits(found):
    # Bits 0 and 3: covariance 1/4 - 1/4 * 1/2 = 1/8, deviations sqrt(3)/4 and 1/2: 1/sqrt(3).
    # The six pairs of bits 0 to 3: three of 1, three of 1/sqrt(3).
    assert found.correlation[0, 3] == pytest.approx(3**-0.5)
    assert found.correlation_mean == pytest.approx((3 + 3 * 3**-0.5) / 6)
    assert found.correlation_most == pytest.approx(1)
    assert found.correlated_items == 4


@pytest.mark.parametrize("flipped", [1, 2, 4, 63])
def test_an_xor_mask_changes_no_verdict(found, flipped):
    mask = np.array([flipped], np.uint8)
    other = audit_bits(codes.pack(2 * ROWS - 1) ^ mask, 6)
    assert other.dead == found.dead
    assert [(bit.bit, bit.of) for bit in other.repeated] == [(1, 0), (2, 0)]
    np.testing.assert_allclose(abs(other.correlation), abs(found.correlation), atol=1e-6)
    np.testing.assert_allclose(other.entropy, found.entropy)


def test_without_two_live_bits_there_is_no_correlation():
    found = audit_bits(np.array([[0], [1]], np.uint8), 3)
    assert (found.correlation_mean, found.correlation_most) == (0.0, 0.0)
    assert found.dead == (1, 2) and found.repeated == ()
