"""Average precision with ties in database order, for comparison with published figures.

It needs each item's rank, so the database is sorted per query, on the host, in blocks.
"""

import numpy as np

from keras_hashing import codes, relevance

_BLOCK_PAIRS = 1 << 23


def average_precisions(
    query_codes, query_labels, database_codes, database_labels, bits, cutoffs, self_positions=None
):
    """Ranks each query's database by (distance, position) and averages precisions.

    Args:
        query_codes: uint8 `(queries, bytes)`.
        query_labels: labels, checked.
        database_codes: uint8 `(database, bytes)`.
        database_labels: labels, checked, the same form.
        bits: int.
        cutoffs: sequence of int ranks; None stands for the whole database.
        self_positions: int64 `(queries,)`, the place of each query's own item in the database,
            which is left out; -1 for none.

    Returns:
        dict, cutoff -> tuple of float64 `(queries,)`: the sum of precisions at relevant items
        up to the cutoff, and the number of relevant items there.
    """
    results = {cutoff: ([], []) for cutoff in cutoffs}
    dtype = np.uint8 if bits <= 255 else np.uint16  # sorted by radix, in linear time
    block = max(1, _BLOCK_PAIRS // len(database_codes))
    for start in range(0, len(query_codes), block):
        rows = slice(start, start + block)
        distances = codes.hamming(query_codes[rows], database_codes).astype(dtype)
        relevant = relevance.relevance(query_labels[rows], database_labels)
        for number, (row, hits) in enumerate(zip(distances, relevant, strict=True)):
            order = np.argsort(row, kind="stable")
            if self_positions is not None:
                order = order[order != self_positions[start + number]]
            ranks = np.flatnonzero(hits[order]) + 1
            precisions = np.arange(1, len(ranks) + 1) / ranks
            for cutoff, (sums, counts) in results.items():
                inside = len(ranks) if cutoff is None else np.searchsorted(ranks, cutoff, "right")
                sums.append(precisions[:inside].sum())
                counts.append(inside)
    return {
        cutoff: (np.array(sums), np.array(counts)) for cutoff, (sums, counts) in results.items()
    }
