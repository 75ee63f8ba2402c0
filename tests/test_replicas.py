"""Rows of all replicas: nothing happens without a strategy, and one of two replicas by hand.

Two real ones train every method in `tests/conformance/test_replicas.py`.
"""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import replicas


class SecondOfTwo:
    """A replica whose neighbour has two rows of zeros in front of its own."""

    num_replicas_in_sync = 2
    replica_id_in_sync_group = 1

    def all_gather(self, tensor, axis):
        assert axis == 0
        return tf.concat([tf.zeros_like(tensor[:1]), tf.zeros_like(tensor[:1]), tensor], axis=0)


@pytest.fixture
def second(monkeypatch):
    monkeypatch.setattr(replicas, "_context", SecondOfTwo)


def test_without_a_strategy_all_comes_back_untouched():
    rows, others = tf.constant([[1.0], [2.0]]), tf.constant([3, 4])
    assert replicas.count() == 1
    found = replicas.gather(rows, others)
    assert found[0] is rows and found[1] is others
    assert replicas.of_batch(lambda one, other: (one, other), rows, others) == (rows, others)
    assert replicas.balanced(rows) is rows
    np.testing.assert_array_equal(replicas.positions(rows), [0, 1])
    assert replicas.positions(rows).dtype == tf.int32


def test_a_strategy_of_one_device_is_none():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    rows = tf.constant([1.0, 2.0])
    with strategy.scope():
        assert replicas.count() == 1
    assert strategy.run(lambda: replicas.gather(rows)[0] is rows)


def test_where_no_step_runs_the_batch_is_whole(monkeypatch):
    monkeypatch.setattr(replicas, "count", lambda: 2)
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():  # between steps: no replica
        assert replicas._context() is None


def test_rows_of_all_replicas_and_the_own_among_them(second):
    own = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    (every,) = replicas.gather(own)
    np.testing.assert_array_equal(every, [[0, 0], [0, 0], [1, 2], [3, 4], [5, 6]])
    assert every.shape[1] == 2
    np.testing.assert_array_equal(replicas.positions(own), [2, 3, 4])


def test_a_function_of_the_whole_batch(second):
    seen = []

    def ranks(values, ids):
        seen.append((values.shape[0], ids.shape[0]))
        return keras.ops.arange(values.shape[0])

    found = replicas.of_batch(ranks, tf.constant([7.0, 8.0, 9.0]), tf.constant([1, 2, 3]))
    np.testing.assert_array_equal(found, [2, 3, 4])
    assert seen == [(5, 5)]


@pytest.mark.parametrize(
    ("reduction", "share"),
    # Three of five rows here: Keras would count each as 1/6 of the batch, and 6/5 of that is 1/5.
    [("sum_over_batch_size", 1.2), ("mean", 1.2), ("sum", 1.0), ("none", 1.0), (None, 1.0)],
)
def test_unequal_replicas_count_by_their_rows(second, reduction, share):
    values = tf.Variable([0.1, 0.7, 1e6])
    with tf.GradientTape() as tape:
        found = replicas.balanced(tf.convert_to_tensor(values), reduction)
        total = keras.ops.sum(found)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_allclose(tape.gradient(total, values), [share] * 3, rtol=1e-6)


def test_scope_is_that_of_the_model():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with replicas.scope(model):
        assert tf.distribute.get_strategy() is strategy
    assert isinstance(replicas.scope(object()), contextlib.nullcontext)
