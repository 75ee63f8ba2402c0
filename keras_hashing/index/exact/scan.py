"""Exact scans in NumPy over codes as 64-bit words: distances, the first k, all within a radius."""

import numpy as np

_ROWS = 1 << 16  # rows of one step, so that its words stay in the cache
_SHORT = 1 << 12  # so few distances are sorted sooner than counted
_UINT8_BITS = 254  # 255 marks rows that may not be found


def distance_type(bits):
    """Dtype that holds distances of codes of `bits`, and a value in it above all of them."""
    dtype = np.uint8 if bits <= _UINT8_BITS else np.uint16
    return dtype, np.iinfo(dtype).max


def distances(query, words):
    """Hamming distances of one query to all rows.

    Args:
        query: uint64 array `(num_words,)`.
        words: uint64 array `(num_words, n)`, a row of the database in each column.

    Returns:
        uint8 array `(n,)`, or uint16 for codes of four words and more.
    """
    dtype, _ = distance_type(64 * len(words))
    out = np.empty(words.shape[1], dtype)
    scratch = np.empty(min(_ROWS, words.shape[1]), np.uint64)
    for start in range(0, words.shape[1], _ROWS):
        target = out[start : start + _ROWS]
        xor = scratch[: len(target)]
        for number, word in enumerate(query):
            np.bitwise_xor(words[number, start : start + _ROWS], word, out=xor)
            if number:
                target += np.bitwise_count(xor)
            else:
                target[:] = np.bitwise_count(xor)
    return out


def first_k(query, words, k):
    """Distances and positions of the first k rows in (distance, position) order.

    Args:
        query: uint64 array `(num_words,)`.
        words: uint64 array `(num_words, n)`.
        k: int in 1..n.

    Returns:
        Distances, uint8 or uint16 `(k,)`, and positions, int64 `(k,)`.
    """
    found = distances(query, words)
    if len(found) <= max(_SHORT, 4 * k):
        positions = np.argsort(found, kind="stable")[:k]
        return found[positions], positions
    last = _kth_smallest(found, k, 64 * len(words))
    below = np.flatnonzero(found < last)
    below = below[np.argsort(found[below], kind="stable")]
    ties = np.flatnonzero(found == last)[: k - len(below)]
    positions = np.concatenate([below, ties])
    return found[positions], positions


def within(query, words, radius):
    """Distances and positions of all rows at most `radius` away, in (distance, position) order.

    Args:
        query: uint64 array `(num_words,)`.
        words: uint64 array `(num_words, n)`.
        radius: int, inclusive.

    Returns:
        Distances, uint8 or uint16 `(found,)`, and positions, int64 `(found,)`.
    """
    all_distances = distances(query, words)
    positions = np.flatnonzero(all_distances <= radius)
    found = all_distances[positions]
    order = np.argsort(found, kind="stable")
    return found[order], positions[order]


def _kth_smallest(values, k, high):
    """By bisection: a comparison and its count cost far less a value than any partition."""
    low = 0
    while low < high:
        middle = (low + high) // 2
        if np.count_nonzero(values <= middle) >= k:
            high = middle
        else:
            low = middle + 1
    return low
