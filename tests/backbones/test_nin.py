"""Network in Network: both layouts' sizes, a forward pass by hand, saving, errors."""

import keras
import numpy as np
import pytest

from keras_hashing.backbones import nin


@pytest.mark.parametrize("image_size", [224, 227])
def test_large_layout_has_the_published_sides(image_size):
    model = nin.build(image_size, channels=50)
    sides = [model.get_layer(f"block{block}_mix").output.shape[1] for block in (1, 2, 3, 4)]
    # (224 - 11) / 4 + 1 = 54 and (227 - 11) / 4 + 1 = 55; both pool to 27
    assert sides == [image_size // 4 - 2 + image_size % 2, 27, 13, 6]
    assert model.output_shape == (None, 50)


def test_large_layout_has_the_stated_weights():
    model = nin.build(224, channels=100)
    kernels = [layer.get_weights()[0].shape for layer in model.layers if layer.weights]
    assert kernels == [
        (11, 11, 3, 96),
        (1, 1, 96, 96),
        (5, 5, 96, 256),
        (1, 1, 256, 256),
        (3, 3, 256, 384),
        (1, 1, 384, 384),
        (3, 3, 384, 100),
        (1, 1, 100, 100),
    ]


def test_small_layout_has_the_stated_weights_and_sides():
    model = nin.build(32, channels=48 * nin.FEATURES_PER_BIT)
    kernels = [layer.get_weights()[0].shape for layer in model.layers if layer.weights]
    assert kernels == [
        (5, 5, 3, 96),
        (1, 1, 96, 96),
        (5, 5, 96, 192),
        (1, 1, 192, 192),
        (3, 3, 192, 192),
        (1, 1, 192, 2400),
    ]
    sides = [model.get_layer(f"block{block}_mix").output.shape[1] for block in (1, 2, 3)]
    assert sides == [32, 16, 8]


def test_layouts_meet_at_96_pixels():
    assert nin.build(95, channels=1).get_layer("block1_conv").strides == (1, 1)
    assert nin.build(96, channels=1).get_layer("block1_conv").strides == (4, 4)


def test_features_are_the_mean_of_the_last_map():
    model = nin.build(8, channels=20)
    images = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    last = keras.Model(model.input, model.get_layer("block3_mix").output)
    features = np.asarray(model(images))
    np.testing.assert_allclose(features, np.asarray(last(images)).mean(axis=(1, 2)), rtol=1e-5)
    assert features.dtype == np.float32
    assert (features >= 0).all()


def test_a_one_by_one_convolution_mixes_the_channels_of_each_pixel():
    model = nin.build(8, channels=20)
    mix = model.get_layer("block1_mix")
    maps = np.random.default_rng(1).normal(0, 1, (1, 8, 8, 96)).astype("float32")
    kernel, bias = mix.get_weights()
    expected = np.maximum(maps @ kernel[0, 0] + bias, 0)
    np.testing.assert_allclose(np.asarray(mix(maps)), expected, atol=1e-4)


@pytest.mark.parametrize("image_size", [8, 96])
def test_saved_model_gives_the_same_features(image_size, tmp_path):
    model = nin.build(image_size, channels=10)
    images = np.random.default_rng(2).uniform(0, 255, (2, image_size, image_size, 3))
    images = images.astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(model(images)))


def test_weights_have_one_path_each_and_the_same_on_a_second_build():
    paths = [variable.path for variable in nin.build(32).weights]
    assert len(set(paths)) == len(paths)
    assert paths == [variable.path for variable in nin.build(32).weights]


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"`image_size` must be at least 8; got 4\. Use 227"):
        nin.build(4)
    with pytest.raises(ValueError, match=r"`channels` must be at least 1; got 0\. Use 50 times"):
        nin.build(32, channels=0)
    with pytest.raises(TypeError, match=r"`channels` must be a whole number; got 2.5 \(float\)"):
        nin.build(32, channels=2.5)
