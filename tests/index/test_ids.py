import numpy as np
import pytest

from keras_hashing.index import ids as ids_of_items
from keras_hashing.index.ids import Ids


def test_append_and_keep():
    ids = Ids()
    for part in ([5, 2], [], [9], [0, 1, 3, 4]):
        ids.append(np.array(part, np.int64))
    assert ids.array.tolist() == [5, 2, 9, 0, 1, 3, 4]
    assert (len(ids), ids.next_id) == (7, 10)
    ids.keep(ids.array != 9)
    assert ids.array.tolist() == [5, 2, 0, 1, 3, 4]
    assert ids.next_id == 10  # 9 is not given again
    with pytest.raises(ValueError, match="read-only"):
        ids.array[0] = 1


def test_one_at_a_time_moves_memory_seldom():
    ids, places = Ids(), set()
    for number in range(1000):
        ids.append(np.array([number]))
        places.add(ids.array.ctypes.data)
    assert ids.array.tolist() == list(range(1000))
    assert len(places) <= 12


def test_given_memory_is_left_alone():
    given = np.arange(3)
    given.flags.writeable = False
    ids = Ids(given, 3)
    assert np.shares_memory(ids.array, given)
    ids.append(np.array([7]))
    assert ids.array.tolist() == [0, 1, 2, 7]
    assert given.tolist() == [0, 1, 2]


def test_known():
    ids = Ids(np.array([4, 2, 8]), 9)
    assert ids.known(np.array([1, 2, 8, 9])).tolist() == [False, True, True, False]
    assert ids.known(np.array([9, 10])).tolist() == [False, False]
    assert ids.known(np.array([], np.int64)).tolist() == []


def test_new():
    store = Ids(np.array([4, 2]), 5)
    codes = np.zeros((2, 1), np.uint8)
    assert ids_of_items.new(codes, None, store).tolist() == [5, 6]
    assert ids_of_items.new(codes, [3, 0], store).tolist() == [3, 0]
    assert ids_of_items.new(codes[:0], [], store).dtype == np.int64
    with pytest.raises(ValueError, match="unique; 4 occurs twice or is in the index"):
        ids_of_items.new(codes, [3, 4], store)
    with pytest.raises(ValueError, match="unique; 7 occurs twice"):
        ids_of_items.new(codes, [7, 7], store)
    with pytest.raises(ValueError, match="would go on from 9223372036854775807 beyond int64"):
        ids_of_items.new(codes, None, Ids((), 2**63 - 1))


@pytest.mark.parametrize("ids", [[0.5], ["a"], [True], np.array([2**63], np.uint64), None, 7.0])
def test_no_whole_numbers(ids):
    with pytest.raises(TypeError, match="whole numbers that fit int64; got dtype"):
        ids_of_items.whole_numbers(ids)


def test_rank():
    with pytest.raises(ValueError, match=r"`ids` must have 1 dimension.s.; got shape \(1, 1\)"):
        ids_of_items.whole_numbers([[1]])
    assert ids_of_items.whole_numbers([]).shape == (0,)
