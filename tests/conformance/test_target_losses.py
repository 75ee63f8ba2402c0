"""Every loss against targets of classes, through one list; one joins by a line of `TARGET_LOSSES`.

An item's value depends on its own target and outputs alone.
"""

import dataclasses
import json
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import losses

ITEMS, WIDTH = 7, 5


@dataclasses.dataclass
class Case:
    """A loss, what it takes as `y_true` for 7 items, and the edges that its own targets have."""

    make: Callable
    targets: np.ndarray
    edges: tuple = ()


def _signs(seed=3):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (ITEMS, WIDTH))


SOFT = np.random.default_rng(4).uniform(-1, 1, (ITEMS, WIDTH))
ALL_CODES = (np.zeros((ITEMS, WIDTH)), np.ones((ITEMS, WIDTH)), _signs(), SOFT)
CLASSES = np.array([0, 1, 0, 2, 4, 3, 2])
MULTI_HOT = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [1, 0, 1, 0, 1], [0, 0, 1, 0, 0]])
MULTI_HOT = np.concatenate([MULTI_HOT, [[0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]])
ALL_LABELS = (CLASSES, CLASSES[:, None], MULTI_HOT, np.zeros((ITEMS, WIDTH)), np.zeros(ITEMS))

# Each takes `dtype=` and `reduction=`, like every Keras loss, and predictions of 5 columns.
TARGET_LOSSES = {
    "centre_cross_entropy": Case(losses.CentreCrossEntropy, _signs(), ALL_CODES),
    "centre_cross_entropy_full": Case(
        lambda **kwargs: losses.CentreCrossEntropy(0.3, **kwargs), SOFT, ALL_CODES
    ),
    "cosine_margin": Case(losses.CosineMargin, CLASSES, ALL_LABELS),
    "cosine_margin_full": Case(
        lambda **kwargs: losses.CosineMargin(3.0, 0.4, **kwargs), MULTI_HOT, ALL_LABELS
    ),
    "polarization": Case(losses.Polarization, _signs(), ALL_CODES),
    "polarization_full": Case(
        lambda **kwargs: losses.Polarization(0.45, **kwargs), SOFT, ALL_CODES
    ),
}


@pytest.fixture(params=TARGET_LOSSES.values(), ids=TARGET_LOSSES.keys())
def case(request):
    return request.param


def sample(count=ITEMS, seed=0):
    """Predictions in (-1, 1) that stay away from 0 and from the margins, where there are kinks."""
    random = np.random.default_rng(seed)
    sizes = random.choice([0.2, 0.6], (count, WIDTH)) + random.uniform(0, 0.1, (count, WIDTH))
    return sizes * random.choice([-1, 1], (count, WIDTH))


def rows(case, targets, outputs):
    """One value per item in float64."""
    return np.asarray(case.make(dtype="float64", reduction="none")(targets, outputs))


def gradient(loss, targets, outputs):
    variable = tf.Variable(outputs, dtype=loss.dtype)
    with tf.GradientTape() as tape:
        value = loss(targets, variable)
    return np.asarray(tape.gradient(value, variable))


def small_model():
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(WIDTH, "tanh")])
    return model, np.random.default_rng(1).normal(size=(ITEMS, 6)).astype("float32")


def test_config_survives_json(case):
    loss = case.make(name="mine", reduction="sum")
    config = loss.get_config()
    assert (config["name"], config["reduction"]) == ("mine", "sum")
    again = type(loss).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    name = type(loss).__name__
    assert keras.saving.get_registered_name(type(loss)) == f"keras_hashing>{name}"
    serialized = json.loads(json.dumps(keras.losses.serialize(loss)))
    assert keras.losses.deserialize(serialized).get_config() == config


def test_one_value_per_item_and_reductions(case):
    outputs = sample()
    values = rows(case, case.targets, outputs)
    assert values.shape == (ITEMS,)
    assert (values >= 0).all()
    assert values.max() > 0
    mean = float(case.make(dtype="float64")(case.targets, outputs))
    assert mean == pytest.approx(values.mean())
    total = float(case.make(dtype="float64", reduction="sum")(case.targets, outputs))
    assert total == pytest.approx(values.sum())
    weights = np.array([0, 1, 0, 2, 0, 0, 1])
    weighted = case.make(dtype="float64")(case.targets, outputs, sample_weight=weights)
    assert float(weighted) == pytest.approx((weights * values).sum() / ITEMS)


def test_an_items_value_does_not_depend_on_the_others(case):
    outputs = sample()
    whole = rows(case, case.targets, outputs)
    for i in range(ITEMS):
        alone = rows(case, case.targets[i : i + 1], outputs[i : i + 1])
        np.testing.assert_allclose(alone, whole[i : i + 1], atol=1e-12)


def test_edge_targets_and_outputs_are_finite(case):
    loss = case.make()
    for targets in (case.targets, *case.edges):
        for outputs in (sample(), np.zeros((ITEMS, WIDTH)), np.sign(sample()), 1e3 * sample()):
            assert np.isfinite(float(loss(targets, outputs)))
            assert np.isfinite(gradient(loss, targets, outputs)).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_outputs_are_computed_in_float32(case, dtype):
    outputs = keras.ops.cast(sample(), dtype)
    value = case.make()(case.targets, outputs)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = rows(case, case.targets, np.asarray(keras.ops.cast(outputs, "float64"))).mean()
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_gradient_is_that_of_finite_differences(case):
    outputs, step = sample(), 1e-5
    for targets in (case.targets, *case.edges):
        found = gradient(case.make(dtype="float64", reduction="sum"), targets, outputs)
        for j in range(WIDTH):  # of all items at once, for they do not see each other
            move = step * np.eye(WIDTH)[j]
            up, down = rows(case, targets, outputs + move), rows(case, targets, outputs - move)
            np.testing.assert_allclose(found[:, j], (up - down) / (2 * step), atol=1e-7)


def test_xla_agrees(case):
    loss = case.make()
    outputs = sample().astype("float32")
    compiled = tf.function(lambda *batch: loss(*batch), jit_compile=True)
    found = float(compiled(tf.constant(case.targets), tf.constant(outputs)))
    assert found == pytest.approx(float(loss(case.targets, outputs)), rel=1e-5)


def test_fit_with_a_partial_batch(case):
    model, features = small_model()
    expected = rows(case, case.targets, model.predict(features, verbose=0)).mean()
    model.compile(keras.optimizers.SGD(0.0), case.make())
    history = model.fit(features, case.targets, batch_size=4, verbose=0)
    assert history.history["loss"][0] == pytest.approx(expected, abs=1e-5)
    model.optimizer.learning_rate = 0.1
    model.fit(features, case.targets, batch_size=4, epochs=3, verbose=0)
    assert rows(case, case.targets, model.predict(features, verbose=0)).mean() < expected


def test_compiled_model_is_saved_with_it(case, tmp_path):
    model, features = small_model()
    model.compile("sgd", case.make())
    model.fit(features, case.targets, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()
    again = loaded.evaluate(features, case.targets, verbose=0)
    assert again == pytest.approx(model.evaluate(features, case.targets, verbose=0), rel=1e-5)
