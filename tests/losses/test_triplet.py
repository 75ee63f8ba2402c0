"""DNNH's triplet loss against worked values and loops over all triplets."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import TripletLoss, TripletRanking
from keras_hashing.losses.triplet import soft_distances, triplet_ranking
from tests import reference

# The worked example in the paper's [0, 1]; classes 0, 0, 1, so item 2 has no similar one.
SIGMOIDS = np.array([[0.2, 0.9], [0.4, 0.7], [0.3, 0.1]])
LABELS = np.array([0, 0, 1])


def triplets(labels, i):
    """All (positive, negative) of anchor i."""
    items = range(len(labels))
    for j in items:
        for k in items:
            similar = j != i and reference.share_label(labels[i], labels[j])
            if similar and k != i and not reference.share_label(labels[i], labels[k]):
                yield j, k


def squared_distance(one, other):
    return sum((float(a) - float(b)) ** 2 for a, b in zip(one, other, strict=True))


def loop(labels, sigmoids, margin, average):
    rows = []
    for i in range(len(labels)):
        values = []
        for j, k in triplets(labels, i):
            near, far = (squared_distance(sigmoids[i], sigmoids[other]) for other in (j, k))
            values.append(max(0.0, near - far + margin))
        counted = [value for value in values if value > 0 or average == "valid"]
        rows.append(sum(counted) / len(counted) if counted else 0.0)
    return np.array(rows)


def test_worked_value_and_gradients():
    # Anchor 0: .08 - .65 + 1; anchor 1: .08 - .37 + 1; anchor 2 has no similar item.
    sigmoids = tf.Variable(SIGMOIDS)
    loss = TripletRanking(dtype="float64", reduction="none")
    with tf.GradientTape(persistent=True) as tape:
        values = loss(LABELS, 2 * sigmoids - 1)
        first = values[0]
    np.testing.assert_allclose(values, [0.43, 0.71, 0], atol=1e-9)
    gradient = np.asarray(tape.gradient(first, sigmoids))
    np.testing.assert_allclose(gradient, [[-0.2, -1.2], [0.4, -0.4], [-0.2, 1.6]], atol=1e-9)
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-9)
    assert float(TripletRanking()(LABELS, 2 * SIGMOIDS - 1)) == pytest.approx(1.14 / 3)


@pytest.mark.parametrize("average", ["valid", "active"])
@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_the_loops(seed, multi_hot, average):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, (9, 4)) if multi_hot else random.integers(0, 3, 9)
    sigmoids = random.uniform(size=(9, 6))
    expected = loop(labels, sigmoids, 0.2, average)
    found = TripletRanking(0.2, average, dtype="float64").call(labels, 2 * sigmoids - 1)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert expected.max() > 0
    other = loop(labels, sigmoids, 0.2, "valid" if average == "active" else "active")
    assert not np.allclose(other, expected)  # so that the option is tested


def test_on_codes_it_counts_bits():
    random = np.random.default_rng(0)
    signs = random.choice([-1.0, 1.0], (10, 12))
    distances = (signs[:, None] != signs[None]).sum(-1)
    np.testing.assert_array_equal(soft_distances(signs, signs), distances)
    found = triplet_ranking(distances[0, :, None], distances[0, None, :])
    for j, k in np.ndindex(10, 10):
        assert float(found[j, k]) == max(0, int(distances[0, j]) - int(distances[0, k]) + 1)
    # In float32 too, with no rounding.
    in_float32 = soft_distances(*[signs.astype("float32")] * 2)
    np.testing.assert_array_equal(in_float32, distances)


def test_distances_of_equal_items_are_not_negative():
    outputs = np.random.default_rng(0).uniform(-1, 1, (50, 48)).astype("float32")
    found = np.asarray(soft_distances(outputs, outputs))
    assert found.min() >= 0
    np.testing.assert_allclose(np.diag(found), 0, atol=1e-5)
    outputs = np.repeat(outputs[:1], 4, axis=0)
    variable = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        value = TripletRanking()([0, 0, 1, 1], variable)
    assert float(value) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(tape.gradient(value, variable), 0, atol=1e-6)


def test_every_anchor_counts_alike():
    # Class 0 has three items and 3 * 2 * 1 triplets of value 1; class 1 has none.
    assert float(TripletRanking()([0, 0, 0, 1], np.zeros((4, 2)))) == pytest.approx(0.75)


def test_satisfied_triplets_cost_nothing():
    outputs = np.array([[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]])
    for average in ("valid", "active"):
        loss = TripletRanking(average=average)
        assert float(loss([0, 0, 1, 1], outputs)) == 0
        # One bit too few: the margin of 3 is missed by 1.
        assert float(TripletRanking(3.0, average)([0, 0, 1, 1], outputs)) == pytest.approx(1)


def test_replicas_that_gather_get_the_rows_of_the_whole_batch():
    loss = TripletRanking(dtype="float64")
    random = np.random.default_rng(0)
    labels, outputs = random.integers(0, 2, 6), random.uniform(-1, 1, (6, 4))
    whole = loss.call(labels, outputs)
    parts = [
        loss.rows(labels[part], outputs[part], labels, outputs, np.arange(6)[part])
        for part in (slice(0, 2), slice(2, 6))
    ]
    np.testing.assert_allclose(np.concatenate(parts), np.asarray(whole), atol=1e-12)


def test_stored_references():
    stored, stored_labels = 2 * SIGMOIDS[1:] - 1, LABELS[1:]
    found = TripletRanking(dtype="float64").rows(
        LABELS[:1], 2 * SIGMOIDS[:1] - 1, stored_labels, stored
    )
    np.testing.assert_allclose(found, [0.43], atol=1e-9)


def test_a_member_of_the_family_gives_the_value_of_a_triplet():
    class Soft(TripletLoss):
        def triplet_values(self, positive_distances, negative_distances):
            return keras.ops.softplus(positive_distances - negative_distances)

    found = Soft(dtype="float64").call(LABELS, 2 * SIGMOIDS - 1)
    expected = [np.log1p(np.exp(0.08 - 0.65)), np.log1p(np.exp(0.08 - 0.37)), 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    with pytest.raises(NotImplementedError, match="TripletLoss must define `triplet_values`"):
        TripletLoss()(LABELS, SIGMOIDS)


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`margin` must be at least 0\.0; got -1"):
        TripletRanking(-1)
    with pytest.raises(
        ValueError, match="`average` got the unknown value 'hard'; allowed: 'valid'"
    ):
        TripletRanking(average="hard")
    with pytest.raises(ValueError, match=r"one row per item each; got shapes \(2,\) and \(3, 2\)"):
        TripletRanking()(LABELS[:2], SIGMOIDS)
