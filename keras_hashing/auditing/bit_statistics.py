"""What the bits of a set of codes are worth: how often on, how much they say, which repeat."""

import hashlib

import numpy as np

from keras_hashing import checks, codes
from keras_hashing.auditing import bit_columns, repeats


def group_sizes(array):
    """How many items have each code that occurs.

    Args:
        array: uint8 `(items, bytes)`, at least one item.

    Returns:
        int64 `(distinct,)`, largest first.

    Raises:
        TypeError, ValueError: not packed codes, or no items.
    """
    return np.sort(np.bincount(repeats.group(codes.words(_some(array)))))[::-1]


def on_shares(array, bits):
    """Share of the items for which each bit is on.

    Args:
        array: uint8 `(items, bytes)`, at least one item.
        bits: int, code length.

    Returns:
        float64 `(bits,)` in [0, 1].

    Raises:
        TypeError, ValueError: not packed codes, another width, or no items.
    """
    columns = bit_columns.pack_columns(_some(array, bits), bits)
    return bit_columns.ones(columns) / len(array)


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


def first_alike(array, bits):
    """For each bit the lowest one that is equal to it, or its opposite, in all items.

    Args:
        array: uint8 `(items, bytes)`, at least one item.
        bits: int, code length.

    Returns:
        int64 `(bits,)`; a bit that repeats none has its own number.

    Raises:
        TypeError, ValueError: not packed codes, another width, or no items.
    """
    columns = bit_columns.pack_columns(_some(array, bits), bits)
    last = np.uint64(2 ** (len(array) % 64 or 64) - 1)  # the last word's bits that are items
    seen: dict = {}
    found = np.zeros(bits, np.int64)
    for bit, column in enumerate(columns):
        if column[0] & np.uint64(1):  # of a column and its opposite, the one that begins with 0
            column = ~column
            column[-1] &= last
        found[bit] = seen.setdefault(hashlib.sha256(column).digest(), bit)
    return found


def _some(array, bits=None):
    array = checks.codes("codes", array, bits)
    if not len(array):
        raise ValueError("`codes` must hold one item at least; got none.")
    return array
