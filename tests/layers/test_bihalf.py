"""Bi-half's codes: halves in training, signs otherwise, ties, gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.layers import BiHalf

OUTPUTS = np.array([[0.9, -0.1], [0.3, 0.8], [-0.5, 0.2], [0.1, -0.7]], "float32")


def halves(outputs):
    """The larger half of each column by a loop; the earlier of two equal ones first."""
    signs = -np.ones_like(outputs)
    for j in range(outputs.shape[1]):
        ranked = sorted(range(len(outputs)), key=lambda i: (-outputs[i, j], i))
        for i in ranked[: len(outputs) // 2]:
            signs[i, j] = 1
    return signs


def test_worked_codes():
    found = np.asarray(BiHalf()(OUTPUTS, training=True))
    np.testing.assert_array_equal(found, [[1, -1], [1, 1], [-1, 1], [-1, -1]])
    np.testing.assert_array_equal(found.sum(axis=0), [0, 0])


@pytest.mark.parametrize("count", [1, 2, 7, 10])
def test_codes_are_those_of_a_loop(count):
    outputs = np.random.default_rng(count).normal(size=(count, 5)).astype("float32")
    np.testing.assert_array_equal(BiHalf()(outputs, training=True), halves(outputs))


@pytest.mark.parametrize("compiled", [False, True])
def test_of_equal_outputs_the_earlier_is_on(compiled):
    outputs = np.random.default_rng(0).integers(-1, 2, (9, 6)).astype("float32")
    call = tf.function(lambda x: BiHalf()(x, training=True), jit_compile=compiled)
    np.testing.assert_array_equal(call(tf.constant(outputs)), halves(outputs))
    np.testing.assert_array_equal(
        BiHalf()(np.zeros((3, 1), "float32"), training=True), [[1], [-1], [-1]]
    )


def test_without_training_it_is_the_sign():
    outputs = np.array([[0.0, -0.0, 3.0, -1e-9, 5.0]], "float32")
    np.testing.assert_array_equal(BiHalf()(outputs), [[1, 1, 1, -1, 1]])
    model = keras.Sequential([keras.Input((5,)), BiHalf()])
    np.testing.assert_array_equal(model.predict(outputs, verbose=0), [[1, 1, 1, -1, 1]])


@pytest.mark.parametrize("training", [False, True])
def test_gradient_passes_as_it_comes(training):
    outputs, weights = tf.Variable(OUTPUTS), np.arange(8.0).reshape(4, 2)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(BiHalf()(outputs, training=training) * weights)
    np.testing.assert_array_equal(tape.gradient(value, outputs), weights)


def test_signs_are_exact_for_any_scale():
    for scale in (1e-30, 1e30):
        found = np.asarray(BiHalf()(OUTPUTS * np.float32(scale), training=True))
        assert set(np.unique(found)) == {-1, 1}


def test_refused_input():
    with pytest.raises(ValueError, match=r"`outputs` must have 2 dimension\(s\); got shape \(2,\)"):
        BiHalf()(OUTPUTS[0])
