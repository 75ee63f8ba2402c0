import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import formulas
from tests import reference


def gradient(function, x):
    variable = tf.Variable(np.asarray(x))
    with tf.GradientTape() as tape:
        value = function(variable)
    return np.asarray(tape.gradient(value, variable))


def test_log_cosh_values_and_gradient():
    x = np.array([-1000.0, -90.0, -2.0, -1e-3, 0.0, 0.5, 3.0, 1000.0])
    expected = [reference.log_cosh(value) for value in x]
    np.testing.assert_allclose(np.asarray(formulas.log_cosh(x)), expected, atol=1e-12)
    assert float(formulas.log_cosh(0.5)) == pytest.approx(0.120115, abs=1e-6)
    np.testing.assert_allclose(gradient(formulas.log_cosh, x), np.tanh(x), atol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_log_cosh_stays_finite_in_low_precision(dtype):
    x = keras.ops.cast([-1e4, -100.0, 0.0, 100.0, 1e4], dtype)
    values = np.asarray(keras.ops.cast(formulas.log_cosh(x), "float32"))
    expected = np.abs(np.asarray(keras.ops.cast(x, "float32"))) - np.log(2)
    expected[2] = 0
    np.testing.assert_allclose(values, expected, rtol=1e-2, atol=1e-2)


def test_magnitude_has_gradient_one_at_zero():
    x = np.array([-2.0, -0.0, 0.0, 3.0])
    np.testing.assert_array_equal(np.asarray(formulas.magnitude(x)), np.abs(x))
    np.testing.assert_array_equal(gradient(formulas.magnitude, x), [-1, 1, 1, 1])


def test_quantization_of_the_worked_example():
    values = np.asarray(formulas.quantization(reference.OUTPUTS))
    np.testing.assert_allclose(values, [0.240229, 0.097822, 0.175127], atol=1e-6)
    # Over the three pairs each item counts twice; per item and bit it is the printed 0.085530.
    assert 2 * values.sum() == pytest.approx(1.026355, abs=2e-6)
    assert values.sum() / 6 == pytest.approx(0.085530, abs=1e-6)
    loops = [reference.quantization(output) for output in reference.OUTPUTS]
    np.testing.assert_allclose(values, loops, atol=1e-12)


def test_quantization_is_zero_at_codes_and_moves_zeros():
    np.testing.assert_allclose(
        np.asarray(formulas.quantization(np.array([[1.0, -1.0]]))), [0], atol=1e-6
    )
    slopes = gradient(formulas.quantization, [[0.0, 1.0, -0.5]])
    np.testing.assert_allclose(slopes, [[np.tanh(-1.0), 0, np.tanh(0.5)]], atol=1e-7)


def test_similarity_of_every_form():
    expected = [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    one_hot = np.eye(2)[reference.LABELS]
    for labels in (reference.LABELS, reference.LABELS[:, None], one_hot, one_hot.astype(bool)):
        found = formulas.similarity(labels, labels)
        assert keras.backend.standardize_dtype(found.dtype) == "float32"
        np.testing.assert_array_equal(np.asarray(found), expected)


def test_similarity_of_multi_hot_rows():
    anchors = np.array([[1, 1, 0, 0], [0, 0, 0, 0]])
    references = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    found = np.asarray(formulas.similarity(anchors, references, "float64"))
    np.testing.assert_array_equal(found, [[1, 1, 0], [0, 0, 0]])
    loops = [[reference.share_label(a, b) for b in references] for a in anchors]
    np.testing.assert_array_equal(found, loops)


def test_class_shares():
    np.testing.assert_array_equal(
        formulas.class_shares(np.array([2, 0, 5]), 3), [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    )
    np.testing.assert_array_equal(formulas.class_shares(np.array([[1.0]]), 2), [[0, 1]])
    rows = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(
        formulas.class_shares(rows, 3), [[0.5, 0, 0.5], [0, 0, 0], [0, 1, 0]]
    )


def test_class_cross_entropy_by_hand():
    logits = np.log([[1.0, 2.0, 1.0], [1.0, 2.0, 1.0], [3.0, 1.0, 4.0]])
    found = formulas.class_cross_entropy(np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]]), logits)
    # shares 1/2 of -log(1/4) and -log(2/4); nothing; -log(4/8)
    np.testing.assert_allclose(found, [1.5 * np.log(2), 0.0, np.log(2)], atol=1e-6)
    one = formulas.class_cross_entropy(np.array([1, 1, 2]), logits)
    np.testing.assert_allclose(one, [np.log(2), np.log(2), np.log(2)], atol=1e-6)
