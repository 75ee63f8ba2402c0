"""Exact scans over codes as 64-bit words: distances, the first k, and all within a radius."""

import numpy as np

_ROWS = 1 << 16  # rows of one step, so that its words stay in the cache
_GROUP = 128  # consecutive rows that share one minimum
_UINT8_BITS = 254  # 255 marks rows that do not exist


def distances(query, words):
    """Hamming distances of one query to all rows.

    Args:
        query: uint64 array `(num_words,)`.
        words: uint64 array `(num_words, n)`, a row of the database in each column.

    Returns:
        uint8 array `(n,)`, or uint16 for codes of four words and more.
    """
    dtype, _ = _distance_type(words)
    out = np.empty(words.shape[1], dtype)
    _distances_into(out, query, words)
    return out


def first_k(query, words, k):
    """Distances and positions of the first k rows in (distance, position) order.

    Rows are grouped by position. The k groups with the smallest (minimum, number) hold all k
    answers: were one in another group, each of those k groups would have a row before it.

    Args:
        query: uint64 array `(num_words,)`.
        words: uint64 array `(num_words, n)`.
        k: int in 1..n.

    Returns:
        Distances, uint8 or uint16 `(k,)`, and positions, int64 `(k,)`.
    """
    count = words.shape[1]
    num_groups = -(-count // _GROUP)
    dtype, absent = _distance_type(words)
    all_distances = np.empty(num_groups * _GROUP, dtype)
    all_distances[count:] = absent
    _distances_into(all_distances[:count], query, words)
    if 2 * k >= num_groups:
        order = np.argsort(all_distances[:count], kind="stable")[:k]
        return all_distances[order], order
    groups = all_distances.reshape(num_groups, _GROUP)
    chosen = np.sort(np.argsort(groups.min(axis=1), kind="stable")[:k])
    candidates = groups[chosen].ravel()
    order = np.argsort(candidates, kind="stable")[:k]
    return candidates[order], chosen[order // _GROUP] * _GROUP + order % _GROUP


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


def _distance_type(words):
    """Dtype that holds every distance, and a value in it above all of them."""
    dtype = np.uint8 if 64 * len(words) <= _UINT8_BITS else np.uint16
    return dtype, np.iinfo(dtype).max


def _distances_into(out, query, words):
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
