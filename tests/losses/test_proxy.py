"""Losses against targets: worked values, loops, and what saturated or unlabelled items do."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.losses import CentreCrossEntropy, CosineMargin, Polarization
from keras_hashing.losses.proxy import centre_cross_entropy, polarization

# The worked example of CSQ: z, its centre, and u = tanh(z).
LOGITS = np.array([0.5, -1.0, 0.2, 0.0])
CENTRE = np.array([1.0, -1.0, 1.0, -1.0])
OUTPUTS = np.tanh(LOGITS)

# That of OrthoHash: cosines of v = (.5, -.5, 1, .2) and three rows of a Hadamard matrix.
VECTOR = np.array([0.5, -0.5, 1.0, 0.2])
ROWS = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1]])
COSINES = ROWS @ VECTOR / (math.sqrt(VECTOR @ VECTOR) * 2)


def one(loss, targets, outputs):
    return float(loss(np.asarray(targets)[None], np.asarray(outputs)[None]))


def test_worked_centre_cross_entropy():
    bits = np.asarray(centre_cross_entropy(CENTRE, OUTPUTS))
    np.testing.assert_allclose(bits, [0.313262, 0.126928, 0.513015, 0.693147], atol=1e-6)
    plain = one(CentreCrossEntropy(0.0, dtype="float64"), CENTRE, OUTPUTS)
    assert plain == pytest.approx(0.411588, abs=1e-6)
    whole = one(CentreCrossEntropy(1.0, dtype="float64"), CENTRE, OUTPUTS)
    assert whole - plain == pytest.approx(0.497590, abs=1e-6)
    weighted = one(CentreCrossEntropy(0.05, dtype="float64"), CENTRE, OUTPUTS)
    assert weighted == pytest.approx(0.436468, abs=1e-6)


def test_worked_polarization():
    # 1 - 1.5 < 0; 1 + 0.2; 1 + 0.3; 1 - 2 < 0.
    outputs, targets = np.array([1.5, -0.2, 0.3, -2.0]), np.array([1.0, 1, -1, -1])
    np.testing.assert_allclose(polarization(targets, outputs), [0, 1.2, 1.3, 0], atol=1e-12)
    assert one(Polarization(dtype="float64"), targets, outputs) == pytest.approx(2.5, abs=1e-9)


def test_worked_cosine_margin():
    np.testing.assert_allclose(COSINES, [0.483494, 0.725241, -0.483494], atol=1e-6)
    loss = CosineMargin(8.0, 0.2, dtype="float64")
    assert one(loss, 0, COSINES) == pytest.approx(3.562807, abs=1e-6)
    assert one(loss, [1, 1, 0], COSINES) == pytest.approx(1.102292, abs=1e-6)
    assert one(loss, [0, 0, 0], COSINES) == 0


def loop_cross_entropy(target, output, weight):
    total = 0.0
    for t, u in zip(target, output, strict=True):
        total -= (1 + t) / 2 * math.log((1 + u) / 2) + (1 - t) / 2 * math.log((1 - u) / 2)
        total += weight * (abs(u) - 1) ** 2
    return total / len(target)


def loop_polarization(target, output, margin):
    total = 0.0
    for t, z in zip(target, output, strict=True):
        total += (1 + t) / 2 * max(margin - z, 0) + (1 - t) / 2 * max(margin + z, 0)
    return total


def loop_cosine_margin(own, cosines, scale, margin):
    logits = [scale * (c - margin * (k in own)) for k, c in enumerate(cosines)]
    partition = math.log(sum(math.exp(logit) for logit in logits))
    return sum(partition - logits[k] for k in own) / len(own) if own else 0.0


@pytest.mark.parametrize("seed", range(3))
def test_agree_with_the_loops(seed):
    random = np.random.default_rng(seed)
    soft, outputs = random.uniform(-1, 1, (8, 6)), random.uniform(-0.99, 0.99, (8, 6))
    for targets in (soft, np.sign(soft)):
        found = CentreCrossEntropy(0.3, dtype="float64", reduction="none")(targets, outputs)
        pairs = list(zip(targets, outputs, strict=True))
        expected = [loop_cross_entropy(t, u, 0.3) for t, u in pairs]
        np.testing.assert_allclose(np.asarray(found), expected, atol=1e-12)
        found = Polarization(0.7, dtype="float64", reduction="none")(targets, 2 * outputs)
        expected = [loop_polarization(t, 2 * u, 0.7) for t, u in pairs]
        np.testing.assert_allclose(np.asarray(found), expected, atol=1e-12)
    labels = random.integers(0, 2, (8, 6))
    labels[2] = 0
    found = CosineMargin(5.0, 0.3, dtype="float64", reduction="none")(labels, outputs)
    expected = [
        loop_cosine_margin(np.flatnonzero(own).tolist(), row, 5.0, 0.3)
        for own, row in zip(labels, outputs, strict=True)
    ]
    np.testing.assert_allclose(np.asarray(found), expected, atol=1e-6)  # shares are float32


def test_cosine_margin_takes_any_form_of_labels():
    cosines = np.random.default_rng(0).uniform(-1, 1, (4, 3))
    ids = np.array([2, 0, 1, 1])
    loss = CosineMargin(dtype="float64", reduction="none")
    expected = [loop_cosine_margin([k], row, 8.0, 0.2) for k, row in zip(ids, cosines, strict=True)]
    for labels in (ids, ids[:, None], np.eye(3)[ids], np.eye(3, dtype=bool)[ids]):
        np.testing.assert_allclose(np.asarray(loss(labels, cosines)), expected, atol=1e-12)


def test_cross_entropy_of_tanh_is_softplus_of_the_logit():
    logits = np.linspace(-5, 5, 41)
    for target in (-1.0, 1.0):
        expected = [math.log1p(math.exp(-2 * target * z)) for z in logits]
        found = centre_cross_entropy(np.full(41, target), np.tanh(logits))
        np.testing.assert_allclose(np.asarray(found), expected, atol=1e-9)


def slope(loss, target, output):
    variable = tf.Variable([[output]], dtype=tf.float32)
    with tf.GradientTape() as tape:
        value = loss(np.array([[target]]), variable)
    return float(tape.gradient(value, variable)[0, 0])


def test_an_output_at_the_wrong_end_is_finite_and_pulled_back():
    loss = CentreCrossEntropy(0.0)
    # log(2 / 1e-6); a float32 next to 1 is 6e-8 off.
    assert one(loss, [-1.0], [1.0]) == pytest.approx(math.log(2e6), abs=0.1)
    assert one(loss, [-1.0], [5.0]) == pytest.approx(math.log(2e6), abs=0.1)
    assert one(loss, [1.0], [1.0]) == pytest.approx(0, abs=1e-5)
    assert slope(loss, -1.0, 1.0) > 1e5
    assert slope(loss, 1.0, -1.0) < -1e5
    assert slope(loss, 1.0, 1.0) == pytest.approx(-0.5, abs=1e-3)


def test_polarization_of_opposite_targets_is_their_mean():
    # Of two classes with opposite bits, whose mean is 0, each pulls with half its weight.
    outputs = [0.3, -1.5]
    both = [one(Polarization(dtype="float64"), [t, t], outputs) for t in (-1.0, 1.0)]
    found = one(Polarization(dtype="float64"), [0.0, 0.0], outputs)
    assert found == pytest.approx(sum(both) / 2)


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`quantization_weight` must be at least 0\.0; got -1"):
        CentreCrossEntropy(-1)
    with pytest.raises(ValueError, match="`margin` must be at least 1e-06; got 0"):
        Polarization(0)
    with pytest.raises(ValueError, match="`scale` must be at least 1e-06; got 0"):
        CosineMargin(0)
    with pytest.raises(ValueError, match=r"`margin` must be at least 0\.0; got -0\.1"):
        CosineMargin(8.0, -0.1)


@pytest.mark.parametrize("make", [CentreCrossEntropy, Polarization])
def test_labels_in_place_of_targets_are_refused(make):
    outputs = np.zeros((3, 4))
    for labels in (np.arange(3), np.zeros((3, 1)), np.zeros((3, 5)), np.zeros((2, 4))):
        with pytest.raises(ValueError, match="target codes of the items, not their labels"):
            make()(labels, outputs)
    with pytest.raises(ValueError, match=r"`outputs` must have 2 dimension\(s\); got shape \(4,\)"):
        make()(np.zeros((3, 4)), outputs[0])
    with pytest.raises(ValueError, match=r"`cosines` must have 2 dimension\(s\)"):
        CosineMargin()(np.arange(4), outputs[0])
