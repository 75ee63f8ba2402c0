"""The first k rows of queries, from the smallest distances of their runs (`tiles.py`).

Split the runs into blocks. The k blocks with the smallest minima hold k rows that are no further
away than the k-th of these minima, the limit: so all first k rows lie in runs with minima up to
it. Each run with a minimum below the limit has a row below it; if there are b of them, at most
k - b rows at the limit are wanted, the first by position, and each run whose minimum is the limit
has one: so of these runs the first k - b are enough.
"""

import numpy as np

from keras_hashing.index.tiles import GROUP_TILES, RUN

_BLOCKS_PER_RESULT = 8  # with fewer the limit is loose: several of the first k share a block
_FEW_RUNS = 1 << 8  # so few are looked at sooner than sorted out
_STEP = 1 << 12  # runs whose rows are looked at in one step, so that they stay in the cache

# One key orders rows by query, distance (up to 4096) and position; or runs by query, whether
# their minimum is the limit, and number.
_QUERY_SHIFT, _TIE_SHIFT, _DISTANCE_SHIFT = np.uint64(53), np.uint64(52), np.uint64(40)
_POSITION = np.uint64((1 << 40) - 1)


def first_k(minima, query_words, words, k, keep=None):
    """Distances and positions of the first k rows in (distance, position) order.

    Args:
        minima: as `Tiles.minima` returns them, for these queries or more.
        query_words: uint64 array `(queries, num_words)`, up to 2,047 queries.
        words: uint64 array `(num_words, n)`, n at least what `minima` covers; the rows behind
            are looked at one by one.
        k: int, at most the number of runs, and of rows that may be found.
        keep: bool array `(n,)`, False for rows that may not be found.

    Returns:
        int32 and int64 arrays `(queries, k)`.
    """
    covered = len(minima) * minima.shape[2] * RUN
    limits, owners, numbers = _runs_within(minima, len(query_words), k)
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
    return distances.astype(np.int32), (first & _POSITION).astype(np.int64)


def _runs_within(minima, count, k):
    """Limit of each query, and owning query and number of each run where its first k may be."""
    tiles, queries, lanes = minima.shape  # with queries of padding at the end
    runs = GROUP_TILES
    while runs > 1 and tiles // runs * lanes < _BLOCKS_PER_RESULT * k:
        runs //= 2
    by_run = minima.reshape(runs, -1)  # a block is a column
    by_block = by_run.min(axis=0).reshape(-1, queries, lanes)
    limits = _kth_smallest(by_block[:, :count], k)
    above = np.zeros(queries, limits.dtype)  # so that padding has nothing
    above[:count] = limits + 1
    blocks = np.flatnonzero(by_block < above[:, None])
    rows = blocks // lanes  # divisions by one number are quick, remainders are not
    firsts = rows // queries
    of_query, lane = rows - firsts * queries, blocks - rows * lanes
    smallest = by_run.take(blocks, axis=1, mode="clip")
    found = np.flatnonzero(smallest < above[of_query])
    run = found // len(blocks)
    at = found - run * len(blocks)
    owners, numbers = of_query[at], (run * (tiles // runs) + firsts[at]) * lanes + lane[at]
    if len(owners) > max(k * count, _FEW_RUNS):
        ties = smallest.reshape(-1)[found] == limits[owners]
        owners, numbers = _without_late_ties(owners, numbers, ties, k)
    return limits, owners, numbers


def _kth_smallest(by_block, k):
    """For each query, the k-th smallest of `(blocks, queries, lanes)`."""
    by_query = by_block.transpose(1, 0, 2).reshape(by_block.shape[1], -1).astype(np.uint32)
    by_query.partition(k - 1, axis=1)
    # The largest value stands for "nothing may be found here": then all other rows pass.
    limits = np.minimum(by_query[:, k - 1], np.iinfo(by_block.dtype).max - 1)
    return limits.astype(by_block.dtype)


def _without_late_ties(owners, numbers, ties, k):
    """Each query's runs whose minimum is below the limit, and of `ties` the first, up to k."""
    keys = owners.astype(np.uint64) << _QUERY_SHIFT
    keys |= ties.astype(np.uint64) << _TIE_SHIFT
    keys |= numbers.astype(np.uint64)
    keys.sort()
    owners = (keys >> _QUERY_SHIFT).astype(np.int64)
    starts = np.searchsorted(owners, np.arange(owners[-1] + 1))
    place = np.arange(len(keys)) - starts[owners]
    keys = keys[(place < k) | (keys >> _TIE_SHIFT & np.uint64(1) == 0)]
    return (keys >> _QUERY_SHIFT).astype(np.int64), (keys & _POSITION).astype(np.int64)


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
