import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import PairwiseContrastive
from keras_hashing.losses.dsh import (
    absolute_quantization,
    pairwise_contrastive,
    squared_distances,
)
from tests import reference
from tests.reference import LABELS, OUTPUTS

# The pairs 01, 02 and 12 of the worked example.
PAIRS = ([0, 0, 1], [1, 2, 2])
SIMILARITY = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])


def loop(anchors, references, margin, weight=0.0, skip=()):
    """One value per anchor; items are (label, output), `skip` holds the pairs that are none."""
    rows = []
    for i, (label, output) in enumerate(anchors):
        values = []
        for j, (other_label, other) in enumerate(references):
            if (i, j) in skip:
                continue
            distance = sum((float(a) - float(b)) ** 2 for a, b in zip(output, other, strict=True))
            similar = reference.share_label(label, other_label)
            values.append(distance / 2 if similar else max(margin - distance, 0) / 2)
        mean = sum(values) / len(values) if values else 0.0
        rows.append(mean + weight * sum(abs(abs(float(u)) - 1) for u in output))
    return np.array(rows)


def test_worked_distances_and_pairs():
    # (0.5 - 0.8)^2 + (-0.5 - 0.6)^2 = 0.09 + 1.21 = 1.3 and so on; the margin is 2 * 2 bits.
    distances = np.asarray(squared_distances(OUTPUTS, OUTPUTS))
    np.testing.assert_allclose(distances[PAIRS], [1.3, 2.77, 1.53])
    values = np.asarray(pairwise_contrastive(SIMILARITY, distances, 4.0))[PAIRS]
    np.testing.assert_allclose(values, [0.65, 0.615, 1.235])
    loss = PairwiseContrastive(dtype="float64")
    assert float(loss(LABELS, OUTPUTS)) == pytest.approx(0.833333, abs=1e-6)


def test_worked_objectives():
    items = np.asarray(absolute_quantization(OUTPUTS))
    np.testing.assert_allclose(items, [1.0, 0.6, 0.7])
    # The authors' code counts an item once: 0.833333 + 0.01 * (1.0 + 0.6 + 0.7) / 3.
    loss = PairwiseContrastive(quantization_weight=0.01, dtype="float64")
    assert float(loss(LABELS, OUTPUTS)) == pytest.approx(0.841, abs=1e-6)
    # The paper's sum over pairs counts each of the three items twice; its mean is that of
    # twice the weight.
    paper = 0.65 + 0.615 + 1.235 + 0.01 * 2 * items.sum()
    assert paper == pytest.approx(2.546, abs=1e-6)
    twice = PairwiseContrastive(quantization_weight=0.02, dtype="float64")
    assert float(twice(LABELS, OUTPUTS)) == pytest.approx(paper / 3, abs=1e-9)


@pytest.mark.parametrize("margin", [None, 3.0])
@pytest.mark.parametrize("weight", [0.0, 0.3])
@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_agrees_with_the_loops(seed, multi_hot, weight, margin):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, (9, 4)) if multi_hot else random.integers(0, 3, 9)
    outputs = 1.5 * random.normal(size=(9, 5))
    items = list(zip(labels, outputs, strict=True))
    loss = PairwiseContrastive(margin, weight, dtype="float64")
    expected = loop(items, items, margin or 10, weight, {(i, i) for i in range(9)})
    np.testing.assert_allclose(np.asarray(loss.call(labels, outputs)), expected, atol=1e-12)


def test_stored_references():
    random = np.random.default_rng(2)
    stored_labels, stored = random.integers(0, 2, 6), random.normal(size=(6, 2))
    loss = PairwiseContrastive(3.0, 0.1, dtype="float64")
    found = loss.rows(LABELS, OUTPUTS, stored_labels, stored, filled=np.arange(6) < 4)
    anchors = list(zip(LABELS, OUTPUTS, strict=True))
    references = list(zip(stored_labels[:4], stored[:4], strict=True))
    np.testing.assert_allclose(np.asarray(found), loop(anchors, references, 3.0, 0.1), atol=1e-12)
    empty = loss.rows(LABELS, OUTPUTS, stored_labels, stored, filled=np.zeros(6, bool))
    np.testing.assert_allclose(np.asarray(empty), [0.1, 0.06, 0.07])


def test_subgradient_of_the_quantization_is_the_authors():
    values = [-1.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.5]
    outputs = tf.Variable([values])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(absolute_quantization(outputs))
    assert float(total) == pytest.approx(0.5 + 0 + 0.5 + 1 + 1 + 0.5 + 0 + 0.5)
    slopes = np.asarray(tape.gradient(total, outputs))[0]
    np.testing.assert_array_equal(slopes, [-1, 1, 1, 1, 1, -1, 1, 1])


def test_dissimilar_pairs_beyond_the_margin_have_no_gradient():
    outputs = tf.Variable([[3.0, 0.0], [-3.0, 0.0]])
    with tf.GradientTape() as tape:
        value = PairwiseContrastive()(np.array([0, 1]), outputs)
    assert float(value) == 0
    assert not np.asarray(tape.gradient(value, outputs)).any()


def test_equal_outputs_are_at_distance_0_or_rounding_above():
    outputs = np.random.default_rng(0).normal(size=(50, 48)).astype("float32")
    distances = np.asarray(squared_distances(outputs, outputs))
    assert distances.min() >= 0
    np.testing.assert_allclose(np.diag(distances), np.zeros(50), atol=1e-4)


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`margin` must be at least 0\.0; got -4"):
        PairwiseContrastive(-4)
    with pytest.raises(ValueError, match=r"`quantization_weight` must be at least 0\.0; got -0\.1"):
        PairwiseContrastive(quantization_weight=-0.1)
