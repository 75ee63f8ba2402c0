"""`backbones.get`: names, models, sizes, and what it refuses."""

import keras
import numpy as np
import pytest

from keras_hashing import backbones


def test_a_users_model_keeps_its_size_and_maps_are_averaged():
    inputs = keras.Input((10, 10, 3))
    maps = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    backbone = backbones.get(keras.Model(inputs, maps, name="own"))
    images = np.random.default_rng(0).integers(0, 256, (3, 10, 10, 3)).astype("float32")
    expected = np.asarray(keras.Model(inputs, maps)(images)).mean((1, 2))
    np.testing.assert_allclose(backbone(images), expected, rtol=1e-5, atol=1e-4)
    assert backbone.image_size == 10


def test_a_model_of_any_size_takes_the_size_asked_for():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(inputs))
    assert backbones.get(model).image_size == 224
    assert backbones.get(model, image_size=32).image_size == 32


def test_pretrained_false_gives_other_weights():
    shipped = backbones.get("efficientnet_lite0", image_size=32)
    random = backbones.get("efficientnet_lite0", image_size=32, pretrained=False)
    assert [w.path for w in shipped.weights] == [w.path for w in random.weights]
    kernel, other = (np.asarray(m.weights[0]) for m in (shipped, random))
    assert not np.allclose(kernel, other)


def test_a_damaged_backbone_file_is_named(monkeypatch, tmp_path):
    from keras_hashing import resources

    original = resources.zoo_path("backbones", "efficientnet_lite0.safetensors").read_bytes()
    (tmp_path / "damaged").write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    monkeypatch.setattr(resources, "zoo_path", lambda *parts: tmp_path / "damaged")
    with pytest.raises(ValueError, match="damaged or was changed: its SHA-256"):
        backbones.get("efficientnet_lite0", image_size=32)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("efficientnet_lite3", "efficientnet_lite"),
        ("ResNet5", "'ResNet50'"),
        ("", "unknown value ''"),
    ],
)
def test_unknown_names_get_the_nearest(name, message):
    with pytest.raises(ValueError, match=message):
        backbones.get(name)


def test_weights_that_do_not_exist():
    with pytest.raises(ValueError, match="no pretrained weights of 'small_cnn'"):
        backbones.get("small_cnn", pretrained=True)


def test_what_is_no_backbone():
    with pytest.raises(TypeError, match="must be a name or a keras.Model"):
        backbones.get(3)
    vector = keras.Input((5,))
    with pytest.raises(ValueError, match="must take images"):
        backbones.get(keras.Model(vector, keras.layers.Dense(2)(vector)))
    inputs = keras.Input((10, 10, 3))
    model = keras.Model(inputs, keras.layers.Flatten()(inputs))
    with pytest.raises(ValueError, match="the given backbone takes 10"):
        backbones.get(model, image_size=12)
    odd = keras.Model(inputs, keras.layers.Reshape((10, 30))(inputs))
    with pytest.raises(ValueError, match="must return features"):
        backbones.get(odd)
