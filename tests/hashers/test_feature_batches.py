import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.hashers.feature_batches import FeatureBatches

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
    features = FeatureBatches(data)
    assert features.channels == 3
    batches = list(features)
    assert {batch.dtype for batch in batches} == {np.dtype("float64")}
    np.testing.assert_array_equal(np.concatenate(batches), ROWS)


@pytest.mark.parametrize("dtype", ["float16", "float64", "uint8", "int32"])
def test_real_dtypes(dtype):
    (batch,) = FeatureBatches(np.ones((2, 3), dtype))
    assert batch.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_bfloat16():
    (batch,) = FeatureBatches(tf.ones((2, 3), "bfloat16"))
    assert batch.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_large_arrays_come_in_blocks():
    batches = FeatureBatches(np.zeros((5000, 2), "float32"))
    assert [len(batch) for batch in batches] == [4096, 904]


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        tf.data.Dataset.from_tensor_slices((ROWS, np.arange(10))).batch(3),
        Sequence(),
        [ROWS[:5], ROWS[5:]],
    ],
    ids=["array", "dataset", "sequence", "list"],
)
def test_every_loop_starts_over(data):
    features = FeatureBatches(data, passes=3)
    for _ in range(3):
        np.testing.assert_array_equal(np.concatenate(list(features)), ROWS)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ((batch for batch in [ROWS]), "generator"),
        (iter([ROWS]), "list_iterator"),
        (tf.data.Dataset.from_tensor_slices(ROWS).batch(4).as_numpy_iterator(), "NumpyIterator"),
    ],
)
def test_what_can_be_read_once_is_refused_for_two_passes(data, kind):
    with pytest.raises(ValueError, match=f"read 2 times by this hasher; got .*{kind}, which can"):
        FeatureBatches(data, passes=2)


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
        list(FeatureBatches(data))
