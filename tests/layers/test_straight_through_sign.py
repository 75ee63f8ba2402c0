import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.layers import StraightThroughSign


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e8, 1e30])
def test_signs_are_exact(scale):
    outputs = np.array([[-2.0, -0.3, -0.0, 0.0, 0.3, 7.0]], "float32") * np.float32(scale)
    found = np.asarray(StraightThroughSign()(outputs))
    np.testing.assert_array_equal(found, [[-1, -1, 1, 1, 1, 1]])


def test_gradient_passes_as_it_comes():
    outputs = tf.Variable([[-2.0, 0.0, 3.0]])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(StraightThroughSign()(outputs) * [[1.0, -5.0, 0.5]])
    np.testing.assert_array_equal(tape.gradient(value, outputs), [[1, -5, 0.5]])
