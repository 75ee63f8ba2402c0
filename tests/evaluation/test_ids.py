"""Ids of either kind, found in one another, and what is refused."""

import numpy as np
import pytest

from keras_hashing.evaluation import ids


@pytest.mark.parametrize(
    ("given", "kind", "wanted"),
    [
        ([3, 1], "i", [3, 1]),
        (range(2), "i", [0, 1]),
        (np.array([3, 1], np.uint8), "i", [3, 1]),
        (np.array([3, 2**62], np.uint64), "i", [3, 2**62]),
        (np.array([3, 1], object), "i", [3, 1]),
        (["a", "bc"], "U", ["a", "bc"]),
        (np.array(["a", "bc"], object), "U", ["a", "bc"]),
        (np.array(["a", "bc"], np.dtypes.StringDType()), "U", ["a", "bc"]),
        ([b"a", b"bc"], "U", ["a", "bc"]),
        (np.array(["ä".encode(), b"bc"]), "U", ["ä", "bc"]),
        ([], "i", []),
    ],
)
def test_what_is_taken(given, kind, wanted):
    found = ids.checked("ids", given)
    assert found.dtype.kind == kind and found.tolist() == wanted


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([1.5, 2.0], TypeError, "`ids` must hold a whole number or a string .* got dtype float64"),
        (np.array([1.0, 2.0]), TypeError, "got dtype float64"),
        ([True, False], TypeError, "got dtype bool"),
        (np.array([True]), TypeError, "got dtype bool"),
        ([1, "a"], TypeError, "of int, str. Number or name the items"),
        (np.array([1, "a"], object), TypeError, "of int, str"),
        ([b"a", "a"], TypeError, "`ids` holds strs and bytes"),
        ([None, "a"], TypeError, "of NoneType, str"),
        ([[1], [2]], TypeError, r"got dtype int64 and shape \(2, 1\)"),
        (5, TypeError, r"shape \(\)"),
        ("image", TypeError, r"shape \(\)"),
        ([b"\xff"], ValueError, "bytes that are not UTF-8"),
        ([2**63], ValueError, "`largest of ids` must be at most 9223372036854775807"),
        ([2**70, 1], ValueError, "`largest of ids` must be at most"),
        ([-(2**70), 1], ValueError, "`smallest of ids` must be at least"),
    ],
)
def test_what_is_refused(given, error, words):
    with pytest.raises(error, match=words):
        ids.checked("ids", given)


def test_places():
    found = ids.places(np.array(["b", "zz", "a", "b"]), np.array(["a", "b", "ccc"]))
    assert found.tolist() == [1, -1, 0, 1]
    assert ids.places(np.array([7, 2]), np.array([5, 7])).tolist() == [1, -1]


def test_places_need_one_kind_and_ids_that_are_unique():
    with pytest.raises(TypeError, match="both be whole numbers, or both strings; got dtypes int64"):
        ids.places(np.array([1]), np.array(["1"]))
    with pytest.raises(ValueError, match="must be unique .* got 'a' 2 times"):
        ids.places(np.array(["a"]), np.array(["a", "b", "a"]))
