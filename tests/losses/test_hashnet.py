import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import PairwiseCrossEntropy, WeightedPairwiseCrossEntropy
from keras_hashing.losses.hashnet import balance_weights, jaccard_weights
from tests import reference
from tests.reference import LABELS, OUTPUTS

MULTI_HOT = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])


def jaccard(one, other):
    """Shared labels divided by all labels of two items; 1 where they share none."""
    if np.ndim(one) == 0:
        return 1.0
    shared = sum(a and b for a, b in zip(one, other, strict=True))
    either = sum(a or b for a, b in zip(one, other, strict=True))
    return shared / either if shared else 1.0


def loop(anchors, references, alpha, weighted=True, graded=False, skip=()):
    """One value per anchor; items are (label, output), `skip` holds the pairs that are none."""
    pairs = [
        (i, j) for i in range(len(anchors)) for j in range(len(references)) if (i, j) not in skip
    ]
    similar = {(i, j): reference.share_label(anchors[i][0], references[j][0]) for i, j in pairs}
    counts = {kind: sum(similar[pair] == kind for pair in pairs) for kind in (True, False)}
    totals, numbers = np.zeros(len(anchors)), np.zeros(len(anchors))
    for i, j in pairs:
        product = reference.inner_product(anchors[i][1], references[j][1])
        value = reference.cross_entropy(similar[i, j], product, alpha)
        if weighted:
            value *= len(pairs) / counts[similar[i, j]]
        if graded:
            value *= jaccard(anchors[i][0], references[j][0])
        totals[i] += value
        numbers[i] += 1
    return np.divide(totals, numbers, out=np.zeros_like(totals), where=numbers > 0)


def batch_loop(labels, outputs, *arguments, **options):
    items = list(zip(labels, outputs, strict=True))
    skip = {(i, i) for i in range(len(items))}
    return loop(items, items, *arguments, skip=skip, **options)


@pytest.mark.parametrize(
    ("alpha", "value"), [(1.0, 1.259017), (10 / 48, 1.354813), (0.0, 1.386294)]
)
def test_worked_values(alpha, value):
    # Off the diagonal 2 ordered pairs are similar and 4 are not, so the weights are 3 and 1.5:
    # (2 * 3 * 0.644397 + 2 * 1.5 * (0.420055 + 0.809185)) / 6 = 1.259017 at alpha 1.
    loss = WeightedPairwiseCrossEntropy(alpha, dtype="float64")
    assert float(loss(LABELS, OUTPUTS)) == pytest.approx(value, abs=1e-6)


def test_alpha_is_ten_over_the_bits():
    outputs = np.random.default_rng(0).normal(size=(6, 48))
    labels = np.array([0, 1, 0, 1, 2, 2])
    found = float(WeightedPairwiseCrossEntropy(dtype="float64")(labels, outputs))
    expected = batch_loop(labels, outputs, 10 / 48).mean()
    assert found == pytest.approx(expected, abs=1e-12)


def test_worked_weights():
    similarity = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    pairs = 1 - np.eye(3)
    weights = np.asarray(balance_weights(similarity, pairs))
    np.testing.assert_allclose(weights[0], [3, 3, 1.5])
    # Both kinds weigh the same: the weights of all pairs add up to twice their number.
    assert (pairs * weights).sum() == pytest.approx(12)
    ones, zeros = np.ones((2, 2)), np.zeros((2, 2))
    np.testing.assert_allclose(balance_weights(ones, 1 - np.eye(2)), ones)
    np.testing.assert_allclose(balance_weights(zeros, 1 - np.eye(2)), ones)
    np.testing.assert_allclose(balance_weights(ones, zeros), zeros)


def test_worked_jaccard():
    # 1100 and 0110 share one of three labels.
    similarity = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    found = jaccard_weights(similarity, MULTI_HOT, MULTI_HOT)
    np.testing.assert_allclose(found, [[1, 1 / 3, 1], [1 / 3, 1, 1], [1, 1, 1]])
    np.testing.assert_allclose(jaccard_weights(similarity, LABELS, LABELS), np.ones((3, 3)))
    column = LABELS[:, None]
    np.testing.assert_allclose(jaccard_weights(similarity, column, column), np.ones((3, 3)))


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("similarity", ["01", "jaccard"])
@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_agrees_with_the_loops(seed, multi_hot, similarity, weighted):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, (9, 4)) if multi_hot else random.integers(0, 3, 9)
    outputs = random.normal(size=(9, 7))
    loss = WeightedPairwiseCrossEntropy(0.7, weighted, similarity, dtype="float64")
    expected = batch_loop(labels, outputs, 0.7, weighted, similarity == "jaccard")
    np.testing.assert_allclose(np.asarray(loss.call(labels, outputs)), expected, atol=1e-12)
    assert float(loss(labels, outputs)) == pytest.approx(expected.mean(), abs=1e-12)


def test_without_weights_it_is_the_cross_entropy_of_dhn():
    one = WeightedPairwiseCrossEntropy(0.7, weighted=False, quantization_weight=0.3)
    other = PairwiseCrossEntropy(0.7, 0.3)
    np.testing.assert_allclose(one.call(LABELS, OUTPUTS), other.call(LABELS, OUTPUTS), rtol=1e-6)


@pytest.mark.parametrize("similarity", ["01", "jaccard"])
def test_stored_references_are_counted_with_their_own_weights(similarity):
    random = np.random.default_rng(0)
    labels, outputs = random.integers(0, 2, (4, 3)), random.normal(size=(4, 5))
    stored_labels, stored = random.integers(0, 2, (7, 3)), random.normal(size=(7, 5))
    loss = WeightedPairwiseCrossEntropy(0.7, True, similarity, dtype="float64")
    anchors = list(zip(labels, outputs, strict=True))
    references = list(zip(stored_labels, stored, strict=True))
    graded = similarity == "jaccard"
    found = np.asarray(loss.rows(labels, outputs, stored_labels, stored))
    np.testing.assert_allclose(found, loop(anchors, references, 0.7, True, graded), atol=1e-12)
    # Rows 5 and 6 are empty, and anchors 0 and 1 are the references 2 and 4.
    filled, positions = np.arange(7) < 5, np.array([2, 4, -1, -1])
    found = np.asarray(loss.rows(labels, outputs, stored_labels, stored, positions, filled))
    skip = {(0, 2), (1, 4)}
    expected = loop(anchors, references[:5], 0.7, True, graded, skip)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("labels", [np.zeros(4), np.arange(4.0)], ids=["similar", "dissimilar"])
def test_one_kind_alone_weighs_1(labels):
    outputs = np.random.default_rng(1).normal(size=(4, 6))
    weighted = WeightedPairwiseCrossEntropy(0.5, dtype="float64")(labels, outputs)
    plain = PairwiseCrossEntropy(0.5, dtype="float64")(labels, outputs)
    assert float(weighted) == pytest.approx(float(plain), abs=1e-12)


def test_a_batch_of_one_costs_nothing():
    outputs = tf.Variable(OUTPUTS[:1])
    with tf.GradientTape() as tape:
        value = WeightedPairwiseCrossEntropy()(np.array([0]), outputs)
    assert float(value) == 0
    assert not np.asarray(tape.gradient(value, outputs)).any()


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`alpha` must be at least 0\.0; got -1"):
        WeightedPairwiseCrossEntropy(-1)
    with pytest.raises(
        ValueError, match="`similarity` got the unknown value 'cosine'; allowed: '0"
    ):
        WeightedPairwiseCrossEntropy(similarity="cosine")


def test_config_keeps_the_default_alpha():
    loss = keras.losses.deserialize(keras.losses.serialize(WeightedPairwiseCrossEntropy()))
    assert loss.alpha is None
    assert (loss.weighted, loss.similarity) == (True, "01")
