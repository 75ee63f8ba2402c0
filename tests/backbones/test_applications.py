"""Every name of `keras.applications` as a backbone: right normalization, raw images in."""

import keras
import numpy as np
import pytest

from keras_hashing import backbones

# One for each of the three ways in which keras.applications normalizes: to [-1, 1], by
# subtracting means in the order blue, green, red, by mean and deviation; and one that
# normalizes inside.
NORMALIZATIONS = {
    "MobileNetV2": keras.applications.mobilenet_v2,
    "VGG16": keras.applications.vgg16,
    "DenseNet121": keras.applications.densenet,
    "EfficientNetB0": keras.applications.efficientnet,
}

EVERY_NAME = sorted(
    name
    for name, value in vars(keras.applications).items()
    if callable(value) and name[0].isupper()
)


def random_images(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (2, size, size, 3)).astype("float32")


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_features_are_those_of_the_application_behind_its_own_normalization(name):
    keras.utils.set_random_seed(0)
    backbone = backbones.get(name, image_size=64)
    builder = getattr(keras.applications, name)
    reference = builder(include_top=False, weights=None, pooling="avg", input_shape=(64, 64, 3))
    assert len(reference.weights) == len(backbone.weights)
    reference.set_weights(backbone.get_weights())
    images = random_images(64)
    normalized = NORMALIZATIONS[name].preprocess_input(images.copy())
    expected = np.asarray(reference(normalized))
    features = np.asarray(backbone(images))
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert np.std(features) > 0


def test_default_size_is_224_and_any_size_and_gray_are_taken():
    backbone = backbones.get("MobileNetV2")
    assert backbone.image_size == 224
    gray = random_images(40)[..., :1].astype("uint8")
    features = np.asarray(backbone(gray))
    assert features.shape == (2, 1280)
    repeated = np.asarray(backbone(np.repeat(gray, 3, axis=-1)))
    np.testing.assert_allclose(repeated, features, rtol=1e-4, atol=1e-7)


def test_saved_backbone_gives_the_same_features(tmp_path):
    # VGG's normalization turns the channels around, an operation that must survive saving.
    backbone = backbones.get("VGG16", image_size=32)
    backbone.save(tmp_path / "backbone.keras")
    loaded = keras.saving.load_model(tmp_path / "backbone.keras")
    images = random_images(32)
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(backbone(images)))


def test_a_near_name_is_suggested():
    with pytest.raises(ValueError, match=r"unknown value 'MobilNetV2'.*'MobileNetV2'"):
        backbones.get("MobilNetV2")


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_name_builds(name):
    keras.backend.clear_session()
    backbone = backbones.get(name, image_size=96)
    assert backbone.image_size == 96
    assert len(backbone.output_shape) == 2
    assert backbone.output_shape[1] >= 256
