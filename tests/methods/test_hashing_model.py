"""The base of all methods: building, configuration, saving, and the images that it takes."""

import json

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.methods import DHN, HashingModel


def images(n=6, side=16, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3)).astype("uint8")


def tiny_backbone():
    inputs = keras.Input((16, 16, 3))
    return keras.Model(inputs, keras.layers.Conv2D(5, 3, name="conv")(inputs), name="tiny")


def test_outputs_follow_features_and_head():
    model = DHN(bits=7, backbone=tiny_backbone())
    batch = images()
    features = np.asarray(model.backbone(batch))
    head = model.head.get_layer("hash")
    expected = np.tanh(features @ np.asarray(head.kernel) + np.asarray(head.bias))
    np.testing.assert_allclose(model.predict(batch, verbose=0), expected, rtol=1e-4)
    assert features.shape == (6, 5)
    assert (model.bits, model.image_size, model.method) == (7, 16, "dhn")


def test_base_class_has_no_loss():
    model = HashingModel(4, backbone=None)
    model.compile()
    with pytest.raises(NotImplementedError, match="must define `default_loss` or `item_losses`"):
        model.fit(np.zeros((3, 2), "float32"), np.arange(3), verbose=0)


class Pull(HashingModel):
    """Pulls outputs to the number of classes, which it learns from all labels."""

    needs_labels = True

    def prepare(self, labels):
        self.target = float(labels.max() + 1)

    def item_losses(self, images, labels, outputs, training):
        return keras.ops.mean(keras.ops.square(outputs - self.target), axis=-1)


def test_own_item_losses_are_averaged_with_weights_and_regularizers():
    features = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    weights = np.array([0, 1, 2, 0, 1, 1.0])
    model = Pull(bits=5, backbone=None)
    model.head.layers[-1].kernel_regularizer = keras.regularizers.L2(0.1)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(features, np.arange(6) % 4, sample_weight=weights, verbose=0)
    values = ((model.predict(features, verbose=0) - 4.0) ** 2).mean(axis=1)
    kernel = np.asarray(model.head.layers[-1].kernel)
    expected = (weights * values).sum() / 6 + 0.1 * (kernel**2).sum()
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-5)
    found = model.evaluate(features, np.arange(6), sample_weight=weights, verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_frozen_backbone_stays_as_it_was():
    model = DHN(bits=4, backbone=tiny_backbone(), train_backbone=False)
    before = model.backbone.get_weights()
    kernel = np.asarray(model.head.get_layer("hash").kernel)
    model.compile("adam")
    model.fit(images() // 64, np.arange(6) % 2, verbose=0)
    for one, other in zip(before, model.backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(kernel, np.asarray(model.head.get_layer("hash").kernel))
    assert model.get_config()["train_backbone"] is False


def test_gray_images_equal_repeated_ones():
    model = DHN(bits=4, backbone=tiny_backbone())
    gray = images()[..., :1]
    np.testing.assert_array_equal(
        model.predict(gray, verbose=0), model.predict(np.repeat(gray, 3, -1), verbose=0)
    )


def test_any_size_is_resized_as_the_host_resizes():
    from keras_hashing.data import resize

    model = DHN(bits=4, backbone=tiny_backbone())
    large = images(side=40)
    by_hand = np.stack([resize(image, 16) for image in large])
    np.testing.assert_allclose(
        model.predict(large, verbose=0), model.predict(by_hand, verbose=0), atol=1e-5
    )


def test_model_of_features_trains_and_saves(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = (rng.normal(size=(3, 8))[labels] * 3 + rng.normal(size=(60, 8))).astype("float32")
    model = DHN(bits=12, backbone=None, hidden=16, dropout=0.1)
    model.compile("adamw")
    first, *_, last = model.fit(features, labels, epochs=8, batch_size=20, verbose=0).history[
        "loss"
    ]
    assert last < first
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.predict(features, verbose=0), model.predict(features, verbose=0)
    )
    assert loaded.get_config() == model.get_config()


def test_model_of_images_saves_with_its_backbone(tmp_path):
    model = DHN(bits=9, backbone=tiny_backbone(), variant="q", alpha=0.5)
    model.compile("sgd")
    model.fit(images(8), np.arange(8) % 2, batch_size=3, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(images(), verbose=0), model.predict(images(), verbose=0), atol=1e-6
    )
    assert (loaded.variant, loaded.alpha) == ("q", 0.5)
    assert loaded.loss.get_config() == model.loss.get_config()
    loaded.fit(images(8), np.arange(8) % 2, batch_size=4, verbose=0)


def test_a_file_does_not_say_whether_xla_compiles(tmp_path):
    model = DHN(bits=4, backbone=tiny_backbone())
    model.compile("adam", jit_compile=True)  # as Keras decides on JAX or a GPU
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    fresh = DHN(bits=4, backbone=tiny_backbone())
    fresh.compile("adam")
    assert model.jit_compile and loaded.jit_compile == fresh.jit_compile
    other_size = images(side=20)  # XLA has no resizing on CPUs
    assert kh.encode(loaded, other_size).shape == (6, 1)


def test_named_backbone_config_is_plain_json_and_fetches_nothing():
    model = DHN(bits=8, backbone="small_cnn", image_size=16)
    config = model.get_config()
    assert json.loads(json.dumps(config)) == config
    again = DHN.from_config(config)
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]
    assert [w.path for w in again.weights] == [w.path for w in model.weights]


def test_load_names_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no model file"):
        kh.load(tmp_path / "absent.keras")
    (tmp_path / "model.h5").write_text("x")
    with pytest.raises(ValueError, match=r"must be a \.keras file"):
        kh.load(tmp_path / "model.h5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bits": 0}, "`bits` must be between 1 and 4096; got 0"),
        ({"bits": 8, "variant": "x"}, "`variant` got the unknown value 'x'"),
        ({"bits": 8, "dropout": 1.0}, "`dropout` must be between"),
        ({"bits": 8, "image_size": 32}, "with `backbone=None`"),
        ({"bits": 8, "quantization_weight": -1.0}, "`quantization_weight` must be at least"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        DHN(backbone=None, **arguments)


def test_bits_must_be_whole():
    with pytest.raises(TypeError, match="`bits` must be a whole number; got 4.5"):
        DHN(bits=4.5, backbone=None)
