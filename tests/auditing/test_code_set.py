"""What an audit refuses, and in which words."""

import numpy as np
import pytest

from keras_hashing.auditing import code_set

CODES = np.zeros((3, 2), np.uint8)


def sets(bits=None, **changes):
    given = {"codes": CODES, "labels": [0, 1, 1], "ids": [4, 5, 6]}
    given |= {"query_codes": None, "query_labels": None, "query_ids": None}
    return code_set.code_sets(given | changes, bits)


def database(bits=None, **changes):
    return sets(bits, **changes)[0]


def queries(**changes):
    given = {"query_codes": CODES[:1], "query_labels": [1], "query_ids": [4]}
    return sets(**(given | changes))[1]


def test_what_is_right_is_taken():
    found = database()
    assert len(found) == 3 and found.labels.dtype == found.ids.dtype == np.int64
    assert database(ids=np.array([b"a", b"b", b"c"])).ids.tolist() == ["a", "b", "c"]
    assert database(ids=np.array([1, 2, 3], np.uint64)).ids.dtype == np.int64
    assert database(ids=np.array(["a", "b", "ccc"], object)).ids.tolist() == ["a", "b", "ccc"]
    assert database(ids=np.array([[1.0], [2.0], [3.0]])).ids.tolist() == [1, 2, 3]
    assert queries().ids.tolist() == [4]
    assert queries(ids=None, query_ids=None).ids is None
    assert queries(query_codes=None, query_labels=None, query_ids=None) is None


def test_class_names_have_one_map_for_both_sides():
    # In order: cat, cow, dog. The queries know no "cow", the database no "emu".
    found, asked, _, _ = sets(
        labels=["dog", "cow", "cat"],
        query_codes=CODES,
        query_labels=np.array(["cat", "emu", "dog"], object),
    )
    assert (found.labels[:, None] == asked.labels).tolist() == [
        [False, False, True],
        [False, False, False],
        [True, False, False],
    ]
    assert database(labels=[b"b", b"a", b"b"]).labels.tolist() == [1, 0, 1]


def test_code_length_comes_from_both_sides():
    # The database's bytes happen to be 0 and 1; the queries' are packed beyond doubt.
    ones, packed = np.array([[0], [1], [1]], np.uint8), np.array([[0], [9]], np.uint8)
    found, asked, bits, notes = sets(codes=ones, query_codes=packed, query_labels=[0, 1])
    assert (bits, notes) == (8, []) and found.codes is not None
    np.testing.assert_array_equal(found.codes, ones)
    assert sets(codes=ones)[2] == 1
    # Signs on one side, packed on the other.
    signs = np.where(np.arange(16) % 3, 1, -1)[None]
    found, asked, bits, _ = sets(query_codes=signs, query_labels=[0], codes=CODES)
    assert bits == 16 and asked.codes.tolist() == [[0b10110110, 0b01101101]]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"codes": CODES[:0]}, ValueError, "`codes` is empty: there is nothing to audit"),
        ({"codes": CODES.astype(str)}, TypeError, "packed codes of dtype uint8, signs or bits"),
        ({"bits": 17}, ValueError, r"must be 3 byte\(s\) wide for 17 bits"),
        ({"labels": [0, 1]}, ValueError, "`labels` must have one row for each of 3 items; got 2"),
        ({"labels": [["a", "b"]] * 3}, ValueError, r"one class name for each item; got .*\(3, 2\)"),
        ({"labels": [0, -1, 1]}, ValueError, "`labels` must be at least 0; got -1"),
        ({"ids": [1, 2]}, ValueError, "`ids` and `codes` must have one row per item each; got 2"),
        ({"ids": [1, "2", 3]}, TypeError, "of int, str"),
        ({"ids": [1.5, 2, 3]}, TypeError, "`ids` must hold a whole number or a string"),
        ({"ids": [[1, 2], [2, 3], [3, 4]]}, TypeError, r"got dtype int64 and shape \(3, 2\)"),
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
        (
            {"query_codes": None, "query_ids": None},
            ValueError,
            "`query_labels` needs `query_codes`",
        ),
        (
            {"query_codes": None, "query_labels": None},
            ValueError,
            "`query_ids` needs `query_codes`",
        ),
        ({"query_labels": None}, ValueError, "`labels` needs `query_labels` too; got it alone"),
        ({"labels": None}, ValueError, "`query_labels` needs `labels` too"),
        ({"ids": None}, ValueError, "`query_ids` needs `ids` too"),
        ({"query_codes": CODES[:1, :1]}, ValueError, "must be of one width; got 1 and 2 bytes"),
        ({"query_codes": CODES[:0]}, ValueError, "`query_codes` is empty"),
        ({"query_labels": [[0, 1]]}, ValueError, "must both be single labels, or multi-hot rows"),
        ({"query_labels": ["a"]}, TypeError, "must both be numbers, or both class names"),
        ({"query_ids": ["4"]}, TypeError, "`query_ids` and `ids` must both be whole numbers, or"),
    ],
)
def test_refused_of_the_queries(changes, kind, words):
    with pytest.raises(kind, match=words):
        queries(**changes)
