"""The part of an audit that searches: ties at the cutoffs, tie range, conventions."""

import dataclasses

import numpy as np

from keras_hashing.auditing import conventions, tie_statistics
from keras_hashing.auditing.code_set import CodeSet
from keras_hashing.evaluation import Evaluator, evaluate, metrics

MOST_QUERIES = 1000  # of the database, when it is its own queries
_SEED = 0


@dataclasses.dataclass(frozen=True)
class Search:
    """Who asks what.

    Attributes:
        queries, database: `CodeSet`; with `exclude_self` both have ids.
        exclude_self: bool, the item with a query's own id is left out of its search.
        fewest, most: ints, the items that a query searches.
        queries_are: str, where the queries come from.
        notes: tuple of str.
    """

    queries: CodeSet
    database: CodeSet
    exclude_self: bool
    fewest: int
    most: int
    queries_are: str
    notes: tuple = ()


def own_search(database):
    """The database's own items as queries, each left out of its own search."""
    items = len(database)
    chosen, kind = np.arange(items), "the database's own items"
    if items > MOST_QUERIES:
        drawn = np.random.default_rng(_SEED).choice(items, MOST_QUERIES, replace=False)
        chosen = np.sort(drawn)
        kind = f"drawn from the database with seed {_SEED}"
    labels = None if database.labels is None else database.labels[chosen]
    # Places are ids that never repeat.
    queries = CodeSet(database.codes[chosen], labels, chosen)
    numbered = dataclasses.replace(database, ids=np.arange(items))
    kind += ", each left out of its own search"
    return Search(queries, numbered, True, items - 1, items - 1, kind)


def given_search(queries, database, leaked):
    """Queries of the user's.

    Args:
        leaked: int, queries whose id is in the database: their own item is left out. Where ids
            repeat in the database it cannot be.
    """
    items = len(database)
    if not leaked:
        return Search(queries, database, False, items, items, "given")
    if len(np.unique(database.ids)) < items:
        note = "ids repeat in the database, so queries that stand in it find themselves"
        return Search(queries, database, False, items, items, "given", (note,))
    kind = "given; those that stand in the database do not find themselves"
    most = items - (leaked == len(queries))
    return Search(queries, database, True, items - 1, most, kind)


def searched(search, bits):
    """What the search says.

    Args:
        search: `Search`.
        bits: int.

    Returns:
        dict of the fields of `Audit` that take queries; those that take labels too are empty
        without labels, or where no query has anything relevant.
    """
    found = {"queries": len(search.queries), "queries_are": search.queries_are}
    found |= {"queries_without_relevant": None, "tie_range": {}, "conventions": ()}
    if not search.fewest:
        note = "one item has no other to find: no search was made"
        return found | {"queries": 0, "ties": (), "notes": (*search.notes, note)}
    cutoffs = tuple(cutoff for cutoff in tie_statistics.CUTOFFS if cutoff < search.fewest)
    notes = list(search.notes)
    if len(cutoffs) < len(tie_statistics.CUTOFFS):
        missing = ", ".join(f"{c:,}" for c in tie_statistics.CUTOFFS if c not in cutoffs)
        notes.append(f"no cutoff {missing}: {search.most:,} items are searched")
    evaluator = _count(search, bits, cutoffs)
    total, relevant = evaluator.counts.sum(axis=1), evaluator.counts[:, 1:].sum(axis=1)
    buckets = metrics.Buckets(total, relevant)
    found["ties"] = tuple(tie_statistics.ties_at(buckets, cutoff) for cutoff in (*cutoffs, None))
    if search.queries.labels is not None:
        kept = relevant.any(axis=1)
        found["queries_without_relevant"] = int((~kept).sum())
        if kept.any():
            buckets = metrics.Buckets(total[kept], relevant[kept])
            found |= _judged(search, evaluator, buckets, cutoffs)
        else:
            notes.append("no query has anything relevant in the database: mAP has no value")
    return found | {"notes": tuple(notes)}


def _count(search, bits, cutoffs):
    """An `Evaluator` that has seen the database; without labels all items are of one class."""
    labels, query_labels = search.database.labels, search.queries.labels
    if query_labels is None:
        labels, query_labels = np.zeros(len(search.database)), np.zeros(len(search.queries))
    last = (search.most - 1,) if search.most > 1 else ()
    evaluator = Evaluator(
        search.queries.codes,
        query_labels,
        bits=bits,
        at=(*cutoffs, *last),
        query_ids=search.queries.ids,
        exclude_self=search.exclude_self,
    )
    evaluator.update(search.database.codes, labels, search.database.ids)
    return evaluator


def _judged(search, evaluator, buckets, cutoffs):
    """What takes labels."""
    queries, database = search.queries, search.database
    sides = (queries.codes, queries.labels, database.codes, database.labels)
    expected = evaluator.result()
    index = evaluate(
        *sides,
        bits=evaluator.bits,
        at=evaluator.at,
        ties="index",
        query_ids=queries.ids,
        database_ids=database.ids,
        exclude_self=search.exclude_self,
    )
    with_self = evaluate(*sides, bits=evaluator.bits).map if search.exclude_self else None
    share = len(buckets.sizes) / len(queries)
    map_cutoffs = [cutoff for cutoff in cutoffs if cutoff in conventions.MAP_CUTOFFS]
    return {
        "tie_range": tie_statistics.tie_range(buckets, expected, index, map_cutoffs),
        "conventions": conventions.conventions(
            expected, index, buckets, cutoffs, search.most - 1, with_self, share
        ),
    }
