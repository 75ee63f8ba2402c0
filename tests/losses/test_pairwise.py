import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import formulas
from keras_hashing.losses import PairwiseCrossEntropy, PairwiseLoss, PairwiseSquaredError
from keras_hashing.losses.pairwise import pairwise_cross_entropy, pairwise_squared_error
from tests import reference
from tests.reference import LABELS, OUTPUTS

# The pairs 01, 02 and 12 of the worked example.
PAIRS = ([0, 0, 1], [1, 2, 2])
INNER_PRODUCTS = OUTPUTS @ OUTPUTS.T
SIMILARITY = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])


def test_worked_inner_products():
    # 0.5 * 0.8 - 0.5 * 0.6 = 0.1 and so on; the diagonal holds the squared lengths.
    np.testing.assert_allclose(INNER_PRODUCTS[PAIRS], [0.1, -0.65, 0.22])
    np.testing.assert_allclose(np.diag(INNER_PRODUCTS), [0.5, 1, 0.97])


@pytest.mark.parametrize(
    ("alpha", "pairs", "total", "mean", "mean_of_nine"),
    [
        (1.0, [0.644397, 0.420055, 0.809185], 1.873637, 0.624546, 0.539559),
        (0.5, [0.668460, 0.543793, 0.749659], 1.961911, 0.653970, 0.605956),
    ],
)
def test_worked_cross_entropy(alpha, pairs, total, mean, mean_of_nine):
    values = np.asarray(pairwise_cross_entropy(SIMILARITY, INNER_PRODUCTS, alpha))
    np.testing.assert_allclose(values[PAIRS], pairs, atol=1e-6)
    assert values[PAIRS].sum() == pytest.approx(total, abs=1e-6)
    assert values.mean() == pytest.approx(mean_of_nine, abs=1e-6)
    loss = PairwiseCrossEntropy(alpha, dtype="float64")
    assert float(loss(LABELS, OUTPUTS)) == pytest.approx(mean, abs=1e-6)


def test_worked_quantization():
    # The mean over items of the sum over bits is 0.171059; with the cross entropy of all nine
    # entries this is the objective of the first author's Caffe code.
    weighted = float(PairwiseCrossEntropy(1.0, 0.3, dtype="float64")(LABELS, OUTPUTS))
    assert weighted == pytest.approx(0.624546 + 0.3 * 0.171059, abs=1e-6)
    nine = np.asarray(pairwise_cross_entropy(SIMILARITY, INNER_PRODUCTS)).mean()
    items = np.asarray(formulas.quantization(OUTPUTS)).mean()
    assert nine + 0.3 * items == pytest.approx(0.590877, abs=1e-6)


@pytest.mark.parametrize(
    ("targets", "pairs"),
    [("01", [0.9025, 0.105625, 0.0121]), ("sign", [0.9025, 0.455625, 1.2321])],
)
def test_worked_squared_error(targets, pairs):
    values = np.asarray(pairwise_squared_error(SIMILARITY, INNER_PRODUCTS, 2, targets))
    np.testing.assert_allclose(values[PAIRS], pairs, atol=1e-9)
    loss = PairwiseSquaredError(targets, dtype="float64")
    assert float(loss(LABELS, OUTPUTS)) == pytest.approx(sum(pairs) / 3, abs=1e-9)


def test_no_output_costs_log_2_a_pair():
    assert float(PairwiseCrossEntropy()(LABELS, np.zeros((3, 8)))) == pytest.approx(math.log(2))
    assert float(PairwiseCrossEntropy(0.0)(LABELS, OUTPUTS)) == pytest.approx(math.log(2))


@pytest.mark.parametrize("weight", [0.0, 0.3])
@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_the_loops(seed, multi_hot, weight):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, (9, 4)) if multi_hot else random.integers(0, 3, 9)
    outputs = random.normal(size=(9, 7))
    cases = [
        (
            PairwiseCrossEntropy(0.7, weight, dtype="float64", reduction="none"),
            lambda similar, product: reference.cross_entropy(similar, product, 0.7),
        ),
        (
            PairwiseSquaredError("01", weight, dtype="float64", reduction="none"),
            lambda similar, product: reference.squared_error(similar, product, 7, "01"),
        ),
        (
            PairwiseSquaredError("sign", weight, dtype="float64", reduction="none"),
            lambda similar, product: reference.squared_error(similar, product, 7, "sign"),
        ),
    ]
    for loss, pair_value in cases:
        expected = reference.pair_rows(labels, outputs, pair_value, weight)
        np.testing.assert_allclose(np.asarray(loss(labels, outputs)), expected, atol=1e-12)


def test_quantization_weight_has_the_gradient_of_the_formula():
    outputs = tf.Variable(OUTPUTS)
    values = []
    for weight in (0.0, 0.3):
        with tf.GradientTape() as tape:
            loss = PairwiseCrossEntropy(1.0, weight, dtype="float64")(LABELS, outputs)
        values.append(np.asarray(tape.gradient(loss, outputs)))
    slopes = np.tanh(np.abs(OUTPUTS) - 1) * np.sign(OUTPUTS)
    np.testing.assert_allclose(values[1] - values[0], 0.3 / 3 * slopes, atol=1e-9)


def test_replicas_that_gather_get_the_rows_of_the_whole_batch():
    loss = PairwiseCrossEntropy(1.0, 0.3, dtype="float64")
    random = np.random.default_rng(0)
    labels, outputs = random.integers(0, 2, 6), random.normal(size=(6, 4))
    whole = loss.call(labels, outputs)
    parts = [
        loss.rows(labels[part], outputs[part], labels, outputs, np.arange(6)[part])
        for part in (slice(0, 2), slice(2, 6))
    ]
    np.testing.assert_allclose(np.concatenate(parts), np.asarray(whole), atol=1e-12)


def test_stored_references_have_no_self_pair():
    loss = PairwiseCrossEntropy(dtype="float64")
    stored, stored_labels = np.array([[1.0, 1.0], [-1.0, 1.0]]), np.array([1, 0])
    found = np.asarray(loss.rows(LABELS, OUTPUTS, stored_labels, stored))
    expected = [
        np.mean(
            [
                reference.cross_entropy(label == other, reference.inner_product(a, b), 1.0)
                for b, other in zip(stored, stored_labels, strict=True)
            ]
        )
        for a, label in zip(OUTPUTS, LABELS, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    absent = loss.rows(LABELS, OUTPUTS, stored_labels, stored, np.array([-1, -1, -1]))
    np.testing.assert_allclose(np.asarray(absent), expected, atol=1e-12)


def test_equal_items_are_pairs_of_their_own():
    # Two copies of one item are two items: the pair counts, only the item with itself does not.
    outputs = np.array([[0.5, -0.5], [0.5, -0.5]])
    found = float(PairwiseCrossEntropy(dtype="float64")(np.array([0, 0]), outputs))
    assert found == pytest.approx(math.log1p(math.exp(-0.5)))


def test_large_outputs_do_not_overflow():
    loss = PairwiseCrossEntropy()
    outputs = np.array([[1e4], [1e4]], "float32")
    assert float(loss(np.array([0, 0]), outputs)) == 0
    assert float(loss(np.array([0, 1]), outputs)) == pytest.approx(1e8)


def test_a_batch_of_one_has_only_its_quantization():
    assert float(PairwiseCrossEntropy()([0], OUTPUTS[:1])) == 0
    value = float(PairwiseCrossEntropy(1.0, 0.3)([0], OUTPUTS[:1]))
    assert value == pytest.approx(0.3 * 0.240229, abs=1e-6)


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`alpha` must be at least 0\.0; got -1"):
        PairwiseCrossEntropy(-1)
    with pytest.raises(TypeError, match="`alpha` must be a number; got '1'"):
        PairwiseCrossEntropy("1")
    with pytest.raises(ValueError, match=r"`quantization_weight` must be at least 0\.0; got -0\.3"):
        PairwiseCrossEntropy(1.0, -0.3)
    with pytest.raises(ValueError, match="`targets` got the unknown value '10'; allowed: '01', 's"):
        PairwiseSquaredError("10")
    with pytest.raises(NotImplementedError, match="PairwiseLoss must define `pair_values`"):
        PairwiseLoss()(LABELS, OUTPUTS)


@pytest.mark.parametrize(
    ("labels", "outputs", "message"),
    [
        (LABELS, OUTPUTS[0], r"anchor outputs` must have 2 dimension\(s\); got shape \(2,\)"),
        (LABELS[:2], OUTPUTS, r"one row per item each; got shapes \(2,\) and \(3, 2\)"),
        (np.zeros((3, 1, 2)), OUTPUTS, r"\(batch,\) or \(batch, classes\); got \(3, 1, 2\)"),
    ],
)
def test_refused_batches(labels, outputs, message):
    with pytest.raises(ValueError, match=message):
        PairwiseCrossEntropy()(labels, outputs)


def test_wrong_number_of_labels_stops_fit():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile("sgd", PairwiseCrossEntropy())
    with pytest.raises(ValueError, match="cardinality"):
        model.fit(np.zeros((4, 2)), np.zeros(3), verbose=0)
