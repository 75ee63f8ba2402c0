"""Codes turned round, a column of items for each bit, and what can be counted on the columns.

Packing the columns is what takes time: it is done once, and every figure takes them.
"""

import hashlib

import numpy as np

from keras_hashing import checks

_ROWS = 1 << 16  # items that are unpacked together; a multiple of 64
# Pairs of words that are compared for the correlation, some 20 seconds: enough for 512 bits of
# four million items.
_MOST_WORD_PAIRS = 1 << 34
_BLOCK_WORDS = 1 << 21  # words that are compared at once, 16 MiB


def pack_columns(codes, bits):
    """A row a bit, 64 items to a word, item i at bit i % 64; padding is 0.

    Args:
        codes: uint8 `(items, bytes)`, at least one item; a memory map is read in parts.
        bits: int, code length.

    Returns:
        uint64 `(bits, ceil(items / 64))`.

    Raises:
        TypeError, ValueError: the codes do not fit `bits`, or there are none.
    """
    codes = checks.codes("codes", codes, bits)
    if not len(codes):
        raise ValueError("`codes` must hold one item at least; got none.")
    columns = np.zeros((bits, -(-len(codes) // 64) * 8), np.uint8)
    for start in range(0, len(codes), _ROWS):
        part = np.unpackbits(codes[start : start + _ROWS], axis=1, count=bits, bitorder="little")
        packed = np.packbits(part, axis=0, bitorder="little").T
        columns[:, start // 8 : start // 8 + packed.shape[1]] = packed
    return columns.view(np.uint64)


def ones(columns):
    """Items for which each bit is on, int64 `(bits,)`."""
    return np.bitwise_count(columns).sum(axis=1, dtype=np.int64)


def on_shares(columns, items):
    """Share of the items for which each bit is on, float64 `(bits,)` in [0, 1].

    Args:
        columns: uint64 `(bits, words)`, of `pack_columns`.
        items: int.
    """
    return ones(columns) / items


def entropies(shares):
    """Entropy of bits that are on with these chances.

    Args:
        shares: floats `(bits,)` in [0, 1].

    Returns:
        float64 `(bits,)`, 0 to 1 bit.
    """
    shares = np.asarray(shares, np.float64)
    found = np.zeros(len(shares))
    for side in (shares, 1 - shares):
        inside = side > 0
        found[inside] -= side[inside] * np.log2(side[inside])
    return found


def first_alike(columns, items):
    """For each bit the lowest one that is equal to it, or its opposite, in all items.

    Args:
        columns: uint64 `(bits, words)`, of `pack_columns`.
        items: int.

    Returns:
        int64 `(bits,)`; a bit that repeats none has its own number.
    """
    last = np.uint64(2 ** (items % 64 or 64) - 1)  # the last word's bits that are items
    seen: dict = {}
    found = np.zeros(len(columns), np.int64)
    for bit, column in enumerate(columns):
        if column[0] & np.uint64(1):  # of a column and its opposite, the one that begins with 0
            column = ~column
            column[-1] &= last
        found[bit] = seen.setdefault(hashlib.sha256(column).digest(), bit)
    return found


def correlation(columns, items):
    """Pearson's correlation of all pairs of bits, from the items in which the two differ.

    Exact, but for very many long codes: these are counted on words of 64 neighbouring items,
    drawn with seed 0.

    Args:
        columns: uint64 `(bits, words)`, of `pack_columns`.
        items: int.

    Returns:
        Tuple of float32 `(bits, bits)` in [-1, 1], NaN where one of the bits never changes; and
        the int number of items that were counted.
    """
    bits, words = columns.shape
    most = max(1, _MOST_WORD_PAIRS // (bits * bits))
    full = items // 64
    if words > most and full:  # the last word may be partly padding: it is left out
        drawn = np.random.default_rng(0).choice(full, min(most, full), replace=False)
        columns, items = columns[:, np.sort(drawn)], 64 * len(drawn)
    means = 2 * ones(columns) / items - 1
    spread = np.sqrt(1 - means**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = (1 - 2 * _differing(columns) / items) - np.outer(means, means)
        found = covariance / np.outer(spread, spread)
    found[spread == 0] = np.nan
    found[:, spread == 0] = np.nan
    return np.clip(found, -1, 1).astype(np.float32), items


def _differing(columns):
    """Items in which two bits differ, int64 `(bits, bits)`."""
    bits, words = columns.shape
    differing = np.zeros((bits, bits), np.int64)
    rows = max(1, _BLOCK_WORDS // words)
    for bit in range(bits):
        for start in range(bit + 1, bits, rows):
            others = slice(start, min(start + rows, bits))
            differing[bit, others] = ones(columns[others] ^ columns[bit])
    return differing + differing.T
