import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.hashers import feature_batches

ROWS = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")


class Sequence(keras.utils.PyDataset):
    def __init__(self, length=3):
        super().__init__()
        self._length = length

    @property
    def num_batches(self):
        return self._length

    def __len__(self):
        return self._length

    def __getitem__(self, number):
        return ROWS[4 * number : 4 * number + 4], np.zeros(4)


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        tf.constant(ROWS),
        tf.data.Dataset.from_tensor_slices(ROWS).batch(4),
        tf.data.Dataset.from_tensor_slices((ROWS, np.arange(10))).batch(3),
        Sequence(),
        [ROWS[:5], ROWS[5:]],
        [ROWS[:5], ROWS[5:5], ROWS[5:].tolist()],
        (batch for batch in [(ROWS[:1], 0, 1), (ROWS[1:],)]),
    ],
    ids=["array", "tensor", "dataset", "pairs", "sequence", "list", "holes", "generator"],
)
def test_all_forms_give_the_same_rows(data):
    channels, batches = feature_batches.of(data)
    batches = list(batches)
    assert channels == 3
    assert {batch.dtype for batch in batches} == {np.dtype("float64")}
    np.testing.assert_array_equal(np.concatenate(batches), ROWS)


@pytest.mark.parametrize("dtype", ["float16", "float64", "uint8", "int32"])
def test_real_dtypes(dtype):
    _, batches = feature_batches.of(np.ones((2, 3), dtype))
    assert next(batches).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_bfloat16():
    _, batches = feature_batches.of(tf.ones((2, 3), "bfloat16"))
    assert next(batches).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_large_arrays_come_in_blocks():
    _, batches = feature_batches.of(np.zeros((5000, 2), "float32"))
    assert [len(batch) for batch in batches] == [4096, 904]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (ROWS[0], ValueError, r"`data` must have 2 dimension.*\(3,\)"),
        (tf.constant(ROWS)[None], ValueError, r"`data` must have 2 dimension.*\(1, 10, 3\)"),
        (list(ROWS), ValueError, r"`features` must have 2 dimension.*\(3,\)"),
        (
            tf.data.Dataset.from_tensor_slices(ROWS),
            ValueError,
            r"`features` must have 2 dimension.*\(3,\)",
        ),
        (ROWS[:0], ValueError, "one row of features at least; got none"),
        ([], ValueError, "one row of features at least; got none"),
        (ROWS[:, :0], ValueError, r"one channel at least; got shape \(10, 0\)"),
        ([ROWS, ROWS[:, :2]], ValueError, "same channels in all batches; got 2 after 3"),
        ([ROWS, ROWS[:3] * [1, np.nan, 1]], ValueError, r"NaN or infinity in 3 value.*\(0, 1\)"),
        (ROWS * np.float32(np.inf), ValueError, "NaN or infinity"),
        (
            tf.data.Dataset.from_tensor_slices(ROWS).batch(4).repeat(),
            ValueError,
            "never ends. Pass the dataset without `repeat",
        ),
        (Sequence(None), ValueError, "never ends. Pass a `PyDataset` with a length"),
        (5, TypeError, "must hold features; got int"),
        ("text", TypeError, "must hold features; got str"),
        ({"a": ROWS}, TypeError, "must hold features; got dict"),
        ([()], TypeError, "real numbers; got NoneType"),
        (np.array([["a"]]), TypeError, "real numbers; got ndarray of dtype <U1"),
        (ROWS + 1j, TypeError, "real numbers; got ndarray of dtype complex"),
        (ROWS > 0, TypeError, "real numbers; got ndarray of dtype bool"),
    ],
)
def test_refused(data, error, message):
    with pytest.raises(error, match=message):
        list(feature_batches.of(data)[1])
