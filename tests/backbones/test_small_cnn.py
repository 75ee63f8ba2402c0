"""The small network: sizes, range of the features, and that it learns real images."""

import keras
import numpy as np
import pytest

from keras_hashing.backbones import small_cnn


@pytest.mark.parametrize("image_size", [8, 28, 32])
def test_features_have_the_stated_shape_and_sign(image_size):
    images = np.random.default_rng(0).uniform(0, 255, (3, image_size, image_size, 3))
    features = np.asarray(small_cnn.build(image_size)(images.astype("float32")))
    assert features.shape == (3, 128)
    assert features.dtype == np.float32
    assert (features >= 0).all()
    assert features.max() > 0


def test_parameter_count_is_the_sum_over_convolutions():
    # 3x3 kernels: 9 * in * out + out for 3-32, 32-32, 32-64, 64-64, 64-128, 128-128
    widths = [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    expected = sum(9 * inputs * outputs + outputs for inputs, outputs in widths)
    assert small_cnn.build(32).count_params() == expected == 287_008


def test_mean_gray_reaches_the_first_convolution_as_zero():
    model = small_cnn.build(8)
    rescaled = keras.Model(model.input, model.get_layer("rescaling").output)
    values = np.asarray(rescaled(np.full((1, 8, 8, 3), 128, "float32")))
    np.testing.assert_array_equal(values, 0)


def test_weights_have_one_path_each_and_the_same_on_a_second_build():
    paths = [variable.path for variable in small_cnn.build(32).weights]
    assert len(set(paths)) == len(paths)
    assert paths == [variable.path for variable in small_cnn.build(32).weights]


def test_saved_model_gives_the_same_features(tmp_path):
    model = small_cnn.build(28)
    images = np.random.default_rng(1).uniform(0, 255, (2, 28, 28, 3)).astype("float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(model(images)))


@pytest.mark.data
def test_fashion_mnist_is_learned_in_three_epochs(real_data):
    import tensorflow_datasets as tfds

    parts = tfds.load("fashion_mnist", split=["train", "test"], data_dir=real_data, batch_size=-1)
    (images, labels), (test_images, test_labels) = (
        (np.repeat(part["image"], 3, axis=-1), part["label"]) for part in tfds.as_numpy(parts)
    )
    keras.utils.set_random_seed(0)
    model = keras.Sequential([small_cnn.build(28), keras.layers.Dense(10)])
    rate = keras.optimizers.schedules.CosineDecay(2e-3, 3 * len(images) // 128)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate), loss=loss, metrics=["accuracy"])
    model.fit(images, labels, batch_size=128, epochs=3, verbose=0)
    assert model.evaluate(test_images, test_labels, verbose=0)[1] > 0.89
