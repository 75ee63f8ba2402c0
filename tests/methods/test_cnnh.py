"""CNNH: targets of every label set, what each variant adds, and what it refuses."""

import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.losses import factorize
from keras_hashing.methods import CNNH, NAMES

BITS = 6
CLASSES = np.array([0, 4, 4, 1, 0, 7])
MULTI_HOT = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0], [1, 0, 0], [1, 1, 1]])


def sample(count, width=BITS, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, width)).astype("float32")


def prepared(labels, variant="cnnh", **arguments):
    model = CNNH(BITS, backbone=None, variant=variant, **arguments)
    model.build((None, 4))
    model.prepare(labels)
    return model


def labelled(labels):
    """The items that take part in stage 1."""
    return labels if labels.ndim == 1 else labels[labels.any(axis=1)]


def expected_gaps(labels, outputs, stage_1):
    """Mean over bits of (u - sign)^2 for each item, 0 for a label set without signs."""
    values = []
    for label, output in zip(labels, outputs, strict=True):
        value = 0.0
        for known, signs in zip(stage_1.labels, stage_1.signs, strict=True):
            if np.array_equal(known, label):
                gaps = [(float(u) - float(b)) ** 2 for u, b in zip(output, signs, strict=True)]
                value = sum(gaps) / BITS
        values.append(value)
    return np.array(values)


def test_it_is_in_the_table_of_names():
    assert NAMES["cnnh"] is CNNH


@pytest.mark.parametrize(
    ("training", "batch"),
    [
        (CLASSES, np.array([7, 0, 5, 4])),  # 5 is none of theirs
        # Neither a part of a known set, nor a set of which one is a part, is that set.
        (MULTI_HOT, np.array([[1, 0, 1], [0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1]])),
    ],
    ids=["classes", "multi_hot"],
)
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_outputs_are_drawn_to_the_signs_of_their_label_set(training, batch, dtype):
    outputs = sample(len(batch))
    model = prepared(training)
    values = np.asarray(model.item_losses(None, batch.astype(dtype), outputs, True))
    expected = expected_gaps(batch, outputs, factorize(labelled(training), BITS))
    assert (expected == 0).any()
    np.testing.assert_allclose(values, expected, atol=1e-6)
    column = batch.astype(dtype)[:, None] if batch.ndim == 1 else batch.astype(dtype)
    again = np.asarray(model.item_losses(None, column, outputs, False))
    np.testing.assert_allclose(again, expected, atol=1e-6)


def test_plus_adds_the_classes_from_the_tensor_before_the_hash_layer():
    model = prepared(MULTI_HOT, "plus", hidden=5)
    features, outputs = sample(6, 4), sample(6, seed=1)
    rng = np.random.default_rng(2)
    head = model.class_head
    head.kernel.assign(rng.normal(size=(5, 3)))
    head.bias.assign(rng.normal(size=3))
    values = np.asarray(model.item_losses(features, MULTI_HOT, outputs, False))
    kernel, bias = (np.asarray(weight, "float64") for weight in model.head.layers[0].weights)
    hidden = np.maximum(features @ kernel + bias, 0)
    logits = hidden @ np.asarray(head.kernel) + np.asarray(head.bias)
    expected = expected_gaps(MULTI_HOT, outputs, factorize(labelled(MULTI_HOT), BITS))
    for row, label in enumerate(MULTI_HOT):
        for column in np.flatnonzero(label):
            shifted = logits[row] - logits[row, column]
            expected[row] += np.log(np.exp(shifted).sum()) / label.sum()
    np.testing.assert_allclose(values, expected, atol=1e-5)


@pytest.mark.parametrize("hidden", [None, 5])
def test_class_layer_waits_for_the_size_of_the_features(hidden):
    model = CNNH(BITS, backbone=None, variant="plus", hidden=hidden)
    model.compile(keras.optimizers.SGD(0.1))
    features = sample(6, 4)
    model.fit(features, CLASSES, verbose=0)
    before = np.asarray(model.class_head.kernel).copy()
    assert before.shape == (hidden or 4, len(np.unique(CLASSES)))
    assert len(model.trainable_weights) == (4 if hidden is None else 6)
    model.fit(features, CLASSES, verbose=0)
    assert (np.asarray(model.class_head.kernel) != before).any()
    assert not prepared(CLASSES).class_head


def test_plus_with_a_backbone():
    inputs = keras.Input((8, 8, 3))
    backbone = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs))
    model = CNNH(BITS, backbone, variant="plus", classes=8)
    assert model.class_head.kernel.shape == (3, 8)
    model.compile()
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).astype("uint8")
    assert np.isfinite(model.fit(images, CLASSES, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("variant", ["cnnh", "plus"])
@pytest.mark.parametrize("labels", [CLASSES, MULTI_HOT], ids=["classes", "multi_hot"])
def test_signs_are_saved(variant, labels, tmp_path):
    model = CNNH(BITS, backbone=None, variant=variant)
    model.compile()
    features = sample(6, 4)
    model.fit(features, labels, verbose=0)
    expected = model.evaluate(features, labels, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    assert loaded.evaluate(features, labels, verbose=0) == pytest.approx(expected, rel=1e-6)
    signs = np.asarray(loaded.set_signs.rows)
    loaded.fit(features, labels, verbose=0)
    np.testing.assert_array_equal(np.asarray(loaded.set_signs.rows), signs)


def test_stage_1_runs_once(monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return factorize(*arguments)

    monkeypatch.setattr("keras_hashing.methods.cnnh.factorize", counted)
    model = prepared(CLASSES)
    model.prepare(CLASSES[:3])  # two of its four classes
    assert len(calls) == 1
    # A model of the same shape, without the weights, has tables of zeros to fill.
    again = CNNH.from_config(model.get_config())
    again.prepare(CLASSES)
    assert len(calls) == 2
    np.testing.assert_array_equal(again.set_signs.rows, model.set_signs.rows)


@pytest.mark.parametrize("variant", ["cnnh", "plus"])
def test_trained_codes_are_near_the_signs_of_their_class(variant):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(1)
    labels = np.arange(120) % 4
    centres = 2.0 * rng.normal(size=(4, 10))
    features = (centres[labels] + rng.normal(size=(120, 10))).astype("float32")
    model = CNNH(bits=12, backbone=None, variant=variant)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features[:80], labels[:80], epochs=12, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, codes.pack(factorize(labels, 12).signs))
    own = distances[np.arange(40), labels[80:]]
    assert own.mean() < 2
    assert distances.mean() > 4


def test_refused_arguments():
    with pytest.raises(ValueError, match="`variant` got the unknown value 'cnnh\\+'; allowed: 'cn"):
        CNNH(BITS, backbone=None, variant="cnnh+")
    with pytest.raises(ValueError, match="`classes` must be at least 2; got 1"):
        CNNH(BITS, backbone=None, classes=1)


def test_refused_labels():
    with pytest.raises(ValueError, match=r"has none yet\. Call `fit`, or `prepare\(labels\)`"):
        CNNH(BITS, backbone=None).item_losses(None, CLASSES, sample(6), True)
    with pytest.raises(ValueError, match=r"label sets; got 2 that are .* first \[2\]\. Make a new"):
        prepared(CLASSES).prepare(np.array([0, 3, 2]))
    with pytest.raises(ValueError, match=r"signs for 4 label sets; got 1 .* first \[0, 1, 1\]"):
        prepared(MULTI_HOT).prepare(np.array([[0, 1, 0], [0, 1, 1]]))
    with pytest.raises(ValueError, match=r"labels of 3 column\(s\); got 1\. Pass labels in the fo"):
        prepared(MULTI_HOT).item_losses(None, CLASSES, sample(6), True)
    with pytest.raises(ValueError, match=r"room for 2 label sets of 1 column\(s\); got 4 of 1"):
        prepared(CLASSES, label_sets=(2, 1))


def test_items_without_labels_have_no_signs():
    labels = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]])
    features = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    model = CNNH(bits=5, backbone=None)
    model.compile("sgd")
    model.fit(features, labels, verbose=0)
    assert model.label_sets == (4, 3)
    outputs = np.full((6, 5), 0.5, "float32")
    values = np.asarray(model.item_losses(features, labels, outputs, False))
    np.testing.assert_array_equal(values == 0.0, ~labels.any(axis=1))
    model.fit(features, labels, verbose=0)
