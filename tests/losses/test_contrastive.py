"""CIBHash's terms: worked values, slow loops, gradients."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import bernoulli_divergence, nt_xent, symmetric_divergence

VIEW_ONE = np.array([[1, 1, -1, 1], [1, -1, -1, -1]], float)
VIEW_TWO = np.array([[1, 1, 1, 1], [-1, -1, -1, -1]], float)


def sample(count=5, bits=4, seed=0):
    return np.random.default_rng(seed).normal(size=(count, bits))


def cosine(one, other):
    return float(one @ other) / math.sqrt(float(one @ one) * float(other @ other))


def contrast(view_one, view_two, temperature):
    """NT-Xent by loops: each item's mean over its two views."""
    count, views = len(view_one), [*view_one, *view_two]
    values = []
    for i in range(2 * count):
        shares = {
            j: math.exp(cosine(views[i], views[j]) / temperature)
            for j in range(2 * count)
            if j != i
        }
        partner = i + count if i < count else i - count
        values.append(-math.log(shares[partner] / sum(shares.values())))
    return [(values[i] + values[i + count]) / 2 for i in range(count)]


def test_worked_contrast():
    found = np.asarray(nt_xent(VIEW_ONE, VIEW_TWO, 0.3))
    assert found.shape == (2,)
    assert found.mean() == pytest.approx(0.122055, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.1, 0.3, 1.0])
def test_contrast_is_that_of_loops(temperature):
    one, two = sample(), sample(seed=1)
    np.testing.assert_allclose(
        nt_xent(one, two, temperature), contrast(one, two, temperature), atol=1e-10
    )


def test_views_are_exchangeable_and_items_are_shuffled_with_their_values():
    one, two, order = sample(), sample(seed=1), np.array([3, 0, 4, 1, 2])
    expected = np.asarray(nt_xent(one, two))
    np.testing.assert_allclose(nt_xent(two, one), expected, atol=1e-12)
    np.testing.assert_allclose(nt_xent(one[order], two[order]), expected[order], atol=1e-12)
    np.testing.assert_allclose(nt_xent(3 * one, 0.1 * two), expected, atol=1e-12)


def test_a_single_item_has_nothing_to_be_confused_with():
    np.testing.assert_allclose(nt_xent(VIEW_ONE[:1], VIEW_TWO[:1], 0.3), [0], atol=1e-12)


def test_gradient_of_the_contrast_is_that_of_finite_differences():
    one, two, step = sample(3), sample(3, seed=1), 1e-6
    variable = tf.Variable(one)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(nt_xent(variable, two))
    found = np.asarray(tape.gradient(value, variable))
    for i, j in np.ndindex(*one.shape):
        up, down = one.copy(), one.copy()
        up[i, j] += step
        down[i, j] -= step
        gap = np.sum(np.asarray(nt_xent(up, two))) - np.sum(np.asarray(nt_xent(down, two)))
        assert found[i, j] == pytest.approx(gap / (2 * step), abs=1e-7)


def test_codes_of_zero_are_finite():
    variable = tf.Variable(np.zeros((3, 4), "float32"))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(nt_xent(variable, variable + 0.0, 0.01))
    assert np.isfinite(float(value))
    assert np.isfinite(np.asarray(tape.gradient(value, variable))).all()


def test_worked_divergence():
    p, q = np.array([[0.9, 0.2]]), np.array([[0.7, 0.4]])
    assert float(bernoulli_divergence(p, q)[0]) == pytest.approx(0.207838, abs=1e-6)
    assert float(bernoulli_divergence(q, p)[0]) == pytest.approx(0.258313, abs=1e-6)
    assert float(symmetric_divergence(p, q)[0]) == pytest.approx(0.233076, abs=1e-6)
    assert float(bernoulli_divergence(p, p)[0]) == pytest.approx(0, abs=1e-9)


def test_each_divergence_has_a_gradient_through_its_first_argument():
    p, q = tf.Variable([[0.9]]), tf.Variable([[0.7]])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(symmetric_divergence(p, q))
    to_p, to_q = tape.gradient(value, [p, q])
    # d KL(p || q) / d p = log(p / q) - log((1 - p) / (1 - q)), halved.
    expected = 0.5 * (math.log(0.9 / 0.7) - math.log(0.1 / 0.3))
    assert float(to_p[0, 0]) == pytest.approx(expected, rel=1e-4)
    assert float(to_q[0, 0]) == pytest.approx(-expected, rel=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
def test_certain_bits_are_finite(compiled):
    @tf.function(jit_compile=compiled)
    def value_and_gradient(one, other):
        with tf.GradientTape() as tape:
            tape.watch([one, other])
            p, q = 0.5 * (tf.tanh(one) + 1.0), 0.5 * (tf.tanh(other) + 1.0)
            value = tf.reduce_sum(symmetric_divergence(p, q))
        return value, tape.gradient(value, [one, other])

    one, other = tf.constant([[-90.0, 90.0, 0.0, 12.0]]), tf.constant([[90.0, 90.0, -90.0, -12.0]])
    value, gradients = value_and_gradient(one, other)
    # 0 against 1 is -log(1e-8); 1/2 against 0 is half of log(.5e8) and of log(.5), and log 2 back.
    expected = 18.420681 + 0 + (8.517193 + 0.693147) / 2 + 18.420681
    assert float(value) == pytest.approx(expected, rel=1e-4)
    for found in gradients:
        assert np.isfinite(np.asarray(found)).all()
