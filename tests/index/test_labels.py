import numpy as np
import pytest

from keras_hashing.index import labels

CODES = np.zeros((3, 2), np.uint8)


def test_of_items():
    found = labels.of_items([7, 0, 7], CODES)
    assert (found.dtype, found.tolist()) == (np.int64, [7, 0, 7])
    assert labels.of_items(np.array([1, 2, 3], np.uint8), CODES).dtype == np.int64
    assert labels.of_items([], CODES[:0]).dtype == np.int64
    assert labels.NONE < 0  # so that no search can ask for it


def test_wanted():
    found = labels.wanted([5, 3, 5])
    assert (found.dtype, found.tolist()) == (np.int64, [3, 5])
    assert labels.wanted(range(2)).tolist() == [0, 1]
    assert labels.wanted([2**63 - 1]).tolist() == [2**63 - 1]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1, 2], ValueError, "one row per item each; got 3 and 2 rows"),
        ([1, 2, -1], ValueError, "must be 0 or more; got -1. Items without"),
        ([1, 2, 0.5], TypeError, "whole numbers that fit int64; got dtype float64. Number the"),
        (["a", "b", "c"], TypeError, "whole numbers"),
        ([True, False, True], TypeError, "got dtype bool"),
        (np.array([1, 2, 2**63], np.uint64), TypeError, "that fit int64; got dtype uint64"),
        (7, ValueError, r"1 dimension.s.; got shape \(\). Pass a list"),
    ],
)
def test_refused(given, error, message):
    with pytest.raises(error, match=message):
        labels.of_items(given, CODES)
    if len(np.shape(given)) != 1 or len(given) == 3:
        with pytest.raises(error, match=message):
            labels.wanted(given)


def test_a_search_for_no_label_is_refused():
    with pytest.raises(ValueError, match="must name one label at least. Leave it out"):
        labels.wanted([])
