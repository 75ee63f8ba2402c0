"""Labels out of everything that `fit` takes, and the number of classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.methods.training_data import TrainingData, class_count

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
    found = TrainingData(x, y).labels()
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, LABELS)


def test_multi_hot_labels_and_an_attribute():
    rows = np.eye(4, dtype="float32")[LABELS]
    np.testing.assert_array_equal(TrainingData(pairs(IMAGES, rows)).labels(), rows.astype(bool))
    batches = Batches([])
    batches.labels = LABELS
    np.testing.assert_array_equal(TrainingData(batches).labels(), LABELS)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (IMAGES, "this method trains with labels; got none"),
        (pairs(IMAGES), "got batches without"),
        (tf.data.Dataset.from_tensor_slices(IMAGES).batch(2), "got batches without"),
        (pairs(IMAGES, LABELS).repeat(), "must end and be readable again; got _RepeatDataset"),
        (pairs(IMAGES, LABELS).take(0), "is empty"),
        (Batches([]), "is empty"),
        (iter([(IMAGES, LABELS)]), "must end and be readable again; got list_iterator"),
    ],
)
def test_what_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        TrainingData(x).labels()


@pytest.mark.parametrize(
    "x",
    [IMAGES, pairs(IMAGES), pairs(IMAGES, LABELS), Batches([(IMAGES[:2],), (IMAGES[2:],)])],
    ids=["array", "images", "labelled", "pydataset"],
)
def test_batches_are_read_again_and_again(x):
    data = TrainingData(x, LABELS if x is IMAGES else None)
    for _ in range(2):
        parts = list(data.batches())
        np.testing.assert_array_equal(np.concatenate([images for images, _ in parts]), IMAGES)
        if parts[0][1] is not None:
            np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), LABELS)


def test_long_arrays_come_in_parts():
    data = TrainingData(np.arange(600)[:, None], np.arange(600))
    assert [len(images) for images, _ in data.batches()] == [256, 256, 88]
    assert all((images[:, 0] == labels).all() for images, labels in data.batches())


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
