"""Labels of every form as class numbers; which method refuses what is in conformance."""

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.classes import Arriving, Classes, checked, several


@pytest.mark.parametrize(
    ("labels", "values", "numbers"),
    [
        ([2, 0, 1, 2], [0, 1, 2], [2, 0, 1, 2]),
        (np.array([[2], [0], [1]], "uint8"), [0, 1, 2], [2, 0, 1]),
        ([3.0, 1.0], [1, 3], [1, 0]),
        (np.array([7, 100_000, 7]), [7, 100_000], [0, 1, 0]),
        (10**9 + np.array([1, 0, 2]), [10**9, 10**9 + 1, 10**9 + 2], [1, 0, 2]),
        ([True, False], [0, 1], [1, 0]),
        (["dog", "cat", "dog"], ["cat", "dog"], [1, 0, 1]),
        (np.array([b"dog", b"cat"]), ["cat", "dog"], [1, 0]),
        (np.array([["dog"], ["cat"]], object), ["cat", "dog"], [1, 0]),
        (tf.constant(["dog", "cat"]), ["cat", "dog"], [1, 0]),
        (tf.constant([4, 2]), [2, 4], [1, 0]),
    ],
)
def test_single_labels(labels, values, numbers):
    classes = Classes.of(labels)
    assert classes.values == values and len(classes) == len(values)
    found = classes.numbers(labels)
    assert found.dtype == np.int64 and found.tolist() == numbers
    assert classes.dense == (values == list(range(len(values))))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "float32"])
def test_multi_hot_rows_stay(dtype):
    rows = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]], dtype)
    classes = Classes.of(rows)
    np.testing.assert_array_equal(classes.numbers(rows), rows.astype(bool))
    assert (len(classes), classes.dense, repr(classes)) == (3, True, "multi-hot rows of 3 classes")


def test_numbers_below_a_known_count_stay():
    assert Classes.of([5, 1], 10).numbers([5, 1]).tolist() == [5, 1]
    assert Classes.of([50, 10], 10).numbers([50, 10]).tolist() == [1, 0]


def test_new_labels():
    classes = Classes.of(["b", "a"])
    with pytest.raises(
        ValueError, match="1 class.*was not trained with, the first 'c'; it knows 2"
    ):
        classes.numbers(["a", "c"])
    assert classes.numbers(["c", "a"], extend=True).tolist() == [2, 0]
    assert classes.numbers(["c"]).tolist() == [2]
    with pytest.raises(ValueError, match="in the form .* trained with, 3 class names; got"):
        classes.numbers([1, 2])
    with pytest.raises(ValueError, match="must have 3 columns"):
        Classes.of(np.eye(3)).numbers(np.eye(4))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0.5, 1], ValueError, "whole numbers"),
        ([np.nan, 1], ValueError, "whole numbers"),
        ([-1, 1], ValueError, "at least 0"),
        ([[0.5, 0.5], [1, 0]], ValueError, r"Make probabilities hard: `labels >= 0.5`"),
        ([[-1, 1], [1, -1]], ValueError, r"For -1 and \+1 pass `\(labels \+ 1\) // 2`"),
        ([[np.nan, 1], [1, 0]], ValueError, "NaN"),
        ([[3, 7], [1, 2]], ValueError, "a column of 0 and 1 for each class"),
        ([[1], [2, 3]], ValueError, "rows of different lengths"),
        ([["a", "b"], ["c", "d"]], ValueError, "class names must have shape"),
        ([1 + 1j, 2], TypeError, "must be integers"),
        ([None, 1], TypeError, "must be integers"),
    ],
)
def test_refused(labels, error, message):
    for read in (checked, Classes.of, Arriving().numbers):
        with pytest.raises(error, match=message):
            read(labels)


@pytest.mark.parametrize("labels", [[1, 1], ["a", "a"], [[0, 1], [0, 1]], [[0, 0], [0, 0]]])
def test_one_class_is_no_training_set(labels):
    with pytest.raises(ValueError, match="two classes at least"):
        several(labels)


def test_labels_that_arrive_in_batches():
    arriving = Arriving()
    assert arriving.numbers([3, 100_000]).tolist() == [3, 100_000]
    large = arriving.numbers(10**12 + np.array([0, 1, 0]))
    assert large[0] == large[2] != large[1] and large.max() < 2**24
    assert arriving.numbers([10**12 + 1]) == large[1]
    names = Arriving()
    assert names.numbers(["x", "y"]).tolist() == [names.numbers(["x"])[0], names.numbers(["y"])[0]]
    assert len({*names.numbers(["x", "y", "z"]).tolist()}) == 3
    rows = np.eye(3)
    np.testing.assert_array_equal(Arriving().numbers(rows), rows.astype(bool))


@pytest.mark.parametrize("first", [[4, 4], ["a"], [[0, 1], [0, 1]]])
def test_a_second_class_must_arrive(first):
    arriving = Arriving()
    arriving.numbers(first)
    arriving.numbers(first)
    with pytest.raises(ValueError, match="two classes at least; got 1"):
        arriving.check_several()
    arriving.numbers([[1, 0]] if np.ndim(first) == 2 else ["b" if first == ["a"] else 5])
    arriving.check_several()
