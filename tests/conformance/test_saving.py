"""No model is lost: every method, saved, cloned and exported in the states people bring it into."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from keras_hashing import layers, methods

CHANNELS, BITS = 8, 4
SMALL: dict[str, dict] = {
    "semantic": {"hidden": (6,), "epochs": 1, "pretraining_epochs": 1},
    "ksh": {"anchors": 10},
}
FEATURES = np.random.default_rng(0).normal(size=(30, CHANNELS)).astype("float32")
LABELS = np.arange(30) % 3
BY_FIT = [name for name, method in methods.NAMES.items() if not method.adapts]
OWN_HEAD = ["dhn", "usdh", "cnnh", "csq"]  # methods that do not make their own
POLICIES = ["mixed_float16", "bfloat16", "float64"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*without a backbone"),
    pytest.mark.filterwarnings("ignore:.*does not have a `quantize` method"),
]


@pytest.fixture
def policy():
    """Sets the session's dtype policy, and sets it back."""
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


def ready(name, **arguments):
    """A model whose weights are all there, without training."""
    keras.utils.set_random_seed(5)
    arguments = {"bits": BITS, "backbone": None, **SMALL.get(name, {}), **arguments}
    return see(methods.get(name)(**arguments))


def see(model):
    if model.adapts:
        model.adapt(FEATURES, *([LABELS] if model.needs_labels else []))
        return model
    if model.needs_labels:
        model.prepare(LABELS)
    model(FEATURES[:2])
    return model


def check(model, tmp_path):
    """Outputs and configuration are the same in what is loaded and in a clone."""
    expected = np.asarray(model(FEATURES))
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(FEATURES)), expected)
    config = json.dumps(model.get_config())
    assert json.dumps(loaded.get_config()) == config
    clone = keras.models.clone_model(model)
    assert json.dumps(clone.get_config()) == config
    see(clone).set_weights(model.get_weights())
    np.testing.assert_array_equal(np.asarray(clone(FEATURES)), expected)


@pytest.mark.parametrize("name", methods.NAMES)
def test_plain_under_another_policy(name, policy, tmp_path):
    model = ready(name)
    policy("mixed_float16")
    check(model, tmp_path)


@pytest.mark.parametrize("made_under", POLICIES)
@pytest.mark.parametrize("name", ["dhn", "dnnh", "orthohash", "mixed", "deepbit", "itq"])
def test_made_under_a_policy(name, made_under, policy, tmp_path):
    policy(made_under)
    model = ready(name, **({} if name == "itq" else {"hidden": 6}))
    policy("float32")
    check(model, tmp_path)


def test_policies_of_single_layers(policy, tmp_path):
    model = ready("dhn", hidden=6)
    model.head.get_layer("hidden").dtype_policy = "mixed_bfloat16"
    policy("float64")
    check(model, tmp_path)
    half = keras.dtype_policies.DTypePolicy("bfloat16")
    policy(keras.dtype_policies.DTypePolicyMap("float32", {"dhn/head/hidden": half}))
    model = ready("dhn", hidden=6)
    assert model.head.get_layer("hidden").compute_dtype == "bfloat16"
    policy("float32")
    check(model, tmp_path)


def test_the_argument_dtype_is_the_session_s_policy(policy):
    given = ready("dhn", hidden=6, dtype="mixed_bfloat16")
    policy("mixed_bfloat16")
    np.testing.assert_array_equal(given(FEATURES), ready("dhn", hidden=6)(FEATURES))


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_quantized_modes(mode, tmp_path):
    model = ready("dhn", hidden=6)
    model.quantize(mode)
    assert model.head.get_layer("hash").quantization_mode == mode
    check(model, tmp_path)


@pytest.mark.parametrize("name", BY_FIT)
def test_quantized(name, policy, tmp_path):
    model = ready(name, hidden=6)
    model.quantize("int8")
    policy("bfloat16")
    check(model, tmp_path)


def test_lora_alone_and_on_quantized_layers(tmp_path):
    for mode in (None, "int8"):
        model = ready("dhn", hidden=6)
        if mode:
            model.quantize(mode)
        last = model.head.get_layer("hash")
        last.enable_lora(2)
        last.lora_kernel_b.assign(np.ones(last.lora_kernel_b.shape))
        expected = np.asarray(model(FEATURES))
        model.save(tmp_path / "model.keras")
        loaded = kh.load(tmp_path / "model.keras")
        # A file has the sum, rounded to whole steps where the kernel is quantized.
        np.testing.assert_allclose(loaded(FEATURES), expected, atol=0.05 if mode else 1e-6)
        assert loaded.head.get_layer("hash").lora_enabled
        assert len(loaded.trainable_weights) == len(model.trainable_weights)


@pytest.mark.parametrize("name", OWN_HEAD)
def test_own_head(name, policy, tmp_path):
    head = [
        keras.layers.Dense(5, "relu"),
        layers.HashHead(BITS, kernel_regularizer=keras.regularizers.L2(0.1)),
    ]
    model = ready(name, hidden=6, dropout=0.1, head=head)
    policy("mixed_bfloat16")
    check(model, tmp_path)


def own_network():
    inputs = keras.Input((12, 12, 3))
    maps = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(inputs))
    return keras.Model(inputs, keras.layers.Dense(6)(maps))


@pytest.mark.parametrize("kind", ["quantized", "half"])
def test_own_backbones(kind, policy, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3)).astype("float32")
    policy("mixed_float16" if kind == "half" else "float32")
    model = methods.DHN(bits=BITS, backbone=own_network(), hidden=5)
    if kind == "quantized":
        model.quantize("int8")
    policy("float64")
    expected = np.asarray(model(images))
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(images)), expected)
    assert loaded.get_config() == model.get_config()


def test_nested_lengths_share_quantized_layers(tmp_path):
    model = see(methods.Nested("csq", bits=(BITS, 2 * BITS), backbone=None, hidden=6))
    model.quantize("int8")
    check(model, tmp_path)
    for length in model.lengths:
        cut = np.asarray(model(FEATURES))[:, :length]
        np.testing.assert_array_equal(np.asarray(model.prefix(length)(FEATURES)), cut)


def test_nested_models_do_not_cut_an_own_head(tmp_path):
    head = [keras.layers.Dense(5), layers.HashHead(8)]
    model = see(methods.Nested("dhn", bits=(4, 8), backbone=None, head=head))
    check(model, tmp_path)
    with pytest.raises(ValueError, match="`prefix` cannot cut a `head` of your own"):
        model.prefix(4)


class Unstorable(keras.layers.Layer):
    """A layer whose configuration forgets an argument."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return super().get_config()


def test_a_head_that_no_file_holds_is_refused(tmp_path):
    model = ready("dhn", head=[Unstorable(BITS)])
    with pytest.raises(ValueError, match="of `head`, a Unstorable, could not be loaded from a fi"):
        model.save(tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()
    with pytest.raises(ValueError, match=r"outputs of shape \(batch, 4\), one per bit; got"):
        ready("dhn", head=[keras.layers.Dense(5)])
    with pytest.raises(TypeError, match="`head` must be a list of layers; got <Dense"):
        ready("dhn", head=keras.layers.Dense(BITS))


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".H5"])
def test_hdf5_is_refused(suffix, tmp_path):
    model = ready("dhn")
    with pytest.raises(ValueError, match=r"must end in \.keras; got .* `save_weights`"):
        model.save(tmp_path / f"model{suffix}")
    model.save_weights(tmp_path / "model.weights.h5")


@pytest.mark.parametrize("name", methods.NAMES)
def test_export_gives_the_outputs(name, tmp_path):
    model = ready(name)
    model.export(tmp_path / "before", verbose=False)
    served = tf.saved_model.load(tmp_path / "before")
    np.testing.assert_allclose(served.serve(FEATURES), model(FEATURES), atol=1e-6)


def test_export_of_images_before_and_after_fit(tmp_path):
    model = methods.DHN(bits=BITS, backbone="small_cnn", image_size=16)
    images = np.random.default_rng(0).integers(0, 256, (6, 20, 24, 3)).astype("float32")
    for step in ("before", "after"):
        model.export(tmp_path / step, verbose=False)
        served = tf.saved_model.load(tmp_path / step)
        np.testing.assert_allclose(served.serve(images), model(images), atol=1e-5)
        model.compile("sgd")
        model.fit(images[:, :16, :16], np.arange(6) % 2, verbose=0)
