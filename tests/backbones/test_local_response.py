"""Caffe's local response normalization against a slow loop and a value by hand."""

import keras
import numpy as np
import pytest

from keras_hashing.backbones.local_response import LocalResponseNormalization


def slow(inputs, size, alpha, beta):
    """The definition, one value at a time, in float64."""
    flat = inputs.astype("float64").reshape(-1, inputs.shape[-1])
    outputs = np.empty_like(flat)
    for row in range(flat.shape[0]):
        for channel in range(flat.shape[1]):
            total = 0.0
            for other in range(channel - size // 2, channel + size // 2 + 1):
                if 0 <= other < flat.shape[1]:
                    total += flat[row, other] ** 2
            outputs[row, channel] = flat[row, channel] / (1 + alpha / size * total) ** beta
    return outputs.reshape(inputs.shape)


def test_value_by_hand():
    # size 3, alpha 3, beta 1: channel sums of squares are 1 + 4, 1 + 4 + 4, 4 + 4
    layer = LocalResponseNormalization(size=3, alpha=3.0, beta=1.0)
    outputs = np.asarray(layer(np.array([[1.0, 2.0, 2.0]], "float32")))
    np.testing.assert_allclose(outputs, [[1 / 6, 2 / 10, 2 / 9]], rtol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_equals_the_slow_loop(size):
    inputs = np.random.default_rng(size).normal(0, 50, (2, 3, 4, 7)).astype("float32")
    outputs = LocalResponseNormalization(size=size, alpha=0.01)(inputs)
    np.testing.assert_allclose(np.asarray(outputs), slow(inputs, size, 0.01, 0.75), rtol=2e-6)


def test_large_values_in_half_precision_stay_finite():
    # 1,000 squared is beyond float16's largest number, 65,504
    inputs = np.full((1, 2, 2, 8), 1000, "float32")
    outputs = LocalResponseNormalization(dtype="float16")(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float16"
    np.testing.assert_allclose(np.asarray(outputs), slow(inputs, 5, 1e-4, 0.75), rtol=2e-3)


def test_config_and_file_round_trip(tmp_path):
    layer = LocalResponseNormalization(size=3, alpha=0.5, beta=0.6, name="norm")
    assert LocalResponseNormalization.from_config(layer.get_config()).get_config() == (
        layer.get_config()
    )
    model = keras.Sequential([keras.Input((2, 2, 4)), layer])
    model.save(tmp_path / "model.keras")
    inputs = np.random.default_rng(0).normal(0, 5, (2, 2, 2, 4)).astype("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(inputs)), np.asarray(model(inputs)))


def test_errors_name_the_size():
    with pytest.raises(ValueError, match=r"`size` must be odd, .*; got 4. Use 5\."):
        LocalResponseNormalization(size=4)
    with pytest.raises(ValueError, match=r"`size` must be at least 1; got 0\. Use 5"):
        LocalResponseNormalization(size=0)
