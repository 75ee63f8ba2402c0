"""Terms that keep relations between items: worked values, slow loops, gradients."""

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import (
    bit_bias,
    code_gap,
    cosine_structure,
    relation_gap,
    spread_cosines,
    unit_gap,
)

# Bi-half's example: four items of two bits and three features.
SIGNS = np.array([[1, -1], [1, 1], [-1, 1], [-1, -1]], float)
FEATURES = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 2]], float)


def sample(count, width, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width))


def cosine(one, other):
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5


def gradient(function, values):
    variable = tf.Variable(values)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(variable))
    return np.asarray(tape.gradient(total, variable))


def slopes(function, values, step=1e-6):
    result = np.zeros_like(values)
    for i, j in np.ndindex(*values.shape):
        up, down = values.copy(), values.copy()
        up[i, j] += step
        down[i, j] -= step
        gap = np.sum(np.asarray(function(up))) - np.sum(np.asarray(function(down)))
        result[i, j] = gap / (2 * step)
    return result


def test_worked_cosine_structure():
    # Pairs 0-2 and 1-3: cosines of codes -1, -1; of features 0.5, 0.707107.
    values = np.asarray(cosine_structure(FEATURES, SIGNS))
    np.testing.assert_allclose(values, [2.25, 2.914214, 2.25, 2.914214], atol=1e-6)
    assert values.mean() == pytest.approx(2.582107, abs=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_cosine_structure_is_that_of_a_loop(count):
    features, outputs = sample(count, 4), sample(count, 3, 1)
    expected, half = np.zeros(count), count // 2
    for i in range(half):
        gap = cosine(outputs[i], outputs[i + half]) - cosine(features[i], features[i + half])
        expected[i] = expected[i + half] = gap**2
    found = np.asarray(cosine_structure(features, outputs))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_gradient_of_cosine_structure_reaches_outputs_only():
    features, outputs = sample(7, 4), sample(7, 3, 1)
    found = gradient(lambda u: cosine_structure(features, u), outputs)
    expected = slopes(lambda u: cosine_structure(features, u), outputs)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    variable = tf.Variable(features)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(cosine_structure(variable, outputs))
    assert tape.gradient(value, variable) is None


def test_features_of_zero_have_finite_values_and_gradients():
    zeros = np.zeros((4, 3))
    for function in (
        lambda u: cosine_structure(FEATURES, u),
        lambda u: relation_gap(u, np.ones((4, 4))),
    ):
        assert np.isfinite(np.asarray(function(zeros))).all()
        assert np.isfinite(gradient(function, zeros)).all()
    assert np.isfinite(np.asarray(spread_cosines(zeros))).all()


def test_half_precision_features_are_compared_in_the_outputs_dtype():
    features = 300.0 * sample(4, 5)
    found = np.asarray(cosine_structure(features.astype("float16"), SIGNS.astype("float32")))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, cosine_structure(features, SIGNS), rtol=1e-2)


def test_worked_code_gap():
    # Bi-half's example, gamma 6: the value 1.3275 and the gradient 6 (z - b) / (4 * 2).
    outputs = np.array([[0.9, -0.1], [0.3, 0.8], [-0.5, 0.2], [0.1, -0.7]])
    signs = np.array([[1, -1], [1, 1], [-1, 1], [-1, -1]], float)
    assert 6 * np.mean(code_gap(outputs, signs)) == pytest.approx(1.3275, abs=1e-6)
    expected = [[-0.075, 0.675], [-0.525, -0.15], [0.375, -0.6], [0.825, 0.225]]
    found = gradient(lambda z: 6 * code_gap(z, signs) / 4, outputs)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    itself = gradient(lambda z: 6 * code_gap(z, z), outputs)
    np.testing.assert_array_equal(itself, np.zeros((4, 2)))


@pytest.mark.parametrize("count", [3, 5, 12])
def test_spread_cosines_are_those_of_a_loop(count):
    features = np.abs(sample(count, 4, seed=2))
    pairs = [cosine(features[i], features[j]) for i in range(count) for j in range(count) if i != j]
    low, high = np.percentile(pairs, 1), np.percentile(pairs, 99)
    found = np.asarray(spread_cosines(features))
    for i in range(count):
        for j in range(count):
            if i != j:
                share = (cosine(features[i], features[j]) - low) / (high - low)
                assert found[i, j] == pytest.approx(min(max(2 * share - 1, -1), 1), abs=1e-9)
    assert found.min() == pytest.approx(-1)
    assert found.max() == pytest.approx(1)


@pytest.mark.parametrize("features", [sample(1, 4), sample(2, 4), np.ones((5, 4))])
def test_pairs_that_are_equally_near_are_unrelated(features):
    np.testing.assert_array_equal(spread_cosines(features), np.zeros((len(features),) * 2))


def test_relation_gap_is_that_of_a_loop():
    outputs, targets = sample(5, 3), np.tanh(sample(5, 5, 1))
    expected = [
        np.mean([(cosine(outputs[i], outputs[j]) - targets[i, j]) ** 2 for j in range(5) if j != i])
        for i in range(5)
    ]
    np.testing.assert_allclose(relation_gap(outputs, targets), expected, atol=1e-12)
    own = [[cosine(one, other) for other in outputs] for one in outputs]
    np.testing.assert_allclose(relation_gap(outputs, np.array(own)), np.zeros(5), atol=1e-12)
    np.testing.assert_array_equal(relation_gap(outputs[:1], np.zeros((1, 1))), [0])


def test_gradient_of_relation_gap():
    outputs, targets = sample(4, 3), np.tanh(sample(4, 4, 1))
    found = gradient(lambda u: relation_gap(u, targets), outputs)
    expected = slopes(lambda u: relation_gap(u, targets), outputs)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_worked_gap_and_bias():
    # |u| - 1 is -0.5, -0.5 and 0, 0.5; the batch means are 0.25 and -0.75.
    outputs = np.array([[-0.5, 0.0], [1.0, -1.5]])
    np.testing.assert_allclose(unit_gap(outputs), [(0.25 + 1) / 2, 0.125])
    assert float(bit_bias(outputs)) == pytest.approx((0.0625 + 0.5625) / 2)
    assert float(bit_bias(SIGNS)) == 0
    assert float(bit_bias(np.ones((3, 2)))) == 1
    np.testing.assert_array_equal(unit_gap(SIGNS), np.zeros(4))


def test_an_output_of_zero_is_pulled_to_plus_one():
    assert (gradient(unit_gap, np.zeros((1, 2))) < 0).all()


def test_xla_with_an_unknown_batch_gives_the_same():
    @tf.function(jit_compile=True, input_signature=[tf.TensorSpec((None, 3), tf.float64)])
    def compiled(outputs):
        return cosine_structure(outputs**2, outputs), relation_gap(
            outputs, spread_cosines(outputs**2)
        )

    outputs = sample(5, 3)
    structure, relations = compiled(tf.constant(outputs))
    np.testing.assert_allclose(structure, cosine_structure(outputs**2, outputs), atol=1e-12)
    expected = relation_gap(outputs, spread_cosines(outputs**2))
    np.testing.assert_allclose(relations, expected, atol=1e-9)
