"""OrthoHash: targets, cosines and loss by loops, balanced bits, degenerate batches, training."""

import math

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import codes
from keras_hashing.losses import bernoulli_centres, class_centres
from keras_hashing.methods import NAMES, OrthoHash


def feature_set(count=120, classes=4):
    random = np.random.default_rng(1)
    labels = np.arange(count) % classes
    features = 2.0 * random.normal(size=(classes, 10))[labels] + random.normal(size=(count, 10))
    return features.astype("float32"), labels


def test_it_is_in_the_table_of_names():
    assert NAMES["orthohash"] is OrthoHash


@pytest.mark.parametrize(
    ("targets", "make"), [("bernoulli", bernoulli_centres), ("hadamard", class_centres)]
)
def test_targets(targets, make):
    model = OrthoHash(bits=20, backbone=None, classes=8, seed=5, targets=targets)
    np.testing.assert_array_equal(model.centres, make(8, 20, 5))


def loop_loss(centres, output, own, scale, margin):
    length = math.sqrt(sum(float(v) ** 2 for v in output))
    logits = []
    for c, row in enumerate(centres):
        product = sum(float(o) * float(v) for o, v in zip(row, output, strict=True))
        logits.append(scale * (product / (length * math.sqrt(len(row))) - margin * (c in own)))
    partition = math.log(sum(math.exp(logit) for logit in logits))
    return sum(partition - logits[c] for c in own) / len(own) if own else 0.0


@pytest.mark.parametrize("scale", [None, 3.0])
def test_losses_agree_with_the_loops(scale):
    random = np.random.default_rng(0)
    model = OrthoHash(bits=7, backbone=None, classes=5, scale=scale, margin=0.3)
    used = math.sqrt(7) if scale is None else scale
    outputs = random.normal(size=(12, 7)).astype("float32")
    rows = random.integers(0, 2, (12, 5))
    rows[0] = 0
    found = np.asarray(model.item_losses(None, rows, outputs, True))
    for i in range(12):
        own = np.flatnonzero(rows[i]).tolist()
        expected = loop_loss(model.centres, outputs[i], own, used, 0.3)
        assert found[i] == pytest.approx(expected, rel=1e-5)
    ids = random.integers(0, 5, 12)
    found = np.asarray(model.item_losses(None, ids[:, None], outputs, True))
    for i in range(12):
        expected = loop_loss(model.centres, outputs[i], [ids[i]], used, 0.3)
        assert found[i] == pytest.approx(expected, rel=1e-5)


def test_worked_cosines():
    model = OrthoHash(bits=4, backbone=None, classes=3, targets="hadamard", scale=8.0)
    outputs = np.array([[0.5, -0.5, 1.0, 0.2]], "float32")
    expected = [[0.483494, 0.725241, -0.483494]]
    np.testing.assert_allclose(model.cosines(outputs), expected, atol=1e-6)
    found = float(model.item_losses(None, np.array([0]), outputs, True)[0])
    assert found == pytest.approx(3.562807, abs=1e-5)


def test_bits_are_balanced_by_batch_normalization():
    features, _ = feature_set()
    model = OrthoHash(bits=12, backbone=None, classes=4)
    outputs = np.asarray(model(features + 5.0, training=True))
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(outputs.std(axis=0), 1, atol=1e-2)
    kernel = np.asarray(model.head.get_layer("hash").kernel)
    assert kernel.std() == pytest.approx(0.01, rel=0.2)
    assert model.head.get_layer("hash").bias is None


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_batch_of_one_moves_nothing_far(optimizer):
    # Batch normalization makes it 0, whose direction is not defined.
    features, labels = feature_set(2, 2)
    model = OrthoHash(bits=8, backbone=None)
    model.compile(optimizer)
    history = model.fit(features, labels, batch_size=1, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert max(np.abs(weight).max() for weight in model.head.trainable_weights) < 2


def test_trained_codes_come_near_their_targets():
    keras.utils.set_random_seed(0)
    features, labels = feature_set()
    model = OrthoHash(bits=16, backbone=None)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features[:80], labels[:80], epochs=40, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, codes.pack(model.centres))
    assert (distances.argmin(axis=1) == labels[80:]).mean() > 0.9


def test_head_is_in_float32_under_mixed_precision():
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = OrthoHash(bits=8, backbone=None, classes=4, hidden=6)
        outputs = model(feature_set()[0], training=True)
    finally:
        keras.config.set_dtype_policy(previous)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    assert {layer.compute_dtype for layer in model.head.layers[1:]} == {"float32"}


def test_saved_model_has_its_targets_and_arguments(tmp_path):
    features, labels = feature_set()
    model = OrthoHash(bits=8, backbone=None, targets="hadamard", margin=0.3, seed=2)
    model.compile()
    model.fit(features, labels, verbose=0)
    model.table.rows.assign(-model.table.rows)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.centres, model.centres)
    assert (loaded.targets, loaded.margin, loaded.scale, loaded.classes) == (
        *("hadamard", 0.3, None),
        4,
    )


def test_share_and_order_for_prefixes():
    longest, shorter = (OrthoHash(bits=bits, backbone=None, classes=6) for bits in (16, 5))
    before = longest.centres
    longest.order_for_prefixes()
    assert (longest.centres != before).any()
    assert sorted(map(tuple, longest.centres.T)) == sorted(map(tuple, before.T))
    shorter.share(longest)
    np.testing.assert_array_equal(shorter.centres, longest.centres[:, :5])


def test_refused():
    with pytest.raises(
        ValueError, match="`targets` got the unknown value 'random'; allowed: 'bern"
    ):
        OrthoHash(bits=8, backbone=None, targets="random")
    with pytest.raises(ValueError, match=r"`margin` must be at least 0\.0; got -1"):
        OrthoHash(bits=8, backbone=None, margin=-1)
    with pytest.raises(ValueError, match="`scale` must be at least 1e-06; got 0"):
        OrthoHash(bits=8, backbone=None, scale=0)
    with pytest.raises(ValueError, match="Call `fit`, or make the model with `classes=`"):
        OrthoHash(bits=8, backbone=None).item_losses(None, np.arange(2), np.zeros((2, 8)), True)
