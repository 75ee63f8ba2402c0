import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import hashers

ROWS = np.random.default_rng(0).normal(3, 1, size=(60, 12)).astype("float32")
HASHERS = {
    "lsh": lambda: hashers.LSH(5, seed=1),
    "super_bit": lambda: hashers.SuperBitLSH(5, depth=2, seed=1),
    "pcah": lambda: hashers.PCAHash(5),
    "itq": lambda: hashers.ITQ(5, iterations=7, seed=1),
    "spectral": lambda: hashers.SpectralHash(5),
    "semantic": lambda: hashers.SemanticHash(
        5, hidden=(8, 6), threshold="median", epochs=5, seed=1
    ),
    "ksh": lambda: hashers.KSH(5, anchors=9, seed=1),
}
LINEAR = ("lsh", "super_bit", "pcah", "itq")
every_hasher = pytest.mark.parametrize("make", HASHERS.values(), ids=HASHERS)


def fit(layer, data, count=60):
    """Adapt, with labels where the hasher learns from them."""
    if isinstance(layer, hashers.KSH):
        layer.adapt(data, np.arange(count) % 3)
    else:
        layer.adapt(data)


def adapted(make):
    layer = make()
    fit(layer, ROWS)
    return layer


def test_every_public_hasher_is_listed():
    assert sorted(type(make()).__name__ for make in HASHERS.values()) == sorted(hashers.__all__)


@every_hasher
def test_config_survives_json(make):
    layer = make()
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert again.get_config() == layer.get_config()
    name = f"keras_hashing>{type(layer).__name__}"
    assert keras.saving.get_registered_name(type(layer)) == name
    fit(again, ROWS)
    np.testing.assert_array_equal(again(ROWS), adapted(make)(ROWS))


@pytest.mark.parametrize("make", [HASHERS[name] for name in LINEAR], ids=LINEAR)
def test_outputs_are_the_stated_product(make):
    layer = adapted(make)
    mean, projection, is_adapted = layer.get_weights()
    np.testing.assert_allclose(mean, ROWS.mean(axis=0), rtol=1e-6)
    assert is_adapted == 1
    outputs = layer(ROWS)
    assert (outputs.shape, outputs.dtype) == ((60, 5), "float32")
    expected = (ROWS.astype(float) - mean) @ projection.astype(float)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    assert [weight.name for weight in layer.weights] == ["mean", "projection", "adapted"]


@every_hasher
def test_outputs_and_state(make):
    layer, built = adapted(make), make()
    outputs = layer(ROWS)
    assert (outputs.shape, outputs.dtype) == ((60, 5), "float32")
    assert not layer.trainable_weights
    assert len(np.unique(np.asarray(outputs) >= 0, axis=0)) > 5
    np.testing.assert_allclose(layer(ROWS[7:8]), outputs[7:8], atol=1e-4)
    built.build((None, 12))
    shapes = [(weight.name, tuple(weight.shape), weight.dtype) for weight in built.weights]
    assert shapes == [(w.name, tuple(w.shape), w.dtype) for w in layer.weights]
    assert shapes[-1] == ("adapted", (), "int32")


@every_hasher
def test_same_seed_same_layer_however_the_data_comes(make):
    one, other = adapted(make), make()
    fit(other, tf.data.Dataset.from_tensor_slices((ROWS, np.arange(60))).batch(7))
    for weight, same in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-5)
    again = adapted(make)
    for weight, same in zip(one.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


@every_hasher
def test_a_second_fit_forgets_the_first(make):
    layer, fresh = adapted(make), make()
    fit(layer, ROWS[:30] * 2, 30)
    fit(fresh, ROWS[:30] * 2, 30)
    np.testing.assert_array_equal(layer(ROWS), fresh(ROWS))


@every_hasher
def test_call_before_adapt(make):
    layer = make()
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        layer(ROWS)
    model = keras.Sequential([keras.Input((12,)), layer])
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        model.predict(ROWS, verbose=0)
    fit(layer, ROWS)
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), layer(ROWS), rtol=1e-4, atol=1e-4)
    fit(layer, -ROWS)  # the traced function follows
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), layer(ROWS), rtol=1e-4, atol=1e-4)


@every_hasher
def test_save_and_load(make, tmp_path):
    layer = adapted(make)
    model = keras.Sequential([keras.Input((12,)), layer])
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded(ROWS), layer(ROWS))
    assert loaded.layers[0].get_config() == layer.get_config()
    with pytest.raises(ValueError, match="channels"):
        fit(loaded.layers[0], ROWS[:, :8])
    np.testing.assert_array_equal(loaded(ROWS), layer(ROWS))


@every_hasher
def test_saved_before_adapt_still_asks_for_it(make, tmp_path):
    model = keras.Sequential([keras.Input((12,)), make()])
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        loaded(ROWS)


@every_hasher
def test_weights_carry_the_fit(make):
    layer, other = adapted(make), make()
    other.build((None, 12))
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(other(ROWS), layer(ROWS))


@every_hasher
def test_saved_model(make, tmp_path):
    layer = adapted(make)
    model = keras.Sequential([keras.Input((12,)), layer])
    model.export(str(tmp_path / "exported"), verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(loaded.serve(ROWS), layer(ROWS), rtol=1e-4, atol=1e-4)


@every_hasher
def test_behind_a_backbone(make, tmp_path):
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).uniform(0, 255, (60, 9, 9, 3)).astype("float32")
    inputs = keras.Input((9, 9, 3))
    maps = keras.layers.Conv2D(12, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(inputs))
    backbone = keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(maps))
    layer = make()
    fit(layer, backbone.predict(images, verbose=0))
    model = keras.Model(inputs, layer(backbone.output))
    outputs = model.predict(images, verbose=0)
    assert len(np.unique(outputs >= 0, axis=0)) > 2
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), outputs)


@every_hasher
def test_in_a_dataset(make):
    layer = adapted(make)
    (outputs,) = tf.data.Dataset.from_tensor_slices(ROWS).batch(60).map(layer)
    np.testing.assert_allclose(outputs, layer(ROWS), rtol=1e-4, atol=1e-4)


@every_hasher
def test_outputs_stay_float32_under_mixed_precision(make):
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        layer = adapted(make)
        assert layer(ROWS).dtype == "float32"
        assert layer(ROWS.astype("float16")).dtype == "float32"
    finally:
        keras.config.set_dtype_policy(policy)


@every_hasher
def test_refused_data_leaves_the_layer_as_it_was(make):
    layer = adapted(make)
    before = np.asarray(layer(ROWS))
    for data in (ROWS[:, :8], [ROWS, ROWS * np.nan], ROWS[:0], ROWS[0]):
        with pytest.raises(ValueError, match="`(data|features)` must"):
            fit(layer, data)
    np.testing.assert_array_equal(layer(ROWS), before)


@every_hasher
def test_refused_input(make):
    with pytest.raises(ValueError, match="ndim"):
        adapted(make)(ROWS[0])
    with pytest.raises(ValueError, match="channels of its input"):
        make()(keras.Input((None,)))


@pytest.mark.parametrize("name", hashers.__all__)
def test_refused_arguments(name):
    kind = getattr(hashers, name)
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        kind(0)
    if name not in ("PCAHash", "SpectralHash"):  # these draw nothing
        with pytest.raises(ValueError, match="`seed` must be at least 0; got -1"):
            kind(8, seed=-1)
    with pytest.raises(TypeError, match="`bits` must be a whole number; got 8.0"):
        kind(8.0)
