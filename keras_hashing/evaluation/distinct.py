"""Equal rows of codes and labels, counted once with a weight: trained codes have many."""

import numpy as np

_SAMPLE = 2_048
_ENOUGH = 0.9  # with more distinct rows than this share, weights cost more than they save
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: spreads neighbouring values


def likely(rows):
    """Whether a sample of the rows, int64 `(n, columns)`, has equal ones."""
    if len(rows) < _SAMPLE:
        return False
    sample = rows[np.linspace(0, len(rows) - 1, _SAMPLE).astype(np.int64)]
    return len(np.unique(_keys(sample))) < _ENOUGH * _SAMPLE


def distinct(rows):
    """Distinct rows.

    Args:
        rows: int64 `(n, columns)`.

    Returns:
        Tuple of int64 arrays: the position of one row of each kind `(kinds,)`, how many rows
        each kind has `(kinds,)`, and each row's kind `(n,)`.
    """
    keys = _keys(rows)
    order = np.argsort(keys)
    ends_run = keys[order[1:]] != keys[order[:-1]]
    together = order[1:][~ends_run], order[:-1][~ends_run]
    if not np.array_equal(rows[together[0]], rows[together[1]]):  # two kinds with one key
        _, first, kinds, counts = np.unique(
            rows, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        return first, counts, kinds.reshape(-1)
    starts = np.flatnonzero(np.concatenate([[True], ends_run]))
    kinds = np.empty(len(rows), np.int64)
    kinds[order] = np.concatenate([[0], np.cumsum(ends_run)])
    return order[starts], np.diff(starts, append=len(rows)), kinds


def label_words(labels):
    """Checked labels as uint64 `(n, width)`, equal where the labels are."""
    if labels.ndim == 1:
        return labels.astype(np.uint64)[:, None]
    padded = np.pad(labels, ((0, 0), (0, -labels.shape[1] % 64)))
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def _keys(rows):
    """One uint64 a row; equal rows have equal keys, others nearly always different ones."""
    keys = np.zeros(len(rows), np.uint64)
    for column in rows.view(np.uint64).T:
        keys = (keys ^ (keys >> np.uint64(29)) ^ column) * _ODD
    return keys ^ (keys >> np.uint64(32))
