"""Which codes occur more than once in a database, and which queries occur in it."""

import dataclasses

import numpy as np

from keras_hashing import codes as packed
from keras_hashing.evaluation import distinct

_SHOWN = 10  # ids that are kept as examples


@dataclasses.dataclass(frozen=True)
class Duplicates:
    """What repeats in a database.

    Attributes:
        distinct: int, different codes.
        largest: int, items of the most frequent code.
        sharing: int, items that have their code in common with another.
        once: int, codes that only one item has.
        distinct_with_labels: int, different pairs of code and label; None without labels.
        mixed: int, items that share their code with an item of other labels; None without labels.
        repeated_ids: int, ids that more than one item has; None without ids.
        examples: tuple, the first ten of these ids.
        group_sizes: int64 `(distinct,)`, items of each code, largest first.
    """

    distinct: int
    largest: int
    sharing: int
    once: int
    distinct_with_labels: int | None
    mixed: int | None
    repeated_ids: int | None
    examples: tuple
    group_sizes: np.ndarray

    @property
    def code_entropy(self):
        """float, entropy in bits of the codes as they occur: at most log2 of the items."""
        shares = self.group_sizes / self.group_sizes.sum()
        return float(-(shares * np.log2(shares)).sum()) + 0.0


@dataclasses.dataclass(frozen=True)
class Leaks:
    """Queries that stand in the database.

    Attributes:
        ids: int, queries whose id is in the database; None where ids of one side are not known.
        examples: tuple, the first ten of these ids.
        identical: int, queries whose code (and label, where known) a database item has. Not a
            leak by itself: good codes give all items of a class few codes.
        identical_expected: float, how many would be, were the queries drawn as the items were.
        identical_spread: float, standard deviation of that number.
    """

    ids: int | None
    examples: tuple
    identical: int
    identical_expected: float
    identical_spread: float


def duplicates(database):
    """Count repetitions in a database.

    Args:
        database: `keras_hashing.auditing.code_set.CodeSet`.

    Returns:
        `Duplicates`.
    """
    of_code = group(packed.words(database.codes))
    sizes = np.bincount(of_code)
    distinct_with_labels = mixed = None
    if database.labels is not None:
        of_both = group(packed.words(database.codes), distinct.label_words(database.labels))
        distinct_with_labels = int(of_both.max()) + 1
        # A group by code and label that is smaller than its group by code has other labels in it.
        mixed = int((np.bincount(of_both)[of_both] < sizes[of_code]).sum())
    repeated_ids, examples = None, ()
    if database.ids is not None:
        unique, counts = np.unique(database.ids, return_counts=True)
        repeated = unique[counts > 1]
        repeated_ids, examples = len(repeated), tuple(repeated[:_SHOWN].tolist())
    return Duplicates(
        distinct=len(sizes),
        largest=int(sizes.max()),
        sharing=int(sizes[sizes > 1].sum()),
        once=int((sizes == 1).sum()),
        distinct_with_labels=distinct_with_labels,
        mixed=mixed,
        repeated_ids=repeated_ids,
        examples=examples,
        group_sizes=np.sort(sizes)[::-1],
    )


def leaks(queries, database):
    """Look for queries in the database.

    The number of identical items that chance gives is estimated from the database alone: the
    chance that a fresh draw was seen before is 1 minus the share of items that occur once.

    Args:
        queries, database: `CodeSet`, both with labels or both without.

    Returns:
        `Leaks`.

    Source: Good, "The population frequencies of species and the estimation of population
    parameters", Biometrika 1953.
    """
    sides = (database, queries)
    words = [np.concatenate([packed.words(side.codes) for side in sides])]
    if queries.labels is not None:
        words.append(np.concatenate([distinct.label_words(side.labels) for side in sides]))
    numbers = group(*words)
    of_database, of_queries = np.split(numbers, [len(database)])
    sizes = np.bincount(of_database, minlength=int(numbers.max()) + 1)
    chance = 1 - (sizes == 1).sum() / len(database)
    found, examples = None, ()
    if queries.ids is not None:
        inside = np.isin(queries.ids, database.ids)
        found, examples = int(inside.sum()), tuple(queries.ids[inside][:_SHOWN].tolist())
    return Leaks(
        ids=found,
        examples=examples,
        identical=int((sizes[of_queries] > 0).sum()),
        identical_expected=float(len(queries) * chance),
        identical_spread=float(np.sqrt(len(queries) * chance * (1 - chance))),
    )


def group_sizes(codes):
    """How many items have each code that occurs.

    Args:
        codes: uint8 `(items, bytes)`, at least one item.

    Returns:
        int64 `(distinct,)`, largest first.
    """
    return np.sort(np.bincount(group(packed.words(codes))))[::-1]


def group(*words):
    """Number the different rows.

    Args:
        words: uint64 arrays `(items, width)`, side by side.

    Returns:
        int64 `(items,)`, from 0; equal rows have equal numbers.
    """
    return distinct.distinct(np.hstack(words).view(np.int64))[2]
