"""What Keras is given in place of what a user passed; results are in conformance/test_inputs.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.classes import Arriving
from keras_hashing.methods.feeding import Feed

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype("uint8")
LABELS = np.array(["a", "b", "c", "a", "b", "c"])


def feed(**settings):
    return Feed(Arriving().numbers, features=False, image_size=8, **settings)


def test_arrays_stay_arrays():
    x, y = feed()(IMAGES, LABELS)
    assert x is IMAGES
    assert len(np.unique(y)) == 3 and (y[:3] == y[3:]).all()
    x, y = feed()(list(IMAGES), LABELS)
    np.testing.assert_array_equal(x, IMAGES)


def test_datasets_keep_their_batches_shapes_and_weights():
    weights = np.arange(6.0)
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS, weights)).batch(4)
    x, y = feed()(data)
    assert y is None
    assert x.element_spec[0] == data.element_spec[0]
    assert x.element_spec[1] == tf.TensorSpec((None,), "int64")
    parts = list(x)
    assert [len(part[0]) for part in parts] == [4, 2]
    np.testing.assert_array_equal(np.concatenate([part[2] for part in parts]), weights)
    rows = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]
    x, _ = feed()(tf.data.Dataset.from_tensor_slices((IMAGES, rows)).batch(4))
    assert x.element_spec[1].shape.as_list() == [None, 3]
    np.testing.assert_array_equal(np.concatenate([part[1] for part in x]), rows)


def test_a_dataset_of_images_is_batched():
    for given in ((IMAGES, LABELS), {"image": IMAGES, "label": LABELS}):
        x, _ = feed(batch_size=4)(tf.data.Dataset.from_tensor_slices(given))
        for _ in range(2):  # two epochs
            parts = list(x)
            assert [len(part[0]) for part in parts] == [4, 2]
            np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), IMAGES)


def test_a_pydataset_is_asked_by_number_and_told_of_epochs():
    class Batches(keras.utils.PyDataset):
        ended = 0

        def __len__(self):
            return 2

        def __getitem__(self, number):
            rows = slice(3 * number, 3 * number + 3)
            return IMAGES[rows], LABELS[rows], np.ones(3)

        def on_epoch_end(self):
            self.ended += 1

    batches = Batches(workers=3)
    x, y = feed()(batches)
    assert (len(x), x.num_batches, x.workers, y) == (2, 2, 3, None)
    images, labels, weights = x[1]
    np.testing.assert_array_equal(images, IMAGES[3:])
    assert labels.dtype == np.int64 and weights.tolist() == [1, 1, 1]
    x.on_epoch_begin()
    x.on_epoch_end()
    assert batches.ended == 1


def test_generators_go_on_for_ever():
    def endless():
        while True:
            yield IMAGES, LABELS

    x, _ = feed()(endless())
    assert [len(next(x)[0]) for _ in range(3)] == [6, 6, 6]
    with pytest.raises(ValueError, match="the generator gave nothing"):
        feed()(iter([]))


def test_what_stopped_the_pipeline_is_kept():
    taking = feed()
    data = tf.data.Dataset.from_tensor_slices((IMAGES, np.full(6, 0.5))).batch(4)
    x, _ = taking(data)
    with pytest.raises(tf.errors.OpError):
        list(x)
    assert "whole numbers" in str(taking.error)
    with pytest.raises(ValueError, match="got batches without"):
        feed()(tf.data.Dataset.from_tensor_slices(IMAGES).batch(4))


def test_integers_on_another_scale_are_found_at_the_end_of_an_epoch():
    taking = feed()
    x, _ = taking(tf.data.Dataset.from_tensor_slices((IMAGES > 99, LABELS)).batch(4).map(to_bytes))
    list(x)
    with pytest.raises(ValueError, match="Multiply by 255"):
        taking.end()


def to_bytes(images, labels):
    return tf.cast(images, "uint8"), labels
