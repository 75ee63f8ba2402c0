"""Classical methods: a frozen backbone, the right hasher with its arguments, and `adapt`."""

import json

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import hashers, methods

CLASSICAL = {
    "lsh": (hashers.LSH, {"seed": 3, "center": False}),
    "superbit": (hashers.SuperBitLSH, {"depth": 2, "seed": 3, "center": False}),
    "pcah": (hashers.PCAHash, {}),
    "itq": (hashers.ITQ, {"iterations": 3, "seed": 3, "max_samples": 30}),
    "spectral": (hashers.SpectralHash, {}),
    "semantic": (
        hashers.SemanticHash,
        {
            "hidden": [7, 6],
            "threshold": "median",
            "noise": 2.0,
            "pretraining_epochs": 2,
            "epochs": 3,
            "seed": 3,
            "max_samples": 20,
        },
    ),
    "ksh": (hashers.KSH, {"anchors": 6, "labelled": 20, "seed": 3}),
}
every_method = pytest.mark.parametrize("name", CLASSICAL)


def tiny_backbone():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((10, 10, 3))
    maps = keras.layers.Conv2D(8, 3, activation="relu", name="conv")(inputs)
    return keras.Model(inputs, maps, name="tiny")


def images(count=24):
    return np.random.default_rng(0).integers(0, 256, (count, 10, 10, 3)).astype("uint8")


def make(name, backbone=None):
    return methods.NAMES[name](bits=4, backbone=backbone, **CLASSICAL[name][1])


def labels_for(model, count=24):
    return [np.arange(count) % 3] if model.needs_labels else []


@every_method
def test_arguments_reach_the_hasher_and_the_config(name):
    kind, arguments = CLASSICAL[name]
    model = make(name)
    assert type(model.hasher) is kind
    settings = model.hasher.get_config()
    assert {key: settings[key] for key in arguments} == arguments
    config = model.get_config()
    assert json.loads(json.dumps(config)) == config
    expected = {"bits": 4, "backbone": None, "image_size": None, "name": name, **arguments}
    assert config == expected
    assert type(model).from_config(config).get_config() == config


@every_method
def test_defaults_are_those_of_the_hasher(name):
    assert (
        methods.NAMES[name](4, None).hasher.get_config()
        == CLASSICAL[name][0](4, name="hash").get_config()
    )


@every_method
def test_outputs_are_the_hasher_of_the_features(name):
    model = make(name, tiny_backbone())
    before = model.backbone.get_weights()
    model.adapt(images(), *labels_for(model))
    features = model.backbone.predict(images(), verbose=0)
    fresh = CLASSICAL[name][0](4, **CLASSICAL[name][1])
    fresh.adapt(features, *labels_for(model))
    np.testing.assert_allclose(
        model.predict(images(), verbose=0), fresh(features), rtol=1e-3, atol=1e-3
    )
    assert not model.trainable_weights
    for one, other in zip(before, model.backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (model.bits, model.image_size, model.method) == (4, 10, name)


@every_method
def test_features_without_a_backbone(name):
    features = np.random.default_rng(0).normal(size=(24, 9)).astype("float32")
    model = make(name)
    model.adapt(features, *labels_for(model))
    np.testing.assert_allclose(
        model.predict(features, verbose=0), model.hasher(features), rtol=1e-4, atol=1e-4
    )
    assert kh.encode(model, features).shape == (24, 1)


def test_who_learns_from_labels():
    supervised = {name for name in CLASSICAL if methods.NAMES[name].supervised}
    assert supervised == {name for name in CLASSICAL if methods.NAMES[name].needs_labels} == {"ksh"}


@pytest.mark.parametrize("name", ["pcah", "itq", "spectral", "semantic", "ksh"])
def test_encoding_before_adapt(name, tmp_path):
    model = make(name, tiny_backbone())
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        kh.encode(model, images())
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        kh.encode(loaded, images())
    loaded.adapt(images(), *labels_for(loaded))
    assert kh.encode(loaded, images()).shape == (24, 1)


def test_a_second_adapt_is_followed_by_traced_functions():
    model = make("pcah", tiny_backbone())
    model.adapt(images())
    kh.encode(model, images())
    model.adapt(255 - images()[:12])
    outputs = model.predict(images(), verbose=0)
    np.testing.assert_allclose(outputs, model(images()), rtol=1e-3, atol=1e-3)


def test_half_precision_backbone_features_do_not_change_codes():
    features = 100 * np.random.default_rng(0).normal(size=(60, 9)).astype("float32")
    plain = make("itq")
    plain.adapt(features)
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = make("itq")
        mixed.adapt(features)
        outputs = mixed.predict(features, verbose=0)
    finally:
        keras.config.set_dtype_policy(previous)
    np.testing.assert_array_equal(outputs, plain.predict(features, verbose=0))


def test_named_backbone_fetches_nothing_when_made_again():
    model = methods.ITQ(8, "small_cnn", image_size=16)
    config = json.loads(json.dumps(model.get_config()))
    assert (config["backbone"], config["image_size"]) == ("small_cnn", 16)
    again = methods.ITQ.from_config(config)
    assert [w.path for w in again.weights] == [w.path for w in model.weights]


def test_fit_says_what_to_call():
    with pytest.raises(NotImplementedError, match="LSH learns without gradients. Call `adapt"):
        methods.LSH(4, None).fit(np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("make_model", "message"),
    [
        (lambda: methods.ITQ(0, None), "`bits` must be between 1 and 4096; got 0"),
        (lambda: methods.LSH(4, None, image_size=16), "with `backbone=None`"),
        (lambda: methods.PCAH(9, tiny_backbone()), "`bits` must be between 1 and 8; got 9"),
        (lambda: methods.KSH(4, None, anchors=0), "`anchors` must be at least 1; got 0"),
        (lambda: methods.KSH(4, None).adapt(np.eye(5)), "KSH learns from labels; got none"),
        (lambda: methods.LSH(4, None)(np.zeros((2, 3, 4))), "`features` must have 2 dimen"),
    ],
)
def test_refused(make_model, message):
    with pytest.raises(ValueError, match=message):
        make_model()
