"""Every layer through one list; a new layer joins by one line of `LAYERS`."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import layers
from keras_hashing.regularizers import BimodalLaplacian


@dataclasses.dataclass
class Case:
    """A layer, what it takes, and what it is excused from.

    Attributes:
        make: function without arguments that returns a new layer.
        weights: tuple of str, its weights' names in order; published files depend on them.
        width: int, the layer's input is `(batch, width)`.
        outputs: int, its output is `(batch, outputs)`.
        low, high: floats, range of its input.
        smooth: False if its gradient is not that of its output, by design.
    """

    make: object
    weights: tuple = ()
    width: int = 6
    outputs: int = 6
    low: float = -1.0
    high: float = 1.0
    smooth: bool = True

    def features(self, count, seed=0):
        values = np.random.default_rng(seed).uniform(self.low, self.high, (count, self.width))
        return values.astype("float32")


DENSE = ("kernel", "bias")

LAYERS = {
    "hash_head": Case(lambda: layers.HashHead(5), DENSE, outputs=5),
    "hash_head_full": Case(
        lambda: layers.HashHead(
            3,
            "linear",
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01, seed=1),
            bias_initializer="ones",
            kernel_regularizer=keras.regularizers.L2(1e-3),
            activity_regularizer=BimodalLaplacian(0.3),
        ),
        DENSE,
        outputs=3,
    ),
    "scaled_tanh": Case(layers.ScaledTanh, ("step",)),
    "scaled_tanh_fast": Case(
        lambda: layers.ScaledTanh(layers.PowerSchedule(2.0, growth=1.0, power=1.0, every=1)),
        ("step",),
    ),
    "divide_and_encode": Case(
        lambda: layers.DivideAndEncode(
            2,
            kernel_initializer=keras.initializers.HeNormal(seed=1),
            bias_initializer="ones",
            kernel_regularizer="l2",
        ),
        DENSE,
        outputs=2,
    ),
    "piecewise_threshold": Case(
        lambda: layers.PiecewiseThreshold(0.1), ("eps",), low=0.42, high=0.58
    ),
    "bihalf": Case(layers.BiHalf, smooth=False),
    "straight_through_sign": Case(layers.StraightThroughSign, smooth=False),
}


@pytest.fixture(params=LAYERS.values(), ids=LAYERS.keys())
def case(request):
    keras.utils.set_random_seed(7)
    return request.param


def build(case, policy=None):
    """Features, a dense layer that trains below, and the layer under test."""
    keras.utils.set_random_seed(7)
    inputs = keras.Input((case.width,))
    below = keras.layers.Dense(case.width, "sigmoid", name="below", dtype=policy)(inputs)
    return keras.Model(inputs, case.make()(below))


def train(case, **options):
    model = build(case)
    model.compile(keras.optimizers.SGD(0.1), "mse", **options)
    targets = np.linspace(-1, 1, 7 * case.outputs).reshape(7, case.outputs)
    history = model.fit(case.features(7), targets, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return history.history["loss"], model.get_weights()


def close(one, other, tolerance=1e-5):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_every_public_layer_is_listed():
    listed = {type(case.make()).__name__ for case in LAYERS.values()}
    public = {
        name for name in layers.__all__ if issubclass(getattr(layers, name), keras.layers.Layer)
    }
    assert listed == public


def test_config_survives_json(case):
    layer = case.make()
    config = layer.get_config()
    again = type(layer).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    name = type(layer).__name__
    assert keras.saving.get_registered_name(type(layer)) == f"keras_hashing>{name}"
    serialized = json.loads(json.dumps(keras.layers.serialize(layer)))
    assert keras.layers.deserialize(serialized).get_config() == config


def test_build_alone_makes_all_weights(case):
    built, called = case.make(), case.make()
    built.build((None, case.width))
    called(case.features(2))
    assert tuple(w.name for w in called.weights) == case.weights
    described = [(w.name, tuple(w.shape), w.dtype) for w in called.weights]
    assert [(w.name, tuple(w.shape), w.dtype) for w in built.weights] == described


@pytest.mark.parametrize("count", [1, 5, None])
def test_symbolic_shape_is_the_eager_one(case, count):
    layer = case.make()
    spec = layer(keras.KerasTensor((count, case.width)))
    assert spec.shape == (count, case.outputs)
    assert layer.compute_output_shape((count, case.width)) == spec.shape
    eager = layer(case.features(count or 3))
    assert tuple(eager.shape) == (count or 3, case.outputs)
    assert keras.backend.standardize_dtype(eager.dtype) == spec.dtype == "float32"


def test_rows_are_independent(case):
    layer = case.make()
    features = case.features(5)
    whole = np.asarray(layer(features))
    close([np.asarray(layer(features[2:3]))], [whole[2:3]], 1e-6)
    order = np.array([3, 0, 4, 1, 2])
    close([np.asarray(layer(features[order]))], [whole[order]], 1e-6)


def test_fit_with_a_partial_batch_agrees_in_graph_eager_and_xla(case):
    losses, weights = train(case)
    assert np.isfinite(losses).all()
    for options in ({"run_eagerly": True}, {"jit_compile": True}):
        other_losses, other_weights = train(case, **options)
        close([losses], [other_losses])
        close(weights, other_weights)


def test_evaluation_changes_no_weight(case):
    model = build(case)
    before = model.get_weights()
    model.predict(case.features(5), verbose=0)
    model(case.features(5), training=False)
    close(before, model.get_weights(), 0)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_leaves_it_in_float32(case, policy):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build(case)
        assert model.layers[-1].compute_dtype == "float32"
        assert model.output.dtype == "float32"
        model.compile("sgd", "mse")
        model.fit(case.features(4), np.zeros((4, case.outputs)), verbose=0)
        outputs = model.predict(1e3 * case.features(4), verbose=0)
    finally:
        keras.config.set_dtype_policy(previous)
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()


def test_saving_keeps_outputs_and_weights(case, tmp_path):
    model = build(case)
    model.compile("sgd", "mse")
    model.fit(case.features(4), np.zeros((4, case.outputs)), batch_size=2, verbose=0)
    expected = model.predict(case.features(3), verbose=0)

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    close(model.get_weights(), loaded.get_weights(), 0)
    close([expected], [loaded.predict(case.features(3), verbose=0)], 1e-6)

    model.save_weights(tmp_path / "model.weights.h5")
    fresh = build(case)
    fresh.load_weights(tmp_path / "model.weights.h5")
    close(model.get_weights(), fresh.get_weights(), 0)


def test_saved_model_gives_the_same(case, tmp_path):
    model = build(case)
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(tmp_path / "saved")
    features = case.features(3)
    for _ in range(2):
        close([np.asarray(model(features))], [np.asarray(served.serve(features))], 1e-6)


def test_gradient_is_that_of_finite_differences(case):
    layer = case.make()
    features = case.features(2, seed=3)
    direction = np.random.default_rng(4).normal(size=(2, case.outputs)).astype("float32")
    with tf.GradientTape() as tape:
        variable = tf.Variable(features)
        value = tf.reduce_sum(layer(variable) * direction)
    gradient = np.asarray(tape.gradient(value, variable))
    assert np.isfinite(gradient).all()
    if not case.smooth:
        return
    step = 1e-2
    for i, j in np.ndindex(*features.shape):
        moved = np.stack([features, features])
        moved[0, i, j] += step
        moved[1, i, j] -= step
        up, down = (np.sum(np.asarray(layer(x)) * direction) for x in moved)
        assert gradient[i, j] == pytest.approx((up - down) / (2 * step), abs=3e-3)
