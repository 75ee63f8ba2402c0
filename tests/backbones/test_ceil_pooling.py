"""Caffe's pooling against a slow loop, at even and odd sides."""

import math

import keras
import numpy as np
import pytest

from keras_hashing.backbones.ceil_pooling import max_pool


def slow(maps):
    """Caffe's pooling: windows rounded up, each clipped at the edge."""
    n, side, _, channels = maps.shape
    pooled = math.ceil((side - 3) / 2) + 1
    outputs = np.empty((n, pooled, pooled, channels), maps.dtype)
    for row in range(pooled):
        for column in range(pooled):
            window = maps[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            outputs[:, row, column] = window.max(axis=(1, 2))
    return outputs


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6, 13, 14, 27, 54, 55])
def test_equals_the_slow_loop(side):
    inputs = keras.Input((side, side, 2))
    model = keras.Model(inputs, max_pool(inputs, "pool"))
    # negative values only: a window padded with zeros would show
    maps = -np.random.default_rng(side).uniform(1, 2, (2, side, side, 2)).astype("float32")
    np.testing.assert_array_equal(np.asarray(model(maps)), slow(maps))
