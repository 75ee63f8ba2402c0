"""DeepBit's terms: the values of the authors' code, slow loops, gradients."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import bit_balance, bit_certainty_gap, bit_decorrelation, rotation_gap

# Three items of two bits; the bits above 1/2 are (1, 0), (0, 1), (0, 1).
VALUES = np.array([[0.7, 0.2], [0.4, 0.9], [0.1, 0.6]])
BITS = np.array([[1, 0], [0, 1], [0, 1]], float)


def sample(count=6, bits=3, seed=0):
    return np.random.default_rng(seed).uniform(size=(count, bits))


def gradient(function, values):
    variable = tf.Variable(values)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(variable))
    return np.asarray(tape.gradient(total, variable))


def test_worked_certainty():
    # .09 + .04, .16 + .01, .01 + .16; the authors' value is the sum over 2 N.
    found = np.asarray(bit_certainty_gap(VALUES))
    np.testing.assert_allclose(found, [0.13, 0.17, 0.17])
    assert found.sum() == pytest.approx(0.47, abs=1e-6)
    assert found.sum() / 6 == pytest.approx(0.078333, abs=1e-6)


def test_certainty_pulls_to_the_nearer_end_and_from_a_half_to_one():
    found = gradient(bit_certainty_gap, np.array([[0.7, 0.2, 0.5]]))
    np.testing.assert_allclose(found, [[2 * (0.7 - 1), 2 * 0.2, 2 * (0.5 - 1)]])


def test_worked_balance():
    # The authors' term is of bits: means 1/3 and 2/3.
    assert float(bit_balance(BITS)) == pytest.approx(0.055556, abs=1e-6)
    assert float(bit_balance(BITS)) / 6 == pytest.approx(0.009259, abs=1e-6)
    # Ours is of probabilities: means .4 and .566667.
    assert float(bit_balance(VALUES)) == pytest.approx(0.01 + (0.566667 - 0.5) ** 2, abs=1e-6)
    # d / d p = 2 (mean - 1/2) / N
    expected = np.broadcast_to([2 * -0.1 / 3, 2 * (1.7 / 3 - 0.5) / 3], (3, 2))
    np.testing.assert_allclose(gradient(bit_balance, VALUES), expected)


def test_worked_rotation():
    rotated = np.array([[0.6, 0.3], [0.5, 0.8], [0.2, 0.4]])
    weights = np.array([math.exp(-0.5), 1, math.exp(-2)])
    found = np.asarray(rotation_gap(rotated, VALUES, weights))
    assert found.sum() / 6 == pytest.approx(0.006483, abs=1e-6)
    np.testing.assert_allclose(rotation_gap(rotated, VALUES), [0.02, 0.02, 0.05])


def test_rotation_moves_the_rotated_image_only():
    rotated, outputs = tf.Variable(sample()), tf.Variable(sample(seed=1))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(rotation_gap(rotated, outputs, 0.5))
    to_rotated, to_outputs = tape.gradient(value, [rotated, outputs])
    np.testing.assert_allclose(to_rotated, sample() - sample(seed=1))
    assert to_outputs is None


def test_decorrelation_is_that_of_a_loop():
    values = sample()
    count, bits = values.shape
    expected = 0.0
    for j in range(bits):
        for k in range(bits):
            if j != k:
                one = values[:, j] - sum(values[:, j]) / count
                other = values[:, k] - sum(values[:, k]) / count
                expected += (sum(a * b for a, b in zip(one, other, strict=True)) / count) ** 2
    assert float(bit_decorrelation(values)) == pytest.approx(expected / bits**2, abs=1e-12)
    assert float(bit_decorrelation(values[:1])) == 0
    assert float(bit_decorrelation(values[:, :1])) == 0


def test_gradient_of_decorrelation():
    values, step = sample(), 1e-6
    found = gradient(bit_decorrelation, values)
    for i, j in np.ndindex(*values.shape):
        up, down = values.copy(), values.copy()
        up[i, j] += step
        down[i, j] -= step
        slope = (float(bit_decorrelation(up)) - float(bit_decorrelation(down))) / (2 * step)
        assert found[i, j] == pytest.approx(slope, abs=1e-8)
