"""The loss that stands for a method's own: a weighted mean, whatever the labels."""

import numpy as np

from keras_hashing.methods.method_loss import MethodLoss


def test_mean_and_weights():
    values = np.array([1.0, 3.0], "float32")
    assert float(MethodLoss()(np.zeros(2), values)) == 2.0
    # (1 * 1 + 3 * 0) / 2
    assert float(MethodLoss()(np.zeros(2), values, sample_weight=np.array([1.0, 0.0]))) == 0.5
