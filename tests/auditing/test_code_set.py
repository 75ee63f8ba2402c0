"""What an audit refuses, and in which words."""

import numpy as np
import pytest

from keras_hashing.auditing import code_set

CODES = np.zeros((3, 2), np.uint8)


def database(**changes):
    given = {"codes": CODES, "labels": [0, 1, 1], "ids": [4, 5, 6], "bits": None} | changes
    return code_set.database_set(**given)


def queries(against=None, **changes):
    given = {"codes": CODES[:1], "labels": [1], "ids": [4], "bits": None} | changes
    return code_set.query_set(database=database() if against is None else against, **given)


def test_what_is_right_is_taken():
    found = database()
    assert len(found) == 3 and found.labels.dtype == found.ids.dtype == np.int64
    assert database(ids=np.array([b"a", b"b", b"c"])).ids.tolist() == ["a", "b", "c"]
    assert database(ids=np.array([1, 2, 3], np.uint64)).ids.dtype == np.int64
    assert queries().ids.tolist() == [4]
    assert queries(database(ids=None), ids=None).ids is None
    assert queries(codes=None, labels=None, ids=None) is None


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"codes": CODES[:0]}, ValueError, "`codes` is empty: there is nothing to audit"),
        ({"codes": CODES.astype(int)}, TypeError, "packed codes of dtype uint8; got int64"),
        ({"bits": 17}, ValueError, r"must be 3 byte\(s\) wide for 17 bits"),
        ({"labels": [0, 1]}, ValueError, "`labels` must have one row for each of 3 items; got 2"),
        ({"labels": [0, -1, 1]}, ValueError, "`labels` must be at least 0; got -1"),
        ({"ids": [1, 2]}, ValueError, "`ids` and `codes` must have one row per item each; got 2"),
        ({"ids": [1.5, 2, 3]}, TypeError, "`ids` must hold a whole number or a string"),
        ({"ids": [[1], [2], [3]]}, TypeError, r"got dtype int64 and shape \(3, 1\)"),
        (
            {"ids": np.array([1, 2, 2**63], np.uint64)},
            ValueError,
            "`largest of ids` must be at most 9223372036854775807; got 9223372036854775808",
        ),
    ],
)
def test_refused_of_the_database(changes, kind, words):
    with pytest.raises(kind, match=words):
        database(**changes)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"codes": None, "ids": None}, ValueError, "`query_labels` needs `query_codes` too"),
        ({"codes": None, "labels": None}, ValueError, "`query_ids` needs `query_codes` too"),
        ({"labels": None}, ValueError, "`labels` needs `query_labels` too; got it alone"),
        ({"against": database(labels=None)}, ValueError, "`query_labels` needs `labels` too"),
        ({"against": database(ids=None)}, ValueError, "`query_ids` needs `ids` too"),
        ({"codes": CODES[:1, :1]}, ValueError, "must be of one width; got 1 and 2 bytes"),
        ({"codes": CODES[:0]}, ValueError, "`query_codes` is empty"),
        ({"labels": [[0, 1]]}, ValueError, "must both be single labels, or multi-hot rows"),
        ({"ids": ["4"]}, TypeError, "`query_ids` and `ids` must both be whole numbers, or both"),
    ],
)
def test_refused_of_the_queries(changes, kind, words):
    with pytest.raises(kind, match=words):
        queries(**changes)
