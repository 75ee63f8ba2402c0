"""CSQ: centres and ties, the loss of items with any labels, training, saving, many classes."""

import math

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import codes
from keras_hashing.losses import class_centres
from keras_hashing.methods import CSQ, NAMES


def ties_of(model):
    return np.asarray(model.ties.rows)


def test_it_is_in_the_table_of_names():
    assert NAMES["csq"] is CSQ


def test_centres_are_hadamard_rows_and_survive_prepare():
    model = CSQ(bits=16, backbone=None)
    model.prepare(np.arange(21) % 21)
    assert model.classes == 21
    np.testing.assert_array_equal(model.centres, class_centres(21, 16))
    before, ties = model.centres, ties_of(model)
    assert set(ties.tolist()) == {-1.0, 1.0}
    model.prepare(np.array([0, 3]))
    np.testing.assert_array_equal(model.centres, before)
    assert model.classes == 21


def loop_targets(model, rows):
    """Majority of the classes' centres, bit by bit."""
    targets = []
    for row in rows:
        bits = []
        for k in range(model.bits):
            total = sum(int(model.centres[c, k]) for c in range(model.classes) if row[c])
            bits.append(ties_of(model)[k] if total == 0 else math.copysign(1, total))
        targets.append(bits)
    return np.array(targets)


def loop_loss(target, output, weight):
    total = 0.0
    for t, u in zip(target, output, strict=True):
        total += -math.log((1 + t * u) / 2) + weight * (abs(u) - 1) ** 2
    return total / len(target)


@pytest.mark.parametrize("seed", range(3))
def test_losses_agree_with_the_loops(seed):
    random = np.random.default_rng(seed)
    model = CSQ(bits=10, backbone=None, classes=6, seed=seed, quantization_weight=0.2)
    outputs = np.tanh(random.normal(size=(9, 10))).astype("float32")
    rows = random.integers(0, 2, (9, 6))
    rows[:, seed], rows[0], rows[1] = 1, 0, 1
    targets, known = model.targets(rows)
    expected = loop_targets(model, rows)
    np.testing.assert_array_equal(np.asarray(targets)[1:], expected[1:])
    np.testing.assert_array_equal(known, rows.any(axis=1))
    found = np.asarray(model.item_losses(None, rows, outputs, True))
    assert found[0] == 0
    for i in range(1, 9):
        assert found[i] == pytest.approx(loop_loss(expected[i], outputs[i], 0.2), rel=1e-5)
    ids = random.integers(0, 6, 9)
    found = np.asarray(model.item_losses(None, ids[:, None], outputs, True))
    for i in range(9):
        assert found[i] == pytest.approx(loop_loss(model.centres[ids[i]], outputs[i], 0.2), 1e-5)


def test_ties_take_the_saved_vector():
    # Two rows of a Hadamard matrix of order 8 tie in the 4 bits in which they differ.
    model = CSQ(bits=8, backbone=None, classes=4, seed=7)
    targets = np.asarray(model.targets(np.array([[0, 1, 1, 0]]))[0])[0]
    one, other = model.centres[1], model.centres[2]
    assert (one != other).sum() == 4
    np.testing.assert_array_equal(targets, np.where(one == other, one, ties_of(model)))


def test_item_losses_before_the_classes_are_known():
    with pytest.raises(ValueError, match="Call `fit`, or make the model with `classes=`"):
        CSQ(bits=8, backbone=None).item_losses(None, np.arange(2), np.zeros((2, 8)), True)
    with pytest.raises(ValueError, match="not known yet"):
        CSQ(bits=8, backbone=None).centres  # noqa: B018


def test_refused_arguments():
    with pytest.raises(ValueError, match="`bits` must be at least 4 to give each of 9 classes a"):
        CSQ(bits=3, backbone=None, classes=9)
    with pytest.raises(ValueError, match=r"`quantization_weight` must be at least 0\.0; got -1"):
        CSQ(bits=3, backbone=None, quantization_weight=-1)
    with pytest.raises(ValueError, match="`classes` must be at least 2; got 1"):
        CSQ(bits=3, backbone=None, classes=1)


def test_trained_codes_come_near_their_centres():
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(1)
    labels = np.arange(120) % 4
    features = 2.0 * random.normal(size=(4, 10))[labels] + random.normal(size=(120, 10))
    model = CSQ(bits=12, backbone=None, quantization_weight=0.05)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features[:80].astype("float32"), labels[:80], epochs=40, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:].astype("float32"), verbose=0))
    distances = codes.hamming(packed, codes.pack(model.centres))
    assert (distances.argmin(axis=1) == labels[80:]).mean() > 0.9
    assert distances[np.arange(40), labels[80:]].mean() < 1.5


def test_saved_model_has_its_centres_and_ties(tmp_path):
    model = CSQ(bits=9, backbone=None)  # random centres: there is no Hadamard matrix of order 9
    features = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
    model.compile()
    model.fit(features, np.arange(30) % 6, verbose=0)
    model.table.rows.assign(-model.table.rows)
    model.ties.rows.assign(-model.ties.rows)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.centres, model.centres)
    np.testing.assert_array_equal(ties_of(loaded), ties_of(model))
    assert loaded.classes == 6


def test_share_and_order_for_prefixes():
    longest, shorter = (CSQ(bits=k, backbone=None, classes=6, seed=k) for k in (16, 5))
    assert (ties_of(shorter) != ties_of(longest)[:5]).any()
    before = longest.centres
    longest.order_for_prefixes()
    assert sorted(map(tuple, longest.centres.T)) == sorted(map(tuple, before.T))
    shorter.share(longest)
    np.testing.assert_array_equal(shorter.centres, longest.centres[:, :5])
    np.testing.assert_array_equal(ties_of(shorter), ties_of(longest)[:5])
    assert len(np.unique(shorter.centres, axis=0)) == 6


def test_twenty_thousand_classes_train():
    labels = np.random.default_rng(0).integers(0, 20_000, 256)
    features = np.random.default_rng(1).normal(size=(256, 4)).astype("float32")
    model = CSQ(bits=32, backbone=None, classes=20_000)
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(features, labels, batch_size=64, epochs=3, verbose=0)
    assert model.centres.shape == (20_000, 32)
    assert len(np.unique(model.centres, axis=0)) == 20_000
    assert history.history["loss"][-1] < history.history["loss"][0]
