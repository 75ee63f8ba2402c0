"""Sums over rankings with ties in database order, for comparison with published figures.

It needs each item's rank, so the database is sorted per query, on the host, in blocks.
"""

import dataclasses

import numpy as np

from keras_hashing import codes

_BLOCK_PAIRS = 1 << 23

RELEVANT = "relevant"  # the cutoff at as many ranks as a query has relevant items


@dataclasses.dataclass(frozen=True)
class Ranked:
    """What lies up to a cutoff, for each query.

    Attributes:
        precisions: float64 `(queries,)`, sum of the precisions at relevant items.
        hits: int64 `(queries,)`, relevant items.
        gains: int64 `(queries,)`, shared labels, summed over the items.
        weighted: float64 `(queries,)`, sum over relevant items of the mean number of shared
            labels up to their ranks.
    """

    precisions: np.ndarray
    hits: np.ndarray
    gains: np.ndarray
    weighted: np.ndarray

    def take(self, positions):
        """Those of some queries."""
        fields = (field.name for field in dataclasses.fields(self))
        return Ranked(*(getattr(self, name)[positions] for name in fields))


def ranked(
    query_codes, query_labels, database_codes, database_labels, bits, cutoffs, self_positions=None
):
    """Ranks each query's database by (distance, position) and sums up to the cutoffs.

    Args:
        query_codes: uint8 `(queries, bytes)`.
        query_labels: labels, checked.
        database_codes: uint8 `(database, bytes)`.
        database_labels: labels, checked, the same form.
        bits: int.
        cutoffs: sequence of int ranks; None stands for the whole database, `RELEVANT` for each
            query's number of relevant items.
        self_positions: int64 `(queries,)`, the place of each query's own item in the database,
            which is left out; -1 for none.

    Returns:
        dict, cutoff -> `Ranked`.
    """
    rows: dict = {cutoff: [] for cutoff in cutoffs}
    dtype = np.uint8 if bits <= 255 else np.uint16  # sorted by radix, in linear time
    block = max(1, _BLOCK_PAIRS // len(database_codes))
    for start in range(0, len(query_codes), block):
        part = slice(start, start + block)
        distances = codes.hamming(query_codes[part], database_codes).astype(dtype)
        grades = _shared_labels(query_labels[part], database_labels)
        for number, (row, shared) in enumerate(zip(distances, grades, strict=True)):
            order = np.argsort(row, kind="stable")
            if self_positions is not None:
                order = order[order != self_positions[start + number]]
            _add(rows, shared[order])
    return {cutoff: _columns(sums) for cutoff, sums in rows.items()}


def _add(rows, grades):
    """One query's sums up to each cutoff; `grades` are its items' shared labels, in rank order."""
    ranks = np.flatnonzero(grades) + 1
    precisions = np.arange(1, len(ranks) + 1) / ranks
    gains = np.cumsum(grades[ranks - 1], dtype=np.int64)
    weighted = gains / ranks
    for cutoff, sums in rows.items():
        if cutoff is None:
            inside = len(ranks)
        else:
            end = len(ranks) if cutoff == RELEVANT else cutoff
            inside = int(np.searchsorted(ranks, end, "right"))
        gain = int(gains[inside - 1]) if inside else 0
        sums.append((precisions[:inside].sum(), inside, gain, weighted[:inside].sum()))


def _columns(sums):
    precisions, hits, gains, weighted = zip(*sums, strict=True)
    return Ranked(np.array(precisions), np.array(hits), np.array(gains), np.array(weighted))


def _shared_labels(query_labels, database_labels):
    """Number of labels that each pair shares, `(queries, database)`."""
    if query_labels.ndim == 1:
        return query_labels[:, None] == database_labels[None, :]
    return query_labels.astype(np.float32) @ database_labels.astype(np.float32).T
