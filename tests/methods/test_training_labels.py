"""Labels out of everything that `fit` takes, and the number of classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.methods.training_labels import class_count, training_labels

LABELS = np.array([3, 0, 1, 1, 2])
IMAGES = np.zeros((5, 2), "float32")


class Batches(keras.utils.PyDataset):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def pairs(*arrays):
    return tf.data.Dataset.from_tensor_slices(arrays).batch(2)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (IMAGES, LABELS),
        (IMAGES, LABELS[:, None]),
        (IMAGES, tf.constant(LABELS)),
        (pairs(IMAGES, LABELS), None),
        (pairs(IMAGES, LABELS, np.ones(5)), None),
        (Batches([(IMAGES[:3], LABELS[:3]), (IMAGES[3:], LABELS[3:])]), None),
    ],
    ids=["array", "column", "tensor", "dataset", "weighted", "pydataset"],
)
def test_labels_of_every_form(x, y):
    found = training_labels(x, y)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, LABELS)


def test_multi_hot_labels_and_an_attribute():
    rows = np.eye(4, dtype="float32")[LABELS]
    np.testing.assert_array_equal(training_labels(pairs(IMAGES, rows)), rows.astype(bool))
    batches = Batches([])
    batches.labels = LABELS
    np.testing.assert_array_equal(training_labels(batches), LABELS)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (IMAGES, "this method trains with labels; got none with ndarray"),
        (pairs(IMAGES), "got batches without"),
        (tf.data.Dataset.from_tensor_slices(IMAGES).batch(2), "got batches without"),
        (pairs(IMAGES, LABELS).repeat(), "never ends"),
        (pairs(IMAGES, LABELS).take(0), "is empty"),
        (Batches([]), "is empty"),
        (iter([(IMAGES, LABELS)]), "got none with list_iterator"),
    ],
)
def test_what_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        training_labels(x)


def test_class_counts():
    assert class_count(LABELS) == 4
    assert class_count(LABELS, 7) == 7
    assert class_count(np.eye(3, dtype=bool)) == 3
    with pytest.raises(ValueError, match="is for 3 classes; got labels of 4"):
        class_count(LABELS, 3)
    with pytest.raises(ValueError, match="is for 5 classes; got labels of 3"):
        class_count(np.eye(3, dtype=bool), 5)
    with pytest.raises(ValueError, match="two classes at least; got 1"):
        class_count(np.full(4, 2))
    with pytest.raises(ValueError, match="two classes at least; got 1"):
        class_count(np.array([[0, 1], [0, 1]], bool))
