"""Every loss that compares items, through one list; a new loss joins by one line of `LOSSES`.

Those that compare items with targets are in `test_target_losses.py`.
"""

import inspect
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import losses
from tests.conformance.test_target_losses import TARGET_LOSSES

# Each takes `dtype=` and `reduction=`, like every Keras loss.
LOSSES = {
    "contrastive": losses.PairwiseContrastive,
    "contrastive_full": lambda **kwargs: losses.PairwiseContrastive(3.0, 0.3, **kwargs),
    "cross_entropy": losses.PairwiseCrossEntropy,
    "cross_entropy_full": lambda **kwargs: losses.PairwiseCrossEntropy(0.5, 0.3, **kwargs),
    "squared_error": losses.PairwiseSquaredError,
    "squared_error_full": lambda **kwargs: losses.PairwiseSquaredError("sign", 0.3, **kwargs),
    "tie_aware_ap": losses.TieAwareAP,
    "tie_aware_ap_full": lambda **kwargs: losses.TieAwareAP(3, **kwargs),
    "triplet_ranking": losses.TripletRanking,
    "triplet_ranking_full": lambda **kwargs: losses.TripletRanking(2.0, "active", **kwargs),
    "weighted_cross_entropy": losses.WeightedPairwiseCrossEntropy,
    "weighted_cross_entropy_full": lambda **kwargs: losses.WeightedPairwiseCrossEntropy(
        0.5, False, "jaccard", 0.3, **kwargs
    ),
}

# Bases of a family, which are not losses themselves.
FAMILIES = {"HistogramLoss", "PairwiseLoss", "TripletLoss"}

CLASSES = np.array([0, 1, 0, 2, 1, 0, 2])
MULTI_HOT = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]])


@pytest.fixture(params=LOSSES.values(), ids=LOSSES.keys())
def make(request):
    return request.param


def sample(count=7, bits=5, seed=0):
    """Outputs in (-1, 1) that stay away from 0, where penalties on |u| have a kink."""
    random = np.random.default_rng(seed)
    return random.uniform(0.1, 0.9, (count, bits)) * random.choice([-1, 1], (count, bits))


def rows(make, labels, outputs):
    """One value per anchor in float64."""
    return np.asarray(make(dtype="float64", reduction="none")(labels, outputs))


def gradient(loss, labels, outputs):
    variable = tf.Variable(outputs, dtype=loss.dtype)
    with tf.GradientTape() as tape:
        value = loss(labels, variable)
    return np.asarray(tape.gradient(value, variable))


def small_model(policy=None):
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, "sigmoid", dtype=policy),
            keras.layers.Dense(5, "tanh", dtype=policy),
        ]
    )
    return model, np.random.default_rng(1).normal(size=(7, 6)).astype("float32")


def test_every_public_loss_is_listed():
    makes = [*LOSSES.values(), *(case.make for case in TARGET_LOSSES.values())]
    listed = {type(make()).__name__ for make in makes}
    public = {name for name in losses.__all__ if inspect.isclass(getattr(losses, name))}
    assert listed == public - FAMILIES


def test_config_survives_json(make):
    loss = make(name="mine", reduction="sum")
    config = loss.get_config()
    assert (config["name"], config["reduction"]) == ("mine", "sum")
    again = type(loss).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    name = type(loss).__name__
    assert keras.saving.get_registered_name(type(loss)) == f"keras_hashing>{name}"
    serialized = json.loads(json.dumps(keras.losses.serialize(loss)))
    assert keras.losses.deserialize(serialized).get_config() == config


def test_one_value_per_anchor_and_reductions(make):
    outputs = sample()
    values = rows(make, CLASSES, outputs)
    assert values.shape == (7,)
    assert float(make(dtype="float64")(CLASSES, outputs)) == pytest.approx(values.mean())
    total = float(make(dtype="float64", reduction="sum")(CLASSES, outputs))
    assert total == pytest.approx(values.sum())


def test_forms_of_labels_agree(make):
    outputs = sample()
    expected = rows(make, CLASSES, outputs)
    one_hot = np.eye(3)[CLASSES]
    renamed = np.array([5, 2, 9])[CLASSES]
    for labels in (CLASSES[:, None], one_hot, one_hot.astype(bool), renamed):
        np.testing.assert_allclose(rows(make, labels, outputs), expected, atol=1e-12)


@pytest.mark.parametrize("labels", [CLASSES, MULTI_HOT], ids=["classes", "multi_hot"])
def test_shuffled_batch_gives_shuffled_values(make, labels):
    outputs, order = sample(), np.array([4, 0, 6, 2, 5, 1, 3])
    expected = rows(make, labels, outputs)[order]
    np.testing.assert_allclose(rows(make, labels[order], outputs[order]), expected, atol=1e-12)


def test_flipping_a_bit_of_all_items_changes_nothing(make):
    outputs, flip = sample(), np.array([1, -1, 1, 1, -1])
    expected = rows(make, CLASSES, outputs)
    np.testing.assert_allclose(rows(make, CLASSES, outputs * flip), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("labels", "outputs"),
    [
        (np.zeros(4), sample(4)),
        (np.arange(4), sample(4)),
        (np.zeros((4, 3)), sample(4)),
        (np.zeros(1), sample(1)),
        (np.array([0, 0, 1]), np.zeros((3, 5))),
        (np.array([0, 0, 1]), 1e3 * sample(3)),
    ],
    ids=["all_similar", "none_similar", "no_labels", "batch_of_one", "zeros", "large"],
)
def test_edge_batches_are_finite(make, labels, outputs):
    loss = make()
    assert np.isfinite(float(loss(labels, outputs)))
    assert np.isfinite(gradient(loss, labels, outputs)).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_outputs_are_computed_in_float32(make, dtype):
    outputs = keras.ops.cast(sample(), dtype)
    value = make()(CLASSES, outputs)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = rows(make, CLASSES, np.asarray(keras.ops.cast(outputs, "float64"))).mean()
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_gradient_is_that_of_finite_differences(make):
    loss, outputs, step = make(dtype="float64"), sample(), 1e-5
    found = gradient(loss, MULTI_HOT, outputs)
    for i, j in np.ndindex(*outputs.shape):
        up, down = outputs.copy(), outputs.copy()
        up[i, j] += step
        down[i, j] -= step
        slope = (float(loss(MULTI_HOT, up)) - float(loss(MULTI_HOT, down))) / (2 * step)
        assert found[i, j] == pytest.approx(slope, abs=1e-8)


def test_sample_weights_weigh_anchors(make):
    loss, outputs = make(dtype="float64"), sample()
    values = rows(make, CLASSES, outputs)
    ones = float(loss(CLASSES, outputs, sample_weight=np.ones(7)))
    assert ones == pytest.approx(values.mean())
    weights = np.array([0, 1, 0, 2, 0, 0, 1])
    expected = (weights * values).sum() / 7
    assert float(loss(CLASSES, outputs, sample_weight=weights)) == pytest.approx(expected)


def test_fit_with_a_partial_batch_agrees_in_graph_eager_and_xla(make):
    results = []
    for options in ({}, {"run_eagerly": True}, {"jit_compile": True}):
        model, features = small_model()
        before = model.predict(features, verbose=0)
        model.compile(keras.optimizers.SGD(0.0), make(), **options)
        history = model.fit(features, CLASSES, batch_size=4, shuffle=False, verbose=0)
        # The epoch's loss is the mean over all items of the values in their own batch.
        batches = [(CLASSES[:4], before[:4]), (CLASSES[4:], before[4:])]
        expected = np.concatenate([rows(make, *batch) for batch in batches]).mean()
        assert history.history["loss"][0] == pytest.approx(expected, abs=1e-5)
        model.optimizer.learning_rate = 0.1
        model.fit(features, CLASSES, batch_size=4, shuffle=False, verbose=0)
        results.append(model.get_weights())
    for weights in results[1:]:
        for one, other in zip(results[0], weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_training_lowers_it(make):
    model, features = small_model()
    model.compile(keras.optimizers.Adam(0.02), make(), steps_per_execution=10)
    history = model.fit(
        np.tile(features, (10, 1)), np.tile(CLASSES, 10), batch_size=7, epochs=15, verbose=0
    )
    assert history.history["loss"][-1] < 0.9 * history.history["loss"][0]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_fit_under_mixed_precision(make, policy):
    model, features = small_model(policy)
    model.compile("sgd", make())
    history = model.fit(features, CLASSES, batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


def test_compiled_model_is_saved_with_it(make, tmp_path):
    model, features = small_model()
    model.compile("sgd", make())
    model.fit(features, CLASSES, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()
    again = loaded.evaluate(features, CLASSES, verbose=0)
    assert again == pytest.approx(model.evaluate(features, CLASSES, verbose=0), rel=1e-5)
