"""Who is whose positive and negative."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_hashing import losses
from keras_hashing.losses.anchors import AnchorLoss, match
from tests import reference

OUTPUTS = np.arange(8.0).reshape(4, 2)
CLASSES = np.array([0, 1, 0, 2])
MULTI_HOT = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 0]])


@pytest.mark.parametrize("labels", [CLASSES, CLASSES[:, None], MULTI_HOT, MULTI_HOT * 1.0])
def test_own_row_is_neither(labels):
    _, _, positives, negatives = match(labels, OUTPUTS, labels, OUTPUTS, np.arange(4))
    plain = np.squeeze(labels, 1) if labels.shape[1:] == (1,) else labels
    for i in range(4):
        for j in range(4):
            similar = reference.share_label(plain[i], plain[j])
            assert float(positives[i, j]) == float(similar and i != j)
            assert float(negatives[i, j]) == float(not similar and i != j)


def test_an_anchor_elsewhere_meets_every_reference():
    for positions in (None, np.array([-1, -1])):
        _, _, positives, negatives = match(
            CLASSES[:2], OUTPUTS[:2], CLASSES, OUTPUTS, positions, "float64"
        )
        np.testing.assert_array_equal(positives, [[1, 0, 1, 0], [0, 1, 0, 0]])
        np.testing.assert_array_equal(negatives, [[0, 1, 0, 1], [1, 0, 1, 1]])


def test_outputs_are_cast():
    half = keras.ops.cast(OUTPUTS, "float16")
    found = match(CLASSES, half, CLASSES, half)
    assert {keras.backend.standardize_dtype(tensor.dtype) for tensor in found} == {"float32"}
    np.testing.assert_array_equal(found[0], OUTPUTS)


@pytest.mark.parametrize(
    ("labels", "outputs", "message"),
    [
        (CLASSES, OUTPUTS[0], r"anchor outputs` must have 2 dimension\(s\); got shape \(2,\)"),
        (CLASSES[:2], OUTPUTS, r"anchor labels .* one row per item each; got shapes \(2,\) and"),
        (np.zeros((4, 1, 2)), OUTPUTS, r"\(batch,\) or \(batch, classes\); got \(4, 1, 2\)"),
    ],
)
def test_refused(labels, outputs, message):
    with pytest.raises(ValueError, match=message):
        match(labels, outputs, CLASSES, OUTPUTS)
    with pytest.raises(ValueError, match=message.replace("anchor", "reference")):
        match(CLASSES, OUTPUTS, labels, outputs)


def test_families_share_the_base():
    for family in (losses.PairwiseLoss, losses.HistogramLoss, losses.TripletLoss):
        assert issubclass(family, AnchorLoss)
        assert family.call is AnchorLoss.call


def test_a_loss_of_ones_own():
    class Products(AnchorLoss):
        def rows(self, anchor_labels, anchors, reference_labels, references, positions=None):
            return ops.sum(ops.matmul(anchors, ops.transpose(references)), axis=-1)

    outputs = np.array([[1.0, 2.0], [0.0, -1.0]], "float32")
    # Products with all rows: 5 - 2 and -2 + 1; their mean is 1.
    assert float(Products()(np.arange(2), outputs)) == 1.0
    with pytest.raises(NotImplementedError, match="AnchorLoss must define `rows`"):
        AnchorLoss()(np.arange(2), outputs)
