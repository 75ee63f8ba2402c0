"""CaffeNet: the published sizes, its grouped convolutions, its normalization, saving."""

import keras
import numpy as np
import pytest

from keras_hashing.backbones import alexnet

SMALL = 67


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    return alexnet.build(SMALL)


def random_images(seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (2, SMALL, SMALL, 3)).astype("float32")


def part(model, first, last):
    """The model between two of its layers' outputs."""
    return keras.Model(model.get_layer(first).output, model.get_layer(last).output)


def test_sides_and_parameters_are_those_published():
    model = alexnet.build(alexnet.DEFAULT_IMAGE_SIZE)
    shapes = {
        "conv1": (55, 55, 96),
        "pool1": (27, 27, 96),
        "norm1": (27, 27, 96),
        "conv2": (27, 27, 256),
        "pool2": (13, 13, 256),
        "conv3": (13, 13, 384),
        "conv4": (13, 13, 384),
        "conv5": (13, 13, 256),
        "pool5": (6, 6, 256),
        "fc6": (4096,),
        "fc7": (4096,),
    }
    assert {name: model.get_layer(name).output.shape[1:] for name in shapes} == shapes
    # Kernel area * inputs * outputs + biases; a grouped convolution sees half of the inputs.
    convolutions = [(121 * 3, 96), (25 * 48, 256), (9 * 256, 384), (9 * 192, 384), (9 * 192, 256)]
    dense = [(6 * 6 * 256, 4096), (4096, 4096)]
    assert model.count_params() == sum(a * b + b for a, b in convolutions + dense) == 56_868_224


def test_features_are_nonnegative_and_independent_of_the_rest_of_the_batch(small):
    images = random_images()
    features = np.asarray(small(images))
    assert features.shape == (2, 4096)
    assert features.dtype == np.float32
    assert (features >= 0).all()
    np.testing.assert_allclose(np.asarray(small(images[1:])), features[1:], rtol=1e-4, atol=1e-4)


def test_the_mean_colour_becomes_zero_and_nothing_is_scaled(small):
    subtract = keras.Model(small.input, small.get_layer("subtract_mean").output)
    images = np.tile(np.array([123, 117, 104], "float32"), (1, SMALL, SMALL, 1))
    np.testing.assert_array_equal(np.asarray(subtract(images)), 0)
    images[..., 2] += 50  # blue
    np.testing.assert_array_equal(np.asarray(subtract(images))[0, 0, 0], [0, 0, 50])


def test_each_half_of_the_filters_sees_its_half_of_the_channels(small):
    convolve = part(small, "norm1", "conv2")
    maps = np.random.default_rng(1).normal(0, 1, (1, *small.get_layer("norm1").output.shape[1:]))
    maps = maps.astype("float32")
    before = np.asarray(convolve(maps))
    maps[..., 48:] += 1.0
    after = np.asarray(convolve(maps))
    np.testing.assert_array_equal(after[..., :128], before[..., :128])
    assert (after[..., 128:] != before[..., 128:]).any()


def test_halves_equal_a_grouped_convolution(small):
    maps = np.random.default_rng(2).normal(0, 1, (1, *small.get_layer("norm1").output.shape[1:]))
    maps = maps.astype("float32")
    halves = [small.get_layer(f"conv2_{side}") for side in "ab"]
    grouped = keras.layers.Conv2D(256, 5, padding="same", groups=2, activation="relu")
    grouped.build(maps.shape)
    grouped.set_weights(
        [np.concatenate([half.get_weights()[i] for half in halves], axis=-1) for i in (0, 1)]
    )
    expected = np.asarray(grouped(maps))
    np.testing.assert_allclose(np.asarray(part(small, "norm1", "conv2")(maps)), expected, atol=1e-4)


def test_no_layer_is_a_grouped_convolution(small):
    # TensorFlow Serving answers each request to one with an error.
    groups = [layer.groups for layer in small.layers if hasattr(layer, "groups")]
    assert groups == [1] * 8


def test_dropout_acts_in_training_only(small):
    images = random_images()
    np.testing.assert_array_equal(np.asarray(small(images)), np.asarray(small(images)))
    kept = np.asarray(small(images, training=True)) > 0
    usual = np.asarray(small(images)) > 0
    assert kept.mean() < 0.75 * usual.mean()


def test_weights_have_one_path_each_and_the_same_on_a_second_build(small):
    paths = [variable.path for variable in small.weights]
    assert len(set(paths)) == len(paths) == 20
    assert paths == [variable.path for variable in alexnet.build(SMALL).weights]


def test_saved_model_gives_the_same_features(small, tmp_path):
    small.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    images = random_images(3)
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(small(images)))


def test_the_smallest_side_builds_and_smaller_ones_are_refused():
    assert alexnet.build(39).output_shape == (None, 4096)
    with pytest.raises(ValueError, match=r"`image_size` must be at least 39; got 38\. Use 227"):
        alexnet.build(38)
