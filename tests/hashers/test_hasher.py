import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import hashers

ROWS = np.random.default_rng(0).normal(3, 1, size=(60, 12)).astype("float32")
HASHERS = {
    "lsh": lambda: hashers.LSH(5, seed=1),
    "super_bit": lambda: hashers.SuperBitLSH(5, depth=2, seed=1),
    "itq": lambda: hashers.ITQ(5, iterations=7, seed=1),
}
every_hasher = pytest.mark.parametrize("make", HASHERS.values(), ids=HASHERS)


def adapted(make):
    layer = make()
    layer.adapt(ROWS)
    return layer


@every_hasher
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
    assert not layer.trainable_weights


@every_hasher
def test_same_seed_same_layer_however_the_data_comes(make):
    one, other = adapted(make), make()
    other.adapt(tf.data.Dataset.from_tensor_slices((ROWS, np.arange(60))).batch(7))
    for weight, same in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-5)
    again = adapted(make)
    for weight, same in zip(one.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


@every_hasher
def test_a_second_fit_forgets_the_first(make):
    layer, fresh = adapted(make), make()
    layer.adapt(ROWS[:30] * 2)
    fresh.adapt(ROWS[:30] * 2)
    np.testing.assert_array_equal(layer(ROWS), fresh(ROWS))


@every_hasher
def test_call_before_adapt(make):
    layer = make()
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        layer(ROWS)
    model = keras.Sequential([keras.Input((12,)), layer])
    with pytest.raises(RuntimeError, match=r"call adapt\(\) first"):
        model.predict(ROWS, verbose=0)
    layer.adapt(ROWS)
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), layer(ROWS), atol=1e-5)
    layer.adapt(-ROWS)  # the traced function follows
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), layer(ROWS), atol=1e-5)


@every_hasher
def test_save_and_load(make, tmp_path):
    layer = adapted(make)
    model = keras.Sequential([keras.Input((12,)), layer])
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded(ROWS), layer(ROWS))
    assert loaded.layers[0].get_config() == layer.get_config()
    with pytest.raises(ValueError, match="channels"):
        loaded.layers[0].adapt(ROWS[:, :8])
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
    np.testing.assert_allclose(loaded.serve(ROWS), layer(ROWS), atol=1e-5)


@every_hasher
def test_in_a_dataset(make):
    layer = adapted(make)
    (outputs,) = tf.data.Dataset.from_tensor_slices(ROWS).batch(60).map(layer)
    np.testing.assert_allclose(outputs, layer(ROWS), atol=1e-5)


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
            layer.adapt(data)
    np.testing.assert_array_equal(layer(ROWS), before)


@every_hasher
def test_refused_input(make):
    with pytest.raises(ValueError, match="ndim"):
        adapted(make)(ROWS[0])
    with pytest.raises(ValueError, match="channels of its input"):
        make()(keras.Input((None,)))


@pytest.mark.parametrize("kind", [hashers.LSH, hashers.SuperBitLSH, hashers.ITQ])
def test_refused_arguments(kind):
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        kind(0)
    with pytest.raises(ValueError, match="`seed` must be at least 0; got -1"):
        kind(8, seed=-1)
    with pytest.raises(TypeError, match="`bits` must be a whole number; got 8.0"):
        kind(8.0)
