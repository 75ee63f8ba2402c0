import numpy as np
import pytest

from keras_hashing.data.label_fields import Labels, number, of_values


def test_names_share_one_map():
    parts = [of_values(["dog", "cat"]), of_values(["cow"]), Labels()]
    arrays, names = number(parts[:2])
    assert [array.tolist() for array in arrays] == [[2, 0], [1]]
    assert names == ["cat", "cow", "dog"]
    arrays, names = number(parts, ["dog", "cow", "cat"])
    assert [None if array is None else array.tolist() for array in arrays] == [[0, 2], [1], None]
    assert names == ["dog", "cow", "cat"]


def test_numbers_stay_and_one_multi_hot_part_makes_all_so():
    arrays, names = number([of_values([3, 0]), of_values(np.array([1]))])
    assert [array.tolist() for array in arrays] == [[3, 0], [1]]
    assert arrays[0].dtype == np.int64
    assert names == []
    arrays, _ = number([of_values([(0, 2), ()]), of_values([1])])
    assert [array.tolist() for array in arrays] == [[[1, 0, 1], [0, 0, 0]], [[0, 1, 0]]]
    assert arrays[0].dtype == np.uint8
    arrays, _ = number([of_values([[0]])], ["a", "b", "c"])
    assert arrays[0].tolist() == [[1, 0, 0]]


def test_lists_of_zeros_and_ones_are_flags():
    assert of_values([[0, 1, 0], [1, 1, 1]]).flags.tolist() == [[0, 1, 0], [1, 1, 1]]
    assert of_values([[0, 1], [1]]).items == [(0, 1), (1,)]  # of other lengths: numbers


def test_chosen():
    assert of_values(["a", "b", "c"]).chosen([2, 0]).items == [("c",), ("a",)]
    flags = Labels(flags=np.eye(3, dtype=np.uint8))
    assert flags.chosen([1]).flags.tolist() == [[0, 1, 0]]


FLAGS = Labels(flags=np.eye(3, dtype=np.uint8), class_names=["a", "b", "c"])


@pytest.mark.parametrize(
    ("parts", "names", "message"),
    [
        ([of_values(["a"]), of_values([1])], None, r"of one list are names, of another numbers"),
        ([of_values(["dgo"])], ["dog", "cat"], r"unknown value 'dgo'; allowed: 'dog', 'cat'"),
        ([of_values([2])], ["dog", "cat"], r"label 2 is beyond the 2 `class_names`"),
        ([of_values([2])], ["dog", "dog"], r"`class_names` must be unique"),
        ([of_values([(10**9,)])], None, r"label 1000000000 asks for as many columns"),
        ([FLAGS, of_values([1])], None, r"same number of flags; got 3 flags, other labels"),
        ([FLAGS], ["a"], r"a name for each of 3 flags; got 1"),
        (
            [FLAGS, Labels(flags=FLAGS.flags, class_names=["b", "a", "c"])],
            None,
            r"name their columns differently",
        ),
    ],
)
def test_parts_that_do_not_fit(parts, names, message):
    with pytest.raises(ValueError, match=message):
        number(parts, names)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (["a", 1], ValueError, r"all numbers or all names"),
        ([1, -1], ValueError, r"label 1 must be at least 0; got -1"),
        ([0.5], TypeError, r"label 0 must be a whole number or a name; got 0\.5"),
        ([[2, 2]], ValueError, r"labels of image 0, 2, 2, have one twice"),
        ([True], TypeError, r"label 0 must be a whole number"),
        ([1, None], ValueError, r"label 1 is missing"),
    ],
)
def test_values_that_are_no_labels(values, error, message):
    with pytest.raises(error, match=message):
        of_values(values)
