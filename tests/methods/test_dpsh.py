"""DPSH: the bank against a plain queue, the loss against loops over it, and saving."""

import collections
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from keras_hashing import codes
from keras_hashing.methods import DPSH, NAMES
from keras_hashing.methods.dpsh import after_arrival, squared_quantization
from tests import reference
from tests.reference import LABELS, OUTPUTS

SIZES = (2, 2, 3, 1, 13, 5, 6, 4)  # of batches; the bank below has 5 rows


def model_of(labels, bits=4, **arguments):
    model = DPSH(bits=bits, backbone=None, **arguments)
    model.prepare(labels)
    return model


def batches(multi_hot=False, bits=4, seed=0):
    random = np.random.default_rng(seed)
    for size in SIZES:
        labels = random.integers(0, 2, (size, 3)) if multi_hot else random.integers(0, 3, size)
        yield labels, random.normal(size=(size, bits)).astype("float32")


def arrange(queue, count, capacity):
    """The queue's items in the rows that they should be in, `count` items having come."""
    rows = [None] * capacity
    for number, item in zip(range(count - len(queue), count), queue, strict=True):
        rows[number % capacity] = item
    return rows


def losses_by_loop(items, queue, weight):
    """Mean over the queue without the item itself, which is known by identity."""
    values = []
    for item in items:
        label, output = item
        pairs = [
            reference.cross_entropy(
                reference.share_label(label, other_label),
                reference.inner_product(output, other),
                0.5,
            )
            for other_label, other in (stored for stored in queue if stored is not item)
        ]
        gap = sum((abs(float(u)) - 1) ** 2 for u in output)
        values.append((sum(pairs) / len(pairs) if pairs else 0.0) + weight * gap)
    return values


def test_it_is_in_the_table_of_names():
    assert NAMES["dpsh"] is DPSH


def test_worked_values():
    # theta = 0.05, -0.325, 0.11 give 0.668460, 0.543793, 0.749659: 1.961911 in sum. The values
    # are each the mean of two of them, so they have the same sum.
    model = model_of(LABELS, bits=2, quantization_weight=0.0)
    values = np.asarray(model.item_losses(None, LABELS, OUTPUTS, True))
    assert values.sum() == pytest.approx(1.961911, abs=1e-5)
    assert np.asarray(squared_quantization(OUTPUTS)).sum() == pytest.approx(1.07)
    weighted = model_of(LABELS, bits=2, quantization_weight=0.5)
    values = np.asarray(weighted.item_losses(None, LABELS, OUTPUTS, True))
    assert values.mean() == pytest.approx(0.653970 + 0.5 * 1.07 / 3, abs=1e-6)


def test_zero_is_quantized_to_plus_one():
    outputs = tf.Variable([[0.0, -0.25, 3.0]])
    with tf.GradientTape() as tape:
        value = squared_quantization(outputs)
    assert float(value[0]) == pytest.approx(1 + 0.5625 + 4)
    np.testing.assert_allclose(tape.gradient(value, outputs), [[-2.0, 1.5, 4.0]])


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("multi_hot", [False, True])
def test_bank_and_losses_are_those_of_a_plain_queue(multi_hot, compiled):
    prepared = np.eye(3, dtype=bool)[[0, 1, 2, 0, 1]] if multi_hot else np.array([0, 1, 2, 0, 1])
    model = model_of(prepared, quantization_weight=0.1)
    assert (model.bank_rows, model.bank_classes) == (5, 3 if multi_hot else None)
    step = tf.function(model.item_losses, reduce_retracing=True) if compiled else model.item_losses
    queue, count = collections.deque(maxlen=5), 0
    for labels, outputs in batches(multi_hot):
        found = step(None, tf.constant(labels), tf.constant(outputs), training=True)
        items = list(zip(labels, outputs, strict=True))
        queue.extend(items)
        count += len(items)
        expected = losses_by_loop(items, queue, 0.1)
        np.testing.assert_allclose(np.asarray(found), expected, atol=1e-5)
        rows = arrange(queue, count, 5)
        for number, row in enumerate(rows):
            label, output = (0, np.zeros(4)) if row is None else row
            np.testing.assert_array_equal(model.bank_labels.rows[number], label + 0 * labels[0])
            np.testing.assert_array_equal(model.bank_outputs.rows[number], output)
        held = int(model.bank_count.rows[0])
        assert (min(held, 5), held % 5) == (len(queue), count % 5)
        assert held < 10  # it never overflows


def test_rows_of_a_queue_by_hand():
    rows, items = np.array([10, 11, 12]), np.array([1, 2])
    np.testing.assert_array_equal(after_arrival(rows, items, np.int32(0)), [1, 2, 12])
    np.testing.assert_array_equal(after_arrival(rows, items, np.int32(2)), [2, 11, 1])
    many = np.array([1, 2, 3, 4, 5])
    np.testing.assert_array_equal(after_arrival(rows, many, np.int32(1)), [3, 4, 5])
    np.testing.assert_array_equal(after_arrival(rows, many, np.int32(0)), [4, 5, 3])


def test_evaluation_compares_with_the_bank_and_leaves_it():
    model = model_of(np.array([0, 1, 2, 0, 1]), quantization_weight=0.1)
    (labels, outputs), (new_labels, new), *_ = batches()
    stored = list(zip(labels, outputs, strict=True))
    empty = np.asarray(model.item_losses(None, labels, outputs, False))
    np.testing.assert_allclose(empty, losses_by_loop(stored, [], 0.1), atol=1e-6)
    model.item_losses(None, labels, outputs, True)
    before = [np.array(weight) for weight in model.get_weights()]
    found = np.asarray(model.item_losses(None, new_labels, new, False))
    expected = losses_by_loop(list(zip(new_labels, new, strict=True)), stored, 0.1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_stored_outputs_carry_no_gradient():
    # The gradient is that of differences in which only the anchors move.
    labels, start = LABELS, OUTPUTS.astype("float32")
    model = model_of(labels, bits=2, quantization_weight=0.0)
    outputs = tf.Variable(start)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model.item_losses(None, labels, outputs, True))
    found = np.asarray(tape.gradient(total, outputs))
    for i in range(3):
        expected = np.zeros(2)
        for j in range(3):
            if i != j:  # slope of softplus(theta) - s theta, theta = <u_i, u_j> / 2
                theta = 0.5 * reference.inner_product(OUTPUTS[i], OUTPUTS[j])
                slope = 1 / (1 + np.exp(-theta)) - (labels[i] == labels[j])
                expected += slope * 0.5 * OUTPUTS[j] / 2
        np.testing.assert_allclose(found[i], expected, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"run_eagerly": True}])
def test_fit_stores_every_item_of_the_last_epoch(options):
    features, labels = data(23)
    model = DPSH(bits=6, backbone=None)
    model.compile(keras.optimizers.SGD(0.0), **options)
    model.fit(features, labels, epochs=2, batch_size=5, shuffle=False, verbose=0)
    assert model.bank_rows == 23
    outputs = model.predict(features, verbose=0)
    np.testing.assert_allclose(model.bank_outputs.rows, outputs, atol=1e-5)
    np.testing.assert_array_equal(model.bank_labels.rows, labels)
    bank = [np.array(table.rows.numpy()) for table in (model.bank_outputs, model.bank_labels)]
    model.evaluate(features, labels, verbose=0)
    np.testing.assert_array_equal(model.bank_outputs.rows, bank[0])
    np.testing.assert_array_equal(model.bank_labels.rows, bank[1])


def test_size_of_the_bank():
    labels = np.arange(30) % 3
    assert model_of(labels).bank_rows == 30
    assert model_of(labels[:, None]).bank_classes is None
    assert model_of(labels, bank_size=8).bank_rows == 8
    assert model_of(labels, bank_size=99).bank_rows == 30
    assert model_of(np.arange(50_001) % 2, bits=1).bank_rows == 50_000
    again = model_of(labels, bank_size=8)
    again.prepare(np.arange(12) % 2)
    assert again.bank_rows == 8


def test_saved_bank(tmp_path):
    features, labels = data(20)
    rows = np.eye(4)[labels]
    for given in (labels[:, None], rows):
        model = DPSH(bits=6, backbone=None, bank_size=7)
        model.compile("adam")
        model.fit(features, given, epochs=1, batch_size=3, verbose=0)
        config = model.get_config()
        assert json.loads(json.dumps(config)) == config
        model.save(tmp_path / "model.keras")
        loaded = kh.load(tmp_path / "model.keras")
        for name in ("bank_outputs", "bank_labels", "bank_count"):
            one, other = getattr(model, name).rows, getattr(loaded, name).rows
            np.testing.assert_array_equal(one, other)
        assert np.any(np.asarray(loaded.bank_outputs.rows))
        assert int(loaded.bank_count.rows[0]) == 7 + 20 % 7
        value = model.evaluate(features, given, verbose=0)
        assert loaded.evaluate(features, given, verbose=0) == pytest.approx(value, rel=1e-5)
        loaded.fit(features, given, batch_size=3, verbose=0)


def test_refused_arguments():
    with pytest.raises(ValueError, match=r"`quantization_weight` must be at least 0\.0; got -1"):
        DPSH(bits=6, backbone=None, quantization_weight=-1)
    with pytest.raises(ValueError, match="`bank_size` must be at least 1; got 0"):
        DPSH(bits=6, backbone=None, bank_size=0)
    with pytest.raises(ValueError, match="`bank_rows` must be at least 1; got 0"):
        DPSH(bits=6, backbone=None, bank_rows=0)
    with pytest.raises(ValueError, match="there is none yet. Call `fit`, or `prepare` with all"):
        DPSH(bits=2, backbone=None).item_losses(None, LABELS, OUTPUTS, True)


def test_refused_labels():
    with pytest.raises(ValueError, match="two classes at least; got 1"):
        model_of(np.zeros(4, int))
    with pytest.raises(ValueError, match="two classes at least; got 1"):
        model_of(np.eye(3, dtype=bool)[[1, 1]])
    with pytest.raises(ValueError, match="`labels` must be between 0 and 16777216; got 16777217"):
        model_of(np.array([0, 2**24 + 1]))
    single, multi_hot = model_of(np.arange(4)), model_of(np.eye(3, dtype=bool))
    message = r"prepared for single labels \(n,\); got labels of shape \(3, 3\)"
    with pytest.raises(ValueError, match=message):
        single.prepare(np.eye(3, dtype=bool))
    with pytest.raises(ValueError, match=message):
        single.item_losses(None, np.eye(3), np.zeros((3, 4), "float32"), True)
    message = r"prepared for multi-hot labels of 3 classes; got labels of shape \(4, 5\)"
    with pytest.raises(ValueError, match=message):
        multi_hot.prepare(np.eye(5, dtype=bool)[:4])
    with pytest.raises(ValueError, match=r"of 3 classes; got labels of shape \(4,\)"):
        multi_hot.prepare(np.arange(4))


def data(count, seed=1):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    centres = 2.0 * np.random.default_rng(9).normal(size=(4, 10))
    return (centres[labels] + rng.normal(size=(count, 10))).astype("float32"), labels


@pytest.mark.parametrize("bank_size", [None, 20])
def test_trained_codes_are_nearer_inside_a_class(bank_size):
    features, labels = data(120)
    model = DPSH(bits=16, backbone=None, bank_size=bank_size)
    model.compile("adam")
    model.fit(features[:80], labels[:80], epochs=30, batch_size=16, verbose=0)
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + 2 < distances[~same].mean()
