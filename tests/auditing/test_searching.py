"""Who searches, what is left out, and the figures against slow loops."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.auditing import searching
from keras_hashing.auditing.code_set import CodeSet
from tests import reference


def code_set(count, seed=0, ids=None, labelled=True, classes=3):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (count, 1)).astype(np.uint8)
    labels = rng.integers(0, classes, count) if labelled else None
    return CodeSet(codes, labels, ids)


def slow_map(queries, query_labels, database, without):
    """mAP in database order; `without` maps a query's place to an item left out."""
    values = []
    for number, label in enumerate(query_labels):
        distances = reference.hamming(queries[number : number + 1], database.codes, 8)[0]
        order = sorted(range(len(database)), key=lambda i, d=distances: (d[i], i))
        order = [i for i in order if i != without.get(number)]
        hits = [bool(database.labels[i] == label) for i in order]
        if any(hits):
            values.append(float(reference.average_precision(hits)))
    return np.mean(values)


def test_the_database_searches_itself():
    database = code_set(40)
    search = searching.own_search(database)
    found = searching.searched(search, 8)
    assert found["queries"] == 40
    assert found["queries_are"] == "the database's own items, each left out of its own search"
    without = {i: i for i in range(40)}
    wanted = slow_map(database.codes, database.labels, database, without)
    assert found["tie_range"]["map@all"].index == pytest.approx(wanted)
    names = [row.name for row in found["conventions"]]
    assert names[:3] == ["map@all", "map@all, self found", "map@38(hits)"]
    kept = kh.evaluate(database.codes, database.labels, database.codes, database.labels)
    assert found["conventions"][1].expected == kept.map
    assert found["notes"] == ("no cutoff 100, 1,000, 5,000: 39 items are searched",)


def test_many_items_are_searched_by_some(monkeypatch):
    monkeypatch.setattr(searching, "MOST_QUERIES", 6)
    database = code_set(40)
    search = searching.own_search(database)
    places = search.queries.ids
    assert len(places) == 6 and (np.diff(places) > 0).all()
    np.testing.assert_array_equal(search.queries.codes, database.codes[places])
    np.testing.assert_array_equal(search.queries.labels, database.labels[places])
    np.testing.assert_array_equal(searching.own_search(database).queries.ids, places)
    assert search.queries_are.startswith("drawn from the database with seed 0")
    found = searching.searched(search, 8)
    without = dict(enumerate(places.tolist()))
    wanted = slow_map(database.codes[places], database.labels[places], database, without)
    assert found["tie_range"]["map@all"].index == pytest.approx(wanted)


def test_queries_in_the_database_do_not_find_themselves():
    database = code_set(30, ids=np.arange(30))
    queries = CodeSet(database.codes[[4, 9, 0]], database.labels[[4, 9, 0]], np.array([4, 9, 77]))
    search = searching.given_search(queries, database, leaked=2)
    assert (search.exclude_self, search.fewest, search.most) == (True, 29, 30)
    found = searching.searched(search, 8)
    wanted = slow_map(queries.codes, queries.labels, database, {0: 4, 1: 9})
    assert found["tie_range"]["map@all"].index == pytest.approx(wanted)
    assert "map@all, self found" in [row.name for row in found["conventions"]]
    assert found["queries_are"] == "given; those that stand in the database do not find themselves"
    everyone = CodeSet(queries.codes[:2], queries.labels[:2], queries.ids[:2])
    assert searching.given_search(everyone, database, leaked=2).most == 29


def test_repeated_ids_cannot_be_left_out():
    database = code_set(10, ids=np.zeros(10, np.int64))
    queries = CodeSet(database.codes[:2], database.labels[:2], np.array([0, 1]))
    search = searching.given_search(queries, database, leaked=1)
    assert not search.exclude_self
    found = searching.searched(search, 8)
    assert found["notes"][0] == (
        "ids repeat in the database, so queries that stand in it find themselves"
    )
    wanted = slow_map(queries.codes, queries.labels, database, {})
    assert found["tie_range"]["map@all"].index == pytest.approx(wanted)


@pytest.mark.parametrize("leaked", [None, 0])
def test_queries_of_their_own(leaked):
    database, queries = code_set(20, 1), code_set(5, 2)
    search = searching.given_search(queries, database, leaked)
    assert (search.exclude_self, search.queries_are, search.notes) == (False, "given", ())
    found = searching.searched(search, 8)
    assert found["tie_range"]["map@all"].index == pytest.approx(
        slow_map(queries.codes, queries.labels, database, {})
    )
    assert "map@all, self found" not in [row.name for row in found["conventions"]]


def test_without_labels_only_ties_are_told():
    database = code_set(150, labelled=False)
    found = searching.searched(searching.own_search(database), 8)
    assert [at.cutoff for at in found["ties"]] == [100, None]
    sizes = []
    for place, code in enumerate(database.codes):
        row = reference.hamming(code[None], np.delete(database.codes, place, axis=0), 8)[0]
        sizes.append((row == sorted(row)[99]).sum())
    assert found["ties"][0].bucket == pytest.approx(np.mean(sizes))
    assert (found["tie_range"], found["conventions"]) == ({}, ())
    assert found["queries_without_relevant"] is None


def test_queries_with_nothing_to_find():
    database, queries = code_set(12, 1, classes=2), code_set(6, 2, classes=4)
    found = searching.searched(searching.given_search(queries, database, None), 8)
    assert found["queries_without_relevant"] == int((queries.labels > 1).sum()) > 0
    strangers = CodeSet(queries.codes, np.full(6, 9), None)
    found = searching.searched(searching.given_search(strangers, database, None), 8)
    assert found["queries_without_relevant"] == 6
    assert (found["tie_range"], found["conventions"]) == ({}, ())
    assert "no query has anything relevant in the database: mAP has no value" in found["notes"]
    assert found["ties"][-1].cutoff is None


def test_one_item_finds_nothing():
    found = searching.searched(searching.own_search(code_set(1)), 8)
    assert (found["queries"], found["ties"], found["conventions"]) == (0, (), ())
    assert found["notes"] == ("one item has no other to find: no search was made",)
    two = searching.searched(searching.own_search(code_set(2, classes=1)), 8)
    assert [row.name for row in two["conventions"]][:2] == ["map@all", "map@all, self found"]
    assert two["conventions"][0].expected == 1.0
