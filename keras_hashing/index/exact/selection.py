"""The first k rows of queries, from the smallest distances of their runs (`tiles.py`).

Why k blocks are enough: take the k blocks that come first in (smallest distance, position), and
let a row e of another block be among the first k. Each of those k blocks has a row that comes
before e in (distance, position), so k rows do: a contradiction. No row of the first k is further
away than the largest minimum of these blocks, so runs and rows beyond that need no look.
"""

import numpy as np

from keras_hashing.index.exact.tiles import RUN

_BLOCKS_PER_RESULT = 8  # with fewer the limit is loose: several of the first k share a block
_FEW_RUNS = 1 << 9  # so few are looked at sooner than sorted out
_STEP = 1 << 12  # runs whose rows are looked at in one step, so that they stay in the cache

# One key orders rows by query, distance (up to 4096) and position.
_QUERY_SHIFT, _DISTANCE_SHIFT = np.uint64(53), np.uint64(40)


def first_k(minima, covered, query_words, words, k, keep=None):
    """Distances and positions of the first k rows in (distance, position) order.

    Args:
        minima: as `Tiles.minima` returns them, for these queries or more.
        covered: int, how many rows they cover; rows behind are looked at one by one.
        query_words: uint64 array `(queries, num_words)`, up to 2,047 queries.
        words: uint64 array `(num_words, n)`.
        k: int, at most the number of runs, and of rows that may be found.
        keep: bool array `(n,)`, False for rows that may not be found.

    Returns:
        int32 and int64 arrays `(queries, k)`.
    """
    limits, owners, numbers = _runs_within(minima, covered, len(query_words), k)
    parts = [_tail_keys(query_words, words, covered, limits, keep)]
    for start in range(0, len(numbers), _STEP):
        part = slice(start, start + _STEP)
        parts.append(
            _run_keys(query_words, words[:, :covered], limits, owners[part], numbers[part], keep)
        )
    keys = np.concatenate(parts)
    keys.sort()
    starts = np.searchsorted(keys, np.arange(len(query_words), dtype=np.uint64) << _QUERY_SHIFT)
    first = keys[starts[:, None] + np.arange(k)]
    distances = (first >> _DISTANCE_SHIFT) & np.uint64(0x1FFF)
    positions = first & np.uint64((1 << 40) - 1)
    return distances.astype(np.int32), positions.astype(np.int64)


def _runs_within(minima, covered, count, k):
    """Limit of each query, and owning query and number of each run where its first k may be."""
    most, groups, queries, lanes = minima.shape  # with queries and groups of padding at the end
    num_runs, runs = covered // RUN, most
    while runs > 1 and num_runs // runs < _BLOCKS_PER_RESULT * k:
        runs //= 2  # then blocks are parts of those in the copy
    parts = most // runs
    used = minima[:, : num_runs // (most * lanes)]
    by_block = used.reshape(parts, runs, *used.shape[1:]).min(axis=1)[:, :, :count]
    blocks, limits = _first_blocks(by_block.transpose(2, 1, 3, 0).reshape(count, -1), k)
    place = blocks // parts  # divisions by one number are quick, remainders are not
    first = (blocks - place * parts) * runs
    numbers = ((place * most + first)[..., None] + np.arange(runs)).reshape(-1)
    if len(numbers) <= _FEW_RUNS:
        return limits, np.repeat(np.arange(count), k * runs), numbers
    group = place // lanes
    at = (first * groups + group) * queries + np.arange(count)[:, None]
    at = at * lanes + (place - group * lanes)
    at = at[..., None] + np.arange(runs) * (groups * queries * lanes)
    smallest = minima.reshape(-1).take(at, mode="clip")
    found = np.flatnonzero(smallest <= limits[:, None, None])
    return limits, found // (k * runs), numbers[found]


def _first_blocks(by_block, k):
    """Numbers of each query's first k blocks, in no order, and their largest minimum."""
    # The number in the low bits: then a partition of plain integers, which is fast, does it.
    narrow = by_block.dtype == np.uint8 and by_block.shape[1] <= 1 << 24
    dtype, shift = (np.uint32, 24) if narrow else (np.uint64, 40)
    keys = by_block.astype(dtype)
    keys <<= dtype(shift)
    keys |= np.arange(keys.shape[1], dtype=dtype)
    keys.partition(k - 1, axis=1)
    # The largest value stands for "nothing may be found here": then all other rows pass.
    limits = np.minimum(keys[:, k - 1] >> dtype(shift), np.iinfo(by_block.dtype).max - 1)
    numbers = keys[:, :k] & dtype((1 << shift) - 1)
    return numbers.astype(np.int64), limits.astype(by_block.dtype)


def _run_keys(query_words, words, limits, owners, numbers, keep):
    """Keys of the rows of some runs that are within their query's limit."""
    distances = np.zeros((len(numbers), RUN), limits.dtype)
    for number, row in enumerate(words):
        xor = row.reshape(-1, RUN).take(numbers, axis=0, mode="clip")
        xor ^= query_words[owners, number][:, None]
        distances += np.bitwise_count(xor)
    found = distances <= limits[owners][:, None]
    if keep is not None:
        found &= keep[: words.shape[1]].reshape(-1, RUN)[numbers]
    at = np.flatnonzero(found)
    run = at // RUN
    return _keys(owners[run], distances.reshape(-1)[at], numbers[run] * RUN + at - run * RUN)


def _tail_keys(query_words, words, covered, limits, keep):
    """Keys of the rows behind the covered ones that are within the limit."""
    distances = np.zeros((len(query_words), words.shape[1] - covered), limits.dtype)
    for number, row in enumerate(words):
        distances += np.bitwise_count(row[covered:] ^ query_words[:, number, None])
    found = distances <= limits[:, None]
    if keep is not None:
        found &= keep[covered:]
    owners, places = np.nonzero(found)
    return _keys(owners, distances[owners, places], covered + places)


def _keys(owners, distances, positions):
    keys = owners.astype(np.uint64) << _QUERY_SHIFT
    keys |= distances.astype(np.uint64) << _DISTANCE_SHIFT
    keys |= positions.astype(np.uint64)
    return keys
