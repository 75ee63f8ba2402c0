"""How many database items lie at each distance of each query, by the number of shared labels.

Every averaged metric follows from these integer histograms (`metrics.py`).
"""

import dataclasses

import numpy as np

from keras_hashing.evaluation import distinct
from keras_hashing.evaluation.plan import QUERY_TILE, make_plan


@dataclasses.dataclass(frozen=True)
class Rows:
    """Codes and labels of queries or database items, as 64-bit words.

    Attributes:
        words: int64 `(n, words)`, as `keras_hashing.codes.words` makes them.
        labels: int64 `(n, 1)`, the number of the class: at least 0, or -1 for a class that no
            query has; or `(n, label_words)` with one bit a class.
        multi_hot: bool, the latter.
    """

    words: np.ndarray
    labels: np.ndarray
    multi_hot: bool

    def __len__(self):
        return len(self.words)

    def take(self, positions):
        """The rows at some positions, in that order."""
        return Rows(self.words[positions], self.labels[positions], self.multi_hot)

    def padded(self, length):
        """With rows behind that have code 0 and no label."""
        spare = ((0, length - len(self)), (0, 0))
        nothing = 0 if self.multi_hot else -1
        labels = np.pad(self.labels, spare, constant_values=nothing)
        return Rows(np.pad(self.words, spare), labels, self.multi_hot)


def histograms(queries, database, bits, grades):
    """Count pairs by distance and shared labels, in the cheapest way known.

    Args:
        queries, database: `Rows`.
        bits: int, code length; distances are 0 to `bits`.
        grades: int, 1 + the most labels that a pair can share; 2 for single labels.

    Returns:
        int64 array `(queries, grades, bits + 1)`, and the `Plan` by which it was made.
    """
    sizes = len(queries), len(database)
    own_share = _own_share(queries, database)
    joined = [np.hstack([side.words, side.labels]) for side in (queries, database)]
    if distinct.likely(joined[1]):
        first_query, _, kind = distinct.distinct(joined[0])
        first_row, weights, _ = distinct.distinct(joined[1])
        plan = make_plan(*sizes, bits, own_share, (len(first_query), len(first_row)))
        if plan.weighted:
            some = queries.take(first_query), database.take(first_row)
            return run(plan, *some, bits, grades, weights)[kind], plan
    else:
        plan = make_plan(*sizes, bits, own_share)
    return run(plan, queries, database, bits, grades), plan


def run(plan, queries, database, bits, grades, weights=None):
    """Count as a plan says; `weights`, int `(database,)`, are for a weighted one."""
    if plan.kernel == "loop":
        return _loop(plan, queries, database, bits, grades)
    if plan.kernel == "pairs":
        return _by_pairs(plan, queries, database, bits)
    return _by_grade(plan, queries, database, bits, grades, weights)


def _loop(plan, queries, database, bits, grades):
    size = grades * (bits + 1)
    counts = np.zeros((len(queries), size), np.int64)
    for start in range(0, len(database), plan.database_tile):
        part = slice(start, start + plan.database_tile)
        words, labels = database.words[part], database.labels[part]
        for row, (word, label) in enumerate(zip(queries.words, queries.labels, strict=True)):
            distances = _bit_counts(words ^ word)
            if queries.multi_hot:
                grade = _bit_counts(labels & label)
            else:
                grade = labels[:, 0] == label[0]
            counts[row] += np.bincount(grade * (bits + 1) + distances, minlength=size)
    return counts.reshape(len(queries), grades, bits + 1)


def _by_grade(plan, queries, database, bits, grades, weights):
    from keras_hashing.evaluation import kernels

    tile = plan.database_tile
    padded = queries.padded(_multiple(len(queries), QUERY_TILE))
    database_padded = database.padded(_multiple(len(database), tile))
    all_weights = np.zeros(len(database_padded), np.int32)
    all_weights[: len(database)] = 1 if weights is None else weights
    count = kernels.by_grade(
        queries.words.shape[1],
        queries.labels.shape[1],
        queries.multi_hot,
        bits,
        grades,
        tile,
        plan.weighted,
    )
    counts = np.zeros((len(queries), grades, bits + 1), np.int64)
    for start in range(0, len(database_padded), tile):
        part = slice(start, start + tile)
        some = database_padded.words[part], database_padded.labels[part], all_weights[part]
        counts += count(padded.words, padded.labels, *some).numpy()[: len(queries)]
    if not plan.weighted:  # otherwise padding weighs nothing
        _without_padding(counts[:, 0], queries, len(database_padded) - len(database))
    return counts


def _by_pairs(plan, queries, database, bits):
    from keras_hashing.evaluation import kernels

    tile = plan.database_tile
    query_order, order = _by_class(queries), _by_class(database)
    ordered = queries.take(query_order)
    firsts = ordered.labels[::QUERY_TILE, 0]
    lasts = np.append(ordered.labels[QUERY_TILE - 1 :: QUERY_TILE, 0], ordered.labels[-1, 0])
    ends = _ends_of_classes(queries, database)
    bounds = np.stack([ends[firsts], ends[lasts[: len(firsts)] + 1]], axis=1)
    padded = ordered.padded(_multiple(len(queries), QUERY_TILE))
    count = kernels.by_pairs(queries.words.shape[1], bits, tile)
    found = np.zeros((len(queries), 2, bits + 1), np.int64)
    for start in range(0, len(database), tile):
        # Padding behind each tile: a step over its end must not read the next one's rows.
        some = database.take(order[start : start + tile]).padded(tile + kernels.OWN_TILE)
        inside = (bounds - start).clip(0, tile).astype(np.int32)
        found += count(padded.words, padded.labels, some.words, some.labels, inside).numpy()[
            : len(queries)
        ]
    total, relevant = found[:, 0], found[:, 1]
    _without_padding(total, ordered, _multiple(len(database), tile) - len(database))
    counts = np.empty_like(found)
    counts[query_order] = np.stack([total - relevant, relevant], axis=1)
    return counts


def _own_share(queries, database):
    """Share of the sorted database in which a tile of sorted queries finds all its classes."""
    if queries.multi_hot or not len(database):
        return 1.0
    ends = _ends_of_classes(queries, database)
    labels = np.sort(queries.labels[:, 0])
    firsts = labels[::QUERY_TILE]
    lasts = np.append(labels[QUERY_TILE - 1 :: QUERY_TILE], labels[-1])[: len(firsts)]
    return float((ends[lasts + 1] - ends[firsts]).mean() / len(database))


def _ends_of_classes(queries, database):
    """Where class 0, 1, … begins among the sorted rows, and where the last one ends."""
    classes = int(queries.labels.max()) + 1
    return np.cumsum(np.bincount(database.labels[:, 0] + 1, minlength=classes + 1))


def _by_class(rows):
    labels = rows.labels[:, 0]
    # 16 bits are sorted by radix, in linear time.
    return np.argsort(labels.astype(np.int16) if labels.max() < 1 << 15 else labels, kind="stable")


def _without_padding(counts, queries, spare):
    """Take rows of padding, whose code is 0, out of the bins they fell into."""
    counts[np.arange(len(queries)), _bit_counts(queries.words)] -= spare


def _bit_counts(words):
    return np.bitwise_count(words.view(np.uint64)).sum(axis=1, dtype=np.int64)


def _multiple(length, step):
    return -(-length // step) * step
