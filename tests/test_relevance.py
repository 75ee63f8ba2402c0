import numpy as np
import pytest

from keras_hashing import relevance
from tests import reference

MULTI_HOT = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0]])


def test_worked_relevance():
    np.testing.assert_array_equal(
        relevance.relevance([0, 1], [1, 1, 0]), [[False, False, True], [True, True, False]]
    )
    # The first two share the middle class; an item without a label has nothing, not even itself.
    np.testing.assert_array_equal(
        relevance.relevance(MULTI_HOT, MULTI_HOT),
        [[True, True, False], [True, True, False], [False, False, False]],
    )


@pytest.mark.parametrize("classes", [None, 2, 9])
def test_agrees_with_the_loop(classes):
    random = np.random.default_rng(3)
    size = (30,) if classes is None else (30, classes)
    items = random.integers(0, 2 if classes else 4, size)
    query, database = items[:12], items[12:]
    expected = [[reference.share_label(a, b) for b in database] for a in query]
    found = relevance.relevance(query, database)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, expected)


def test_labels_forms():
    for array in ([0, 2], [[0], [2]], np.array([0.0, 2.0]), np.array([0, 2], np.uint8)):
        found = relevance.labels("labels", array, 2)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, [0, 2])
    for array in (MULTI_HOT, MULTI_HOT.astype(bool), MULTI_HOT.astype(np.float32)):
        found = relevance.labels("labels", array)
        assert found.dtype == bool
        np.testing.assert_array_equal(found, MULTI_HOT > 0)
    assert relevance.labels("labels", []).shape == (0,)
    # Ids beyond float32's whole numbers stay apart.
    big = 2**24
    np.testing.assert_array_equal(relevance.relevance([big], [big, big + 1]), [[True, False]])


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (["cat"], TypeError, "`y` must be integers or multi-hot rows; got dtype <U3. Map class"),
        (np.zeros((2, 2, 2)), ValueError, r"\(items,\) or \(items, classes\); got \(2, 2, 2\)"),
        (5, ValueError, r"\(items,\) or \(items, classes\); got \(\)"),
        ([[0, 2]], ValueError, "multi-hot `y` must hold only 0 and 1; got values between 0 and 2"),
        ([0.5], ValueError, "`y` must be whole numbers; got fractions"),
        ([np.nan], ValueError, "`y` must be whole numbers; got fractions, NaN or infinity"),
        ([np.inf], ValueError, "`y` must be whole numbers; got fractions, NaN or infinity"),
        ([1, 2**63], ValueError, "`y` must be below 2..63; got 9223372036854775808. Number"),
        ([1e30], ValueError, "`y` must be below 2..63; got 1000000000000000019"),
        (np.zeros((2, 0)), ValueError, r"a column for each class; got shape \(2, 0\). Pass two"),
        ([1, -1], ValueError, "`y` must be at least 0; got -1. Leave unlabelled items out"),
    ],
)
def test_refused_labels(array, error, message):
    with pytest.raises(error, match=message):
        relevance.labels("y", array)


def test_refused_lengths_and_forms():
    with pytest.raises(ValueError, match="one row for each of 3 items; got 2"):
        relevance.labels("y", [0, 1], 3)
    with pytest.raises(ValueError, match=r"got shapes \(3, 3\) and \(2,\)"):
        relevance.relevance(MULTI_HOT, [0, 1])
    with pytest.raises(ValueError, match=r"as many classes; got shapes \(3, 3\) and \(3, 2\)"):
        relevance.relevance(MULTI_HOT, MULTI_HOT[:, :2])
