"""A convolution with folded batch norm equals Keras' two layers, and trains the same kernel."""

import keras
import numpy as np
import pytest

from keras_hashing.backbones.frozen_norm_conv import FrozenNormConv


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize(("side", "strides"), [(8, 1), (8, 2), (9, 2)])
def test_equals_convolution_and_batch_norm(depthwise, side, strides):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, side, side, 4)).astype("float32")
    if depthwise:
        convolution = keras.layers.DepthwiseConv2D(3, strides, "same", use_bias=False)
    else:
        convolution = keras.layers.Conv2D(6, 3, strides, "same", use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-3)
    norm(convolution(x))
    channels = 4 if depthwise else 6
    gamma, beta, mean = rng.normal(size=(3, channels))
    variance = rng.uniform(0.5, 2, channels)
    norm.set_weights([gamma, beta, mean, variance])
    layer = FrozenNormConv(None if depthwise else 6, 3, strides)
    folded = layer(x)
    scale = gamma / np.sqrt(variance + 1e-3)
    layer.kernel.assign(convolution.kernel)
    layer.scale.assign(scale)
    layer.bias.assign(beta - mean * scale)
    np.testing.assert_allclose(layer(x), norm(convolution(x), training=False), atol=1e-5)
    assert layer.compute_output_shape((None, side, side, 4)) == (None, *folded.shape[1:])
    assert [w.name for w in layer.trainable_weights] == ["kernel"]


def test_saves_and_loads(tmp_path):
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, FrozenNormConv(2, 3, 2, name="conv")(inputs))
    model.layers[1].scale.assign([0.5, 3.0])
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 3)).astype("float32")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")(x), model(x))
