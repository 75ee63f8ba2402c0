"""GreedyHash: both variants by hand, the gradient through the sign, and what labels are for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes
from keras_hashing.methods import NAMES, GreedyHash
from keras_hashing.methods.greedyhash import cubic_gap
from tests import reference

LABELS = np.array([0, 2, 1])
FEATURES = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 2]], "float32")
OUTPUTS = np.array([[0.9, -0.1], [0.3, 0.8], [-0.5, 0.2], [-0.1, -0.7]], "float32")


def test_it_is_in_the_table_of_names():
    assert NAMES["greedyhash"] is GreedyHash


def test_worked_penalty():
    values = np.asarray(cubic_gap(tf.constant(reference.OUTPUTS)))
    # The first row: (0.5^3 + 0.5^3) / 2.
    assert values[0] == pytest.approx(0.125)
    assert values.mean() == pytest.approx(0.089833, abs=1e-6)
    assert np.asarray(cubic_gap(tf.constant([[3.0, -2.0]])))[0] == pytest.approx((8 + 1) / 2)


def test_gradient_of_the_penalty():
    outputs = np.array([[0.5, -0.5, 1.7], [-3.0, 0.0, -1.0]])
    variable = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(cubic_gap(variable))
    found = np.asarray(tape.gradient(value, variable))
    # 3 (|z| - 1)^2 sign(|z| - 1) sign(z) / (N K); the sign of 0 is +1, and 1 itself is at rest.
    expected = np.array([[-0.75, 0.75, 1.47], [-12.0, -3.0, 0.0]]) / 6
    np.testing.assert_allclose(found, expected, atol=1e-12)


def supervised(**arguments):
    model = GreedyHash(bits=2, backbone=None, classes=3, **arguments)
    model.class_head.kernel.assign([[0.5, -1.0, 0.25], [1.0, 0.5, -0.75]])
    return model


def test_supervised_loss_and_its_gradient():
    model, outputs = supervised(), reference.OUTPUTS.astype("float32")
    assert [tuple(weight.shape) for weight in model.class_head.weights] == [(2, 3)]
    variable = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        values = model.item_losses(None, LABELS, variable, True)
        total = tf.reduce_sum(values)
    signs = np.where(outputs >= 0, 1.0, -1.0)
    kernel = np.asarray(model.class_head.kernel, "float64")
    shares = np.exp(signs @ kernel)
    shares /= shares.sum(axis=1, keepdims=True)
    gaps = np.abs(np.abs(outputs) - 1)
    expected = -np.log(shares[range(3), LABELS]) + 0.1 * (gaps**3).mean(axis=1)
    np.testing.assert_allclose(np.asarray(values), expected, atol=1e-6)
    # The gradient with respect to the signs is handed on to the outputs.
    through = (shares - np.eye(3)[LABELS]) @ kernel.T
    penalty = 0.1 * 3 * gaps**2 * np.sign(np.abs(outputs) - 1) * np.sign(outputs) / 2
    found = np.asarray(tape.gradient(total, variable))
    np.testing.assert_allclose(found, through + penalty, atol=1e-6)


def test_penalty_has_its_weight():
    outputs = reference.OUTPUTS.astype("float32")
    values = [
        np.asarray(supervised(quantization_weight=weight).item_losses(None, LABELS, outputs, True))
        for weight in (0.0, 2.0)
    ]
    assert (values[1] - values[0]).mean() == pytest.approx(2 * 0.089833, abs=1e-6)


@pytest.mark.parametrize("extra", [0, 1], ids=["even", "odd"])
def test_unsupervised_loss(extra):
    model = GreedyHash(bits=2, backbone=None, variant="unsupervised", quantization_weight=0.0)
    features = np.concatenate([FEATURES, FEATURES[:extra]])
    # Signs: rows (1, -1), (1, 1), (-1, 1), (-1, -1); item 0 meets 2, and 1 meets 3.
    outputs = np.concatenate([OUTPUTS, OUTPUTS[:extra]])
    values = np.asarray(model.item_losses(features, None, outputs, True))
    # Cosines of signs -1 and -1, of features 0.5 and sqrt(1/2).
    expected = [1.5**2, (1 + 0.5**0.5) ** 2]
    np.testing.assert_allclose(values, expected * 2 + [0.0] * extra, atol=1e-6)
    assert values[:4].mean() == pytest.approx(2.582107, abs=1e-6)
    penalized = GreedyHash(bits=2, backbone=None, variant="unsupervised")
    more = np.asarray(penalized.item_losses(features, None, outputs, True)) - values
    np.testing.assert_allclose(more, 0.1 * np.asarray(cubic_gap(outputs)), atol=1e-6)


def test_unsupervised_takes_no_labels_and_leaves_the_backbone():
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(5, 3)(keras.layers.Rescaling(1 / 255)(inputs))
    backbone = keras.Model(inputs, maps)
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3)).astype("uint8")
    results = []
    for labels in (None, np.arange(8), np.zeros(8)):
        keras.utils.set_random_seed(4)
        model = GreedyHash(bits=4, backbone=backbone, variant="unsupervised")
        model.compile(keras.optimizers.SGD(0.1))
        kernel = np.asarray(backbone.layers[-1].kernel).copy()
        before = model.predict(images, verbose=0)
        history = model.fit(images, labels, batch_size=4, shuffle=False, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        np.testing.assert_array_equal(np.asarray(backbone.layers[-1].kernel), kernel)
        results.append(model.predict(images, verbose=0))
        assert (results[-1] != before).any()
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    assert not model.train_backbone
    assert (model.supervised, model.needs_labels) == (False, False)
    assert len(model.trainable_weights) == 2


def test_each_variant_says_whether_it_learns_from_labels():
    model = GreedyHash(bits=4, backbone=None)
    assert (model.supervised, model.needs_labels, model.train_backbone) == (True, True, True)
    trained = GreedyHash(bits=4, backbone=None, variant="unsupervised", train_backbone=True)
    assert trained.train_backbone
    again = GreedyHash.from_config(trained.get_config())
    assert (again.variant, again.supervised, again.train_backbone) == ("unsupervised", False, True)


@pytest.mark.parametrize(("variant", "margin"), [("supervised", 3), ("unsupervised", 1)])
def test_trained_codes_are_nearer_inside_a_class(variant, margin):
    rng = np.random.default_rng(1)
    labels = np.arange(120) % 4
    centres = 2.0 * rng.normal(size=(4, 10))
    features = (centres[labels] + rng.normal(size=(120, 10))).astype("float32")
    keras.utils.set_random_seed(0)
    model = GreedyHash(bits=16, backbone=None, variant=variant)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features[:80], labels[:80], epochs=15, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + margin < distances[~same].mean()


def test_unsupervised_is_saved(tmp_path):
    model = GreedyHash(bits=4, backbone=None, variant="unsupervised")
    model.compile()
    model.fit(FEATURES, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(
        loaded.predict(FEATURES, verbose=0), model.predict(FEATURES, verbose=0)
    )


def test_refused_arguments():
    with pytest.raises(ValueError, match="`variant` got the unknown value 'none'; allowed: 'super"):
        GreedyHash(bits=4, backbone=None, variant="none")
    with pytest.raises(ValueError, match=r"`quantization_weight` must be at least 0\.0; got -1"):
        GreedyHash(bits=4, backbone=None, quantization_weight=-1)
    with pytest.raises(ValueError, match="`classes` must be at least 2; got 1"):
        GreedyHash(bits=4, backbone=None, classes=1)
    with pytest.raises(ValueError, match=r"number of classes yet\. Call `fit`, or give `classes="):
        GreedyHash(bits=2, backbone=None).item_losses(None, LABELS, np.zeros((3, 2)), True)
    with pytest.raises(ValueError, match="is for 3 classes; got labels of 8"):
        supervised().prepare(np.array([0, 7]))
