"""The mean of a method's own values, weighted as Keras weighs losses."""

import numpy as np
import pytest

from keras_hashing.methods import MethodLoss


def test_mean_of_values_with_weights():
    values, weights = np.array([1.0, 2.0, 6.0]), np.array([1.0, 0.0, 2.0])
    assert float(MethodLoss()(np.zeros(3), values)) == pytest.approx(3.0)
    # (1 * 1 + 0 * 2 + 2 * 6) / 3 items
    assert float(MethodLoss()(np.zeros(3), values, weights)) == pytest.approx(13 / 3)
