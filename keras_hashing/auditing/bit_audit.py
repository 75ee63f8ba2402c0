"""What an audit says of each bit: balance, entropy, dead and repeated bits, correlation."""

import dataclasses

import numpy as np

from keras_hashing.auditing import bit_columns


@dataclasses.dataclass(frozen=True)
class RepeatedBit:
    """A bit that says nothing new.

    Attributes:
        bit: int, its number.
        of: int, the lowest bit that it repeats.
        complement: bool, whether it is that bit's opposite in all items.
    """

    bit: int
    of: int
    complement: bool


@dataclasses.dataclass(frozen=True)
class BitAudit:
    """Figures of each bit.

    Attributes:
        balance: float64 `(bits,)`, share of the items for which a bit is on.
        entropy: float64 `(bits,)`, 0 to 1 bit.
        dead: tuple of int, bits that are the same in all items.
        repeated: tuple of `RepeatedBit`, live bits equal or opposite to an earlier one.
        correlation: float32 `(bits, bits)` in [-1, 1]; NaN in the rows and columns of dead bits.
        correlated_items: int, the items that the correlation was counted on.
    """

    balance: np.ndarray
    entropy: np.ndarray
    dead: tuple
    repeated: tuple
    correlation: np.ndarray
    correlated_items: int

    @property
    def correlation_mean(self):
        """float in [0, 1], mean absolute correlation of two live bits; 0 where there are none."""
        pairs = self._pairs()
        return float(pairs.mean(dtype=np.float64)) if len(pairs) else 0.0

    @property
    def correlation_most(self):
        """float in [0, 1], the largest of them."""
        return float(self._pairs().max(initial=0.0))

    def _pairs(self):
        pairs = np.abs(self.correlation[np.triu_indices(len(self.balance), k=1)])
        return pairs[~np.isnan(pairs)]


def audit_bits(codes, bits):
    """Count a set of codes bit by bit.

    Args:
        codes: uint8 `(items, bytes)`, at least one.
        bits: int, code length.

    Returns:
        `BitAudit`. All is exact, but for the correlation of very many long codes
        (`keras_hashing.auditing.bit_columns.correlation`).

    Raises:
        TypeError, ValueError: the codes do not fit `bits`.
    """
    columns, items = bit_columns.pack_columns(codes, bits), len(codes)
    balance = bit_columns.on_shares(columns, items)
    dead = (balance == 0) | (balance == 1)
    first = bit_columns.first_alike(columns, items)
    start = np.unpackbits(codes[0], count=bits, bitorder="little")
    repeated = [
        # What a bit repeats holds in all items, so the first one tells equal from opposite.
        RepeatedBit(int(bit), int(first[bit]), bool(start[bit] != start[first[bit]]))
        for bit in np.flatnonzero((first != np.arange(bits)) & ~dead)
    ]
    correlation, counted = bit_columns.correlation(columns, items)
    return BitAudit(
        balance=balance,
        entropy=bit_columns.entropies(balance),
        dead=tuple(np.flatnonzero(dead).tolist()),
        repeated=tuple(repeated),
        correlation=correlation,
        correlated_items=counted,
    )
