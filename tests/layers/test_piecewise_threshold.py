import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.layers import PiecewiseThreshold


def test_worked_outputs():
    found = PiecewiseThreshold(0.05)(np.array([0.44, 0.45, 0.5, 0.55, 0.56]))
    np.testing.assert_allclose(np.asarray(found), [0, 0.45, 0.5, 0.55, 1], atol=1e-6)


def test_gradient_is_one_in_the_band_and_zero_outside():
    sigmoids = tf.Variable([0.1, 0.44, 0.46, 0.5, 0.54, 0.56, 0.9])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(PiecewiseThreshold(0.05)(sigmoids))
    np.testing.assert_array_equal(tape.gradient(value, sigmoids), [0, 0, 1, 1, 1, 0, 0])


def test_half_is_off_and_zero_is_the_bit():
    sigmoids = np.linspace(0, 1, 11, dtype="float32")
    np.testing.assert_array_equal(np.asarray(PiecewiseThreshold()(sigmoids)), sigmoids)
    bits = np.asarray(PiecewiseThreshold(0.0)(sigmoids))
    np.testing.assert_array_equal(bits, [0] * 5 + [0.5] + [1] * 5)


@pytest.mark.parametrize("eps", [0.0, 0.05, 0.5])
def test_code_stays_as_it_is(eps):
    sigmoids = np.random.default_rng(0).uniform(size=100).astype("float32")
    sigmoids[0] = 0.5
    found = np.asarray(PiecewiseThreshold(eps)(sigmoids))
    np.testing.assert_array_equal(found >= 0.5, sigmoids >= 0.5)


def test_band_is_narrowed_without_a_new_trace():
    layer = PiecewiseThreshold()
    layer.build((None, 2))
    run = tf.function(layer)
    np.testing.assert_allclose(run(tf.constant([[0.4, 0.6]])), [[0.4, 0.6]])
    layer.eps.assign(0.05)
    np.testing.assert_allclose(run(tf.constant([[0.4, 0.6]])), [[0.0, 1.0]])
    assert not layer.trainable_variables


@pytest.mark.parametrize("eps", [-0.1, 0.6, float("nan")])
def test_refused_width(eps):
    with pytest.raises(ValueError, match=rf"`eps` must be between 0\.0 and 0\.5; got {eps}\. 0\.5"):
        PiecewiseThreshold(eps)
