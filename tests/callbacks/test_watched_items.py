"""Which items a callback watches, and what their labels say."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing.callbacks import watched_items
from keras_hashing.data import ImageSet
from keras_hashing.methods.training_data import TrainingData

X = np.arange(40.0).reshape(20, 2).astype("float32")
Y = np.arange(20) % 4


class Batches(keras.utils.PyDataset):
    """Batches of three, in the order of X."""

    def __init__(self, labelled=True, count=7):
        super().__init__()
        self.labelled = labelled
        self.count = count
        self.read = set()

    def __len__(self):
        return self.count

    def __getitem__(self, number):
        self.read.add(number)
        rows = slice(3 * number, 3 * number + 3)
        return (X[rows], Y[rows]) if self.labelled else X[rows]


def rows_of(items):
    return (items[:, 0] / 2).astype(int)


def test_what_a_user_gives(tmp_path):
    images = np.full((4, 8, 8, 3), 9, np.uint8)
    labels = [0, 1, 0, 1]
    pairs = tf.data.Dataset.from_tensor_slices((images, labels))
    assert watched_items.labelled("query", (images, labels)) == (images, labels)
    for given in (ImageSet(images=images, labels=labels), pairs, pairs.batch(2), Batches()):
        assert watched_items.labelled("query", given) == (given, None)
    for name in ("a/0.png", "a/1.png", "b/0.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(images[0]).save(tmp_path / name)
    assert watched_items.labelled("query", tmp_path) == (tmp_path, None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (X, r"`query` must be a labelled .* got ndarray of shape \(20, 2\) without labels"),
        (ImageSet(paths=["a.jpg", "b.jpg"]), r"got ImageSet\(2 files, unlabelled\) without"),
        (tf.data.Dataset.from_tensor_slices(X), "without labels"),
        ((row for row in X), "read after every epoch; got generator"),
    ],
)
def test_what_has_no_labels(given, message):
    with pytest.raises(ValueError, match=message):
        watched_items.labelled("query", given)


@pytest.mark.parametrize("kind", [np.asarray, tf.constant])
def test_rows_of_an_array(kind):
    items, labels, batches = watched_items.of_training(TrainingData(kind(X), kind(Y)), 8)
    assert items.shape == (8, 2)
    rows = rows_of(items)
    assert len(set(rows)) == 8
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(labels, rows % 4)
    assert batches == []
    again, _, _ = watched_items.of_training(TrainingData(kind(X), kind(Y)), 8)
    np.testing.assert_array_equal(items, again)
    items, labels, _ = watched_items.of_training(TrainingData(kind(X)), 50)
    np.testing.assert_array_equal(items, X)
    assert labels is None


def test_rows_do_not_follow_a_regular_order_of_classes():
    # Every tenth item would be of one class.
    items, labels, _ = watched_items.of_training(
        TrainingData(np.zeros((5000, 1)), np.arange(5000) % 10), 500
    )
    counts = np.bincount(labels, minlength=10)
    assert len(items) == 500
    assert counts.min() > 30


def test_the_first_items_of_a_dataset():
    read = []
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    dataset = dataset.map(
        lambda x, y: (tf.numpy_function(lambda v: read.append(1) or v, [x], x.dtype), y)
    )
    items, labels, batches = watched_items.of_training(TrainingData(dataset.batch(3).repeat()), 8)
    np.testing.assert_array_equal(items, X[:8])
    np.testing.assert_array_equal(labels, Y[:8])
    assert [batch.tolist() for batch in batches] == [[0, 1, 2], [3, 0, 1], [2, 3, 0]]
    assert len(read) < 20  # not all of it
    items, labels, batches = watched_items.of_training(
        TrainingData(tf.data.Dataset.from_tensor_slices(X).batch(3)), 50
    )
    np.testing.assert_array_equal(items, X)
    assert (labels, batches) == (None, [])


@pytest.mark.parametrize("labelled", [True, False])
def test_some_batches_of_a_pydataset(labelled):
    data = Batches(labelled)
    items, labels, batches = watched_items.of_training(TrainingData(data), 8)
    assert len(items) == 8
    assert len(data.read) <= 4  # three, and the first one for its size
    assert (np.diff(rows_of(items)) > 0).all()
    if labelled:
        np.testing.assert_array_equal(labels, rows_of(items) % 4)
        assert len(batches) == 3
    else:
        assert (labels, batches) == (None, [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "without `images`, `CodeHealth` watches .* got nothing that it can see. Pass `ima"),
        (TrainingData(iter([X])), "got list_iterator. Pass `images`"),
        (TrainingData(tf.data.Dataset.from_tensor_slices(X[:0]).batch(2)), "training data is emp"),
        (TrainingData(Batches(count=0)), "the training data is empty; `CodeHealth` has nothing"),
    ],
)
def test_refused(data, message):
    with pytest.raises(ValueError, match=message):
        watched_items.of_training(data, 8)


def test_what_labels_say():
    known = watched_items.known([0, 0, 7, 0])
    assert (known.classes, known.label_sets, known.largest) == (2, 2, 0.75)
    # Rows 110, 110, 001, 000: three sets, three classes in use of four.
    known = watched_items.known([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    assert (known.classes, known.label_sets, known.largest) == (3, 3, 0.5)
    assert watched_items.known(["a", "b", "a"]).classes == 2
    for unknown in (None, [], [0.5, 1], [[0.2, 0.8], [1, 0]], [-1, 0]):
        assert watched_items.known(unknown).classes is None


def test_batches_of_one_class():
    labels = [0, 0, 1, 1]
    parts = [np.array([0, 0]), np.array([1, 1])]
    assert watched_items.known(labels, parts).one_class_batches
    assert not watched_items.known(labels, parts[:1]).one_class_batches
    assert not watched_items.known(labels, [np.array([0, 1]), parts[1]]).one_class_batches
    assert not watched_items.known(labels, []).one_class_batches
    assert not watched_items.known([0, 0], [parts[0], parts[0]]).one_class_batches
    # Batches of a single item hold one class in any training.
    assert not watched_items.known([0, 1], [np.array([0]), np.array([1])]).one_class_batches
    multi = [np.array([[1, 0], [1, 0]]), np.array([[0, 1], [0, 1]])]
    assert watched_items.known(np.concatenate(multi), multi).one_class_batches


def test_sets_of_different_classes_are_compared_by_name():
    images = np.full((3, 8, 8, 3), 9, np.uint8)
    one = ImageSet(images, ["b", "c", "b"])  # 0, 1, 0
    other = ImageSet(images, ["a", "b", "c"])  # 0, 1, 2
    (_, names), (_, others) = watched_items.comparable((one, None), (other, None))
    assert (names.tolist(), others.tolist()) == (["b", "c", "b"], ["a", "b", "c"])
    found = watched_items.numbered(names, others)
    assert [labels.tolist() for labels in found] == [[0, 1, 0], [2, 0, 1]]
    same = ((other, None), (ImageSet(images, ["c", "b", "a"]), None))
    assert watched_items.comparable(*same) == same
