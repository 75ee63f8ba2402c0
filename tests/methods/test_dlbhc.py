"""DLBHC: the authors' initial weights, the loss by hand, and the order of `classes` and labels."""

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.methods import DLBHC, NAMES

LABELS = np.array([0, 2, 1, 1])
MULTI_HOT = np.array([[1, 0, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0]])


def test_it_is_in_the_table_of_names():
    assert NAMES["dlbhc"] is DLBHC


def test_initial_weights_are_the_authors():
    model = DLBHC(bits=200, backbone=None, classes=100)
    model.build((None, 300))
    hash_layer = model.head.layers[-1]
    assert np.asarray(hash_layer.kernel).std() == pytest.approx(0.005, rel=0.05)
    assert (np.asarray(hash_layer.bias) == 1).all()
    assert np.asarray(model.class_head.kernel).std() == pytest.approx(0.01, rel=0.05)
    assert (np.asarray(model.class_head.bias) == 0).all()
    # 2 sigmoid(1) - 1 = 0.462117, so every bit starts as 1.
    np.testing.assert_allclose(model.predict(np.zeros((1, 300)), verbose=0), 0.462117, atol=1e-6)


@pytest.mark.parametrize("labels", [LABELS, MULTI_HOT], ids=["classes", "multi_hot"])
def test_loss_is_the_cross_entropy_of_a_dense_layer_on_the_sigmoid(labels):
    model = DLBHC(bits=5, backbone=None)
    model.build((None, 4))
    model.prepare(labels)
    rng = np.random.default_rng(0)
    model.class_head.kernel.assign(rng.normal(size=(5, 3)))
    model.class_head.bias.assign(rng.normal(size=3))
    hash_layer = model.head.layers[-1]
    hash_layer.kernel.assign(rng.normal(size=(4, 5)))
    features = rng.normal(size=(4, 4)).astype("float32")
    values = np.asarray(model.item_losses(features, labels, model(features), True))
    latent = 1 / (1 + np.exp(-(features @ np.asarray(hash_layer.kernel) + 1.0)))
    logits = latent @ np.asarray(model.class_head.kernel) + np.asarray(model.class_head.bias)
    log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    rows = np.eye(3)[labels] if labels.ndim == 1 else labels
    expected = [
        -sum(log_share for log_share, on in zip(a, b, strict=True) if on) / max(sum(b), 1)
        for a, b in zip(log_shares, rows, strict=True)
    ]
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_trained_codes_are_nearer_inside_a_class():
    rng = np.random.default_rng(1)
    labels = np.arange(120) % 4
    centres = 2.0 * rng.normal(size=(4, 10))
    features = (centres[labels] + rng.normal(size=(120, 10))).astype("float32")
    model = DLBHC(bits=16, backbone=None)
    model.compile("adam")
    model.optimizer.learning_rate = 0.01
    model.fit(features[:80], labels[:80], epochs=15, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + 2 < distances[~same].mean()


def test_refused_arguments():
    with pytest.raises(ValueError, match="`classes` must be at least 2; got 1"):
        DLBHC(bits=4, backbone=None, classes=1)
    with pytest.raises(ValueError, match=r"number of classes yet\. Call `fit`, or give `classes="):
        DLBHC(bits=4, backbone=None).item_losses(None, LABELS, np.zeros((4, 4)), True)
    with pytest.raises(ValueError, match="is for 2 classes; got labels of 3"):
        DLBHC(bits=4, backbone=None, classes=2).prepare(LABELS)
