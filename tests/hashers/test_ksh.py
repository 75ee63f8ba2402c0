import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes, hashers
from keras_hashing.hashers.ksh import kernel


def groups(count=200, channels=8, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    centres = np.random.default_rng(5).normal(size=(4, channels))
    return (centres[labels] + rng.normal(size=(count, channels))).astype("float32"), labels


def test_kernel_by_hand():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    distances = np.array([[0, 1], [1, 0], [4, 5]])
    width = distances.mean()
    assert width == pytest.approx(1.833333, abs=1e-6)
    found = kernel(rows, rows[:2], width)
    expected = [[1, 0.761300], [0.761300, 1], [0.335911, 0.255729]]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    centred = [[0.300930, 0.088957], [0.062230, 0.327657], [-0.363159, -0.416614]]
    np.testing.assert_allclose(found - found.mean(axis=0), centred, atol=1e-6)


def test_state_by_a_plain_loop():
    rows, labels = groups(50)
    layer = hashers.KSH(3, anchors=6)
    layer.adapt(rows, labels)
    anchors = np.asarray(layer.anchor_rows, np.float64) + np.asarray(layer.mean, np.float64)
    distances = np.array([[((row - anchor) ** 2).sum() for anchor in anchors] for row in rows])
    assert all(np.abs(rows - anchor).max(axis=1).min() < 1e-5 for anchor in anchors)
    assert len(np.unique(anchors.round(3), axis=0)) == 6
    assert float(layer.width) == pytest.approx(distances.mean(), rel=1e-5)
    values = np.exp(-distances / (2 * distances.mean()))
    np.testing.assert_allclose(layer.kernel_mean, values.mean(axis=0), atol=1e-5)
    projection = np.asarray(layer.projection, np.float64)
    expected = (values - values.mean(axis=0)) @ projection
    scale = np.abs(projection).max()
    np.testing.assert_allclose(layer(rows), expected, atol=1e-5 * scale)


def test_far_from_the_origin():
    rows, labels = groups()
    near, far = hashers.KSH(8, anchors=20), hashers.KSH(8, anchors=20)
    near.adapt(rows, labels)
    far.adapt(rows + np.float32(1024), labels)
    one, other = np.asarray(near(rows)), np.asarray(far(rows + np.float32(1024)))
    assert ((one >= 0) == (other >= 0)).mean() > 0.95


def test_labels_separate_what_features_mix():
    rows, labels = groups(600)
    queries, query_labels = groups(100, seed=1)
    shares = []
    for layer in (hashers.KSH(12, anchors=60), hashers.ITQ(8)):
        layer.adapt(rows, labels) if isinstance(layer, hashers.KSH) else layer.adapt(rows)
        distances = codes.hamming(*(codes.pack(np.asarray(layer(x))) for x in (queries, rows)))
        nearest = distances.argsort(axis=1, kind="stable")[:, :50]
        shares.append((labels[nearest] == query_labels[:, None]).mean())
    assert shares[0] > shares[1] + 0.05


def test_the_same_from_a_dataset_and_by_seed():
    rows, labels = groups()
    outputs = []
    for data, seed in (
        (rows, 1),
        (tf.data.Dataset.from_tensor_slices((rows, labels)).batch(33), 1),
        (rows, 2),
    ):
        layer = hashers.KSH(4, anchors=10, seed=seed)
        layer.adapt(data, labels)
        outputs.append(np.asarray(layer(rows)))
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-3)
    assert not np.allclose(outputs[0], outputs[2], atol=0.1)


def test_learns_from_a_sample():
    rows, labels = groups()
    shuffled = labels.copy()
    layer, other = hashers.KSH(4, anchors=10, labelled=30), hashers.KSH(4, anchors=10, labelled=30)
    layer.adapt(rows, labels)
    _, drawn = layer._draw(labels)
    assert len(drawn) == len(set(drawn.tolist())) == 30
    rest = np.setdiff1d(np.arange(200), drawn)
    shuffled[rest] = 3 - shuffled[rest]  # no other label is looked at
    other.adapt(rows, shuffled)
    np.testing.assert_array_equal(layer.projection, other.projection)


def test_multi_hot_labels_and_items_without():
    rows, labels = groups()
    multi_hot = np.eye(4)[labels]
    plain, same = hashers.KSH(4, anchors=10), hashers.KSH(4, anchors=10)
    plain.adapt(rows, labels)
    same.adapt(rows, multi_hot)
    np.testing.assert_allclose(plain(rows), same(rows), atol=1e-3)
    multi_hot[::3] = 0
    _, drawn = same._draw(multi_hot.astype(bool))
    assert (drawn % 3 != 0).all()
    same.adapt(rows, multi_hot)
    assert np.isfinite(np.asarray(same(rows))).all()


@pytest.mark.parametrize(
    ("data", "labels", "message"),
    [
        (groups(20)[0], np.ones(20, int), "two classes at least; got 1. Add items of another"),
        (groups(20)[0], np.zeros((20, 3)), "two classes at least; got 0"),
        (groups(20)[0], None, r"KSH learns from labels; got none. Call `adapt\(features, labels"),
        (groups(9)[0], groups(9)[1], "KSH draws 10 anchors; got 9 item.*or lower `anchors`"),
        (groups(20)[0], groups(19)[1], "one row for each of 20 items; got 19"),
        (groups(20)[0], groups(21)[1], "one row for each of 20 items; got 21"),
        (np.ones((20, 3)), groups(20)[1], "KSH needs features that differ; got 20 equal rows"),
        ((b for b in [groups(20)[0]]), groups(20)[1], "read 2 times by this hasher; got generato"),
        (groups(20)[0], -groups(20)[1], "`labels` must be at least 0; got -3"),
    ],
)
def test_refused_data(data, labels, message):
    with pytest.raises(ValueError, match=message):
        hashers.KSH(4, anchors=10).adapt(data, labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"anchors": 0}, "`anchors` must be at least 1; got 0"),
        ({"labelled": 1}, "`labelled` must be at least 2; got 1"),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        hashers.KSH(8, **arguments)
