"""DPN: targets, the loss of items with any labels, training, and sharing with shorter models."""

import keras
import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.losses import bernoulli_centres
from keras_hashing.methods import DPN, NAMES


def test_it_is_in_the_table_of_names():
    assert NAMES["dpn"] is DPN


def test_targets_are_random_signs():
    model = DPN(bits=20, backbone=None, seed=5)
    model.prepare(np.arange(8))
    np.testing.assert_array_equal(model.centres, bernoulli_centres(8, 20, 5))
    assert model.get_config()["classes"] == 8


def test_outputs_are_not_squashed():
    model = DPN(bits=20, backbone=None)
    assert np.abs(model.predict(np.full((3, 4), 100.0, "float32"), verbose=0)).max() > 2


def hinge(target, output, margin):
    return sum(max(margin - t * z, 0.0) for t, z in zip(target, output, strict=True))


@pytest.mark.parametrize("margin", [1.0, 0.4])
def test_losses_agree_with_the_loops(margin):
    random = np.random.default_rng(0)
    model = DPN(bits=7, backbone=None, classes=5, margin=margin)
    outputs = random.normal(size=(12, 7)).astype("float32")
    rows = random.integers(0, 2, (12, 5))
    rows[:, 3], rows[0], rows[1] = 1, 0, 1
    found = np.asarray(model.item_losses(None, rows, outputs, True))
    assert found[0] == 0
    for i in range(1, 12):
        per_class = [hinge(model.centres[c], outputs[i], margin) for c in np.flatnonzero(rows[i])]
        assert found[i] == pytest.approx(sum(per_class) / len(per_class), rel=1e-5)
    ids = random.integers(0, 5, 12)
    found = np.asarray(model.item_losses(None, ids, outputs, True))
    for i in range(12):
        assert found[i] == pytest.approx(hinge(model.centres[ids[i]], outputs[i], margin), rel=1e-5)


def test_an_item_of_two_opposite_classes_is_not_one_without_labels():
    model = DPN(bits=4, backbone=None, classes=2)
    model.table.rows.assign([[1, 1, 1, 1], [-1, -1, -1, -1]])
    found = np.asarray(model.item_losses(None, np.array([[1, 1], [0, 0]]), np.zeros((2, 4)), True))
    np.testing.assert_allclose(found, [4, 0])


def test_trained_codes_come_near_their_targets():
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(1)
    labels = np.arange(120) % 4
    features = 2.0 * random.normal(size=(4, 10))[labels] + random.normal(size=(120, 10))
    features = features.astype("float32")
    model = DPN(bits=16, backbone=None)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(features[:80], labels[:80], epochs=40, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, codes.pack(model.centres))
    assert (distances.argmin(axis=1) == labels[80:]).mean() > 0.9


def test_share_and_order_for_prefixes():
    longest, shorter = (DPN(bits=bits, backbone=None, classes=6, seed=1) for bits in (16, 5))
    before = longest.centres
    longest.order_for_prefixes()
    assert (longest.centres != before).any()
    assert sorted(map(tuple, longest.centres.T)) == sorted(map(tuple, before.T))
    shorter.share(longest)
    np.testing.assert_array_equal(shorter.centres, longest.centres[:, :5])


def test_refused():
    with pytest.raises(ValueError, match="`margin` must be at least 1e-06; got 0"):
        DPN(bits=8, backbone=None, margin=0)
    with pytest.raises(ValueError, match="Call `fit`, or make the model with `classes=`"):
        DPN(bits=8, backbone=None).item_losses(None, np.arange(2), np.zeros((2, 8)), True)
    with pytest.raises(ValueError, match="`bits` must be at least 4 to give each of 9 classes a"):
        DPN(bits=3, backbone=None).prepare(np.arange(9))
