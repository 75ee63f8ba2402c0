"""TALR's tie-aware AP against worked rankings and loops over items and bins."""

import keras
import numpy as np
import pytest

from keras_hashing.losses import HistogramLoss, TieAwareAP
from keras_hashing.losses.ranking import cumulative_histograms, tie_aware_average_precision
from tests import reference


def pulse(distance, centre, width):
    return max(0.0, 1 - abs(distance - centre) / width)


def loop(distances, relevant, bits, bins):
    """AP_s of one ranking, with the paper's pulses."""
    width = bits / bins
    value, hits_before, items_before = 0.0, 0.0, 0.0
    for number in range(bins + 1):
        shares = [pulse(float(distance), number * width, width) for distance in distances]
        hits = sum(share for share, hit in zip(shares, relevant, strict=True) if hit)
        items = sum(shares)
        value += (
            hits
            * (hits_before + hits_before + hits + 1)
            / (items_before + items_before + items + 1)
        )
        hits_before, items_before = hits_before + hits, items_before + items
    return value / sum(relevant) if any(relevant) else 0.0


def loop_rows(labels, outputs, bins):
    """1 - AP_s of every item's ranking of the others; 0 for one that has nothing to find."""
    rows = []
    for i in range(len(labels)):
        others = [j for j in range(len(labels)) if j != i]
        relevant = [reference.share_label(labels[i], labels[j]) for j in others]
        bits = len(outputs[i])
        distances = [(bits - reference.inner_product(outputs[i], outputs[j])) / 2 for j in others]
        rows.append(1 - loop(distances, relevant, bits, bins) if any(relevant) else 0.0)
    return np.array(rows)


def average_precision(distances, relevant, bits, bins):
    relevant = np.array([relevant], "float64")
    counts = cumulative_histograms(
        np.array([distances], "float64"), relevant, 1 - relevant, bits, bins
    )
    return float(tie_aware_average_precision(*counts)[0])


# Hard integer distances. The mean over all orders of ties would be 5/6, .75, .861111, .670370.
WORKED = [
    ([0, 1, 2, 3], [1, 0, 1, 0], 0.833333),
    ([0, 0], [1, 0], 0.666667),
    ([0, 1, 1, 2], [1, 1, 0, 1], 0.85),
    ([0, 0, 1, 1, 1, 2], [1, 0, 0, 1, 1, 0], 0.638889),
]


@pytest.mark.parametrize(("distances", "relevant", "expected"), WORKED, ids="ABDE")
@pytest.mark.parametrize("bits", [3, 12])
def test_worked_rankings(distances, relevant, expected, bits):
    assert average_precision(distances, relevant, bits, bits) == pytest.approx(expected, abs=1e-6)
    assert loop(distances, relevant, bits, bits) == pytest.approx(expected, abs=1e-6)


def test_without_ties_it_is_the_average_precision():
    random = np.random.default_rng(0)
    for _ in range(10):
        distances = random.permutation(16)[:9]
        relevant = random.random(9) < 0.4
        expected = reference.average_precision(relevant[np.argsort(distances)])
        found = average_precision(distances, relevant, 16, 16)
        assert found == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(("bits", "bins"), [(6, 6), (7, 3), (5, 9), (4, 1)])
def test_histograms_are_those_of_the_pulses(bits, bins):
    random = np.random.default_rng(bits)
    distances = random.uniform(0, bits, (3, 8))
    distances[0, :3] = 0, bits, bits / bins
    positives = random.integers(0, 2, (3, 8))
    negatives = (1 - positives) * random.integers(0, 2, (3, 8))
    relevant, retrieved = cumulative_histograms(distances, positives, negatives, bits, bins)
    width = bits / bins
    for i in range(3):
        hits, items = 0.0, 0.0
        for number in range(bins + 1):
            for distance, positive, negative in zip(
                distances[i], positives[i], negatives[i], strict=True
            ):
                share = pulse(distance, number * width, width)
                hits += positive * share
                items += (positive + negative) * share
            assert float(relevant[i, number]) == pytest.approx(hits, abs=1e-12)
            assert float(retrieved[i, number]) == pytest.approx(items, abs=1e-12)


def test_beyond_an_end_is_at_the_end():
    found = cumulative_histograms([[-0.5, 4.5]], [[1.0, 0.0]], [[0.0, 1.0]], 4, 2)
    np.testing.assert_array_equal(found[0], [[1, 1, 1]])
    np.testing.assert_array_equal(found[1], [[1, 1, 2]])


@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize(("bits", "bins", "used"), [(6, None, 6), (31, None, 31), (9, 4, 4)])
def test_agrees_with_the_loops(bits, bins, used, multi_hot):
    random = np.random.default_rng(bits)
    labels = random.integers(0, 2, (9, 4)) if multi_hot else random.integers(0, 4, 9)
    outputs = random.uniform(-1, 1, (9, bits))
    found = TieAwareAP(bins, dtype="float64").call(labels, outputs)
    expected = loop_rows(labels, outputs, used)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert expected.max() > 0.1


@pytest.mark.parametrize(("bits", "used"), [(32, 16), (33, 16), (48, 24)])
def test_long_codes_have_half_as_many_bins(bits, used):
    random = np.random.default_rng(bits)
    labels, outputs = np.arange(8) % 3, random.uniform(-1, 1, (8, bits))
    found = TieAwareAP(dtype="float64").call(labels, outputs)
    np.testing.assert_allclose(found, loop_rows(labels, outputs, used), atol=1e-12)
    assert not np.allclose(found, loop_rows(labels, outputs, bits), atol=1e-6)


def test_values_lie_between_0_and_1():
    random = np.random.default_rng(0)
    for bits in (1, 8, 40):
        signs = random.choice([-1.0, 1.0], (30, bits)).astype("float32")
        for outputs in (signs, 0.5 * signs, np.tanh(random.normal(size=(30, bits)))):
            # With one class every ranking is perfect, and sums of shares round to above 1.
            for labels in (random.integers(0, 4, 30), np.zeros(30)):
                values = np.asarray(TieAwareAP().call(labels, outputs.astype("float32")))
                assert values.min() >= 0
                assert values.max() <= 1


def test_classes_far_apart_cost_nothing():
    # Every item finds its 3 fellows at distance 0 and the rest at 8: (3 + 1) / (3 + 1) = 1.
    outputs = np.repeat([[1.0] * 8, [-1.0] * 8], 4, axis=0)
    assert float(TieAwareAP()(np.repeat([0, 1], 4), outputs)) == pytest.approx(0, abs=1e-6)


def test_nothing_to_find_costs_nothing():
    outputs = np.array([[1.0, 1], [1, 1], [-1, -1]])
    np.testing.assert_array_equal(TieAwareAP().call([0, 1, 2], outputs), np.zeros(3))
    # Items 0 and 2 find each other behind, and beside, item 1: 1 - 2/4 and 1 - 2/3.
    np.testing.assert_allclose(TieAwareAP().call([0, 1, 0], outputs), [1 / 2, 0, 1 / 3], atol=1e-6)


def test_replicas_that_gather_get_the_rows_of_the_whole_batch():
    loss = TieAwareAP(dtype="float64")
    random = np.random.default_rng(0)
    labels, outputs = random.integers(0, 2, 6), random.uniform(-1, 1, (6, 4))
    whole = loss.call(labels, outputs)
    parts = [
        loss.rows(labels[part], outputs[part], labels, outputs, np.arange(6)[part])
        for part in (slice(0, 2), slice(2, 6))
    ]
    np.testing.assert_allclose(np.concatenate(parts), np.asarray(whole), atol=1e-12)
    # Stored copies of the items are found, at distance 0 or not.
    stored = np.asarray(loss.rows(labels, outputs, labels, outputs))
    for i in range(6):
        distances = [(4 - reference.inner_product(outputs[i], other)) / 2 for other in outputs]
        expected = 1 - loop(distances, labels == labels[i], 4, 4)
        assert stored[i] == pytest.approx(expected, abs=1e-12)


def test_a_member_of_the_family_reads_the_histograms():
    class Missed(HistogramLoss):
        """Share of the similar items that are not at distance 0."""

        def row_values(self, relevant, retrieved):
            return 1 - keras.ops.divide_no_nan(relevant[:, 0], relevant[:, -1])

    outputs = np.array([[1.0, 1], [1, 1], [-1, 1], [1, -1]])
    np.testing.assert_allclose(Missed().call([0, 0, 0, 1], outputs), [0.5, 0.5, 1, 0])
    with pytest.raises(NotImplementedError, match="HistogramLoss must define `row_values`"):
        HistogramLoss()([0, 0, 0, 1], outputs)


def test_refused_arguments():
    with pytest.raises(ValueError, match="`bins` must be at least 1; got 0"):
        TieAwareAP(0)
    with pytest.raises(TypeError, match=r"`bins` must be a whole number; got 2\.5"):
        TieAwareAP(2.5)
    with pytest.raises(ValueError, match=r"one row per item each; got shapes \(2,\) and \(3, 2\)"):
        TieAwareAP()([0, 1], np.zeros((3, 2)))
