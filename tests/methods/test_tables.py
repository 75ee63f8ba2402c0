"""Parts that are built when training starts: weights, values, and that they are saved."""

import keras
import numpy as np
import pytest

from keras_hashing.losses import bernoulli_centres, class_centres
from keras_hashing.losses.centres import nested_order
from keras_hashing.methods.tables import CentreTable, ClassHead, Table


def test_class_head_is_a_dense_layer():
    head = ClassHead()
    assert not head.weights
    head.start(4, 3)
    head.start(4, 3)  # nothing the second time
    assert [tuple(w.shape) for w in head.trainable_weights] == [(4, 3), (3,)]
    head.bias.assign([1.0, 2.0, 3.0])
    inputs = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    expected = inputs @ np.asarray(head.kernel) + [1.0, 2.0, 3.0]
    np.testing.assert_allclose(head(inputs), expected, atol=1e-6)
    plain = ClassHead(use_bias=False)
    plain.start(4, 3)
    assert len(plain.weights) == 1


def test_table_is_saved_with_its_model(tmp_path):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.table = Table("int32", name="table")
            self.build((None, 2))

        def call(self, inputs):
            return inputs

    model, again = Model(), Model()
    assert not model.weights
    for one in (model, again):
        one.table.start(3, 2)
    assert not model.trainable_weights
    model.table.rows.assign([[1, 2], [3, 4], [5, 6]])
    model.save_weights(tmp_path / "x.weights.h5")
    again.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(again.table.rows, [[1, 2], [3, 4], [5, 6]])
    column = Table()
    column.start(4)
    assert column.rows.shape == (4,)


def filled(classes=5, bits=6, seed=2):
    table = CentreTable(bits, bernoulli_centres, seed)
    assert table.fill(classes) == classes
    return table


def test_centre_table_is_filled_once():
    table = filled()
    codes = bernoulli_centres(5, 6, 2)
    np.testing.assert_array_equal(table.numpy(), codes)
    assert table.numpy().dtype == np.int8
    assert not table.trainable_weights
    table.rows.assign(-codes)
    table.fill(5)
    np.testing.assert_array_equal(table.numpy(), -codes)


def test_votes_of_ids():
    codes = filled().numpy()
    for labels in (np.array([3, 0, 5, -1]), np.array([[3], [0], [5], [-1]], "float32")):
        votes, counts = filled().votes(labels)
        np.testing.assert_array_equal(votes, [codes[3], codes[0], np.zeros(6), np.zeros(6)])
        np.testing.assert_array_equal(counts, [1, 1, 0, 0])


@pytest.mark.parametrize("dtype", [bool, "int64", "float32"])
def test_votes_of_multi_hot_rows(dtype):
    labels = np.random.default_rng(0).integers(0, 2, (7, 5))
    labels[3] = 0
    codes = filled().numpy().astype(int)
    votes, counts = filled().votes(labels.astype(dtype))
    for i, row in enumerate(labels):
        own = [codes[k] for k in range(5) if row[k]]
        np.testing.assert_array_equal(votes[i], sum(own, np.zeros(6)))
        assert counts[i] == len(own)


def test_share_cuts_a_longer_table():
    longest, table = filled(5, 9), CentreTable(6, bernoulli_centres, 0)
    assert table.share(longest) == 5
    np.testing.assert_array_equal(table.numpy(), longest.numpy()[:, :6])
    own = filled(5, 4)
    own.share(longest)
    np.testing.assert_array_equal(own.numpy(), longest.numpy()[:, :4])


def test_order_for_prefixes_reorders_columns():
    table = CentreTable(16, class_centres, 0)
    table.fill(10)
    before = table.numpy()
    table.order_for_prefixes()
    order = nested_order(before)
    assert (order != np.arange(16)).any()
    np.testing.assert_array_equal(table.numpy(), before[:, order])
    table.order_for_prefixes()
    np.testing.assert_array_equal(table.numpy(), before[:, order])


def test_centre_table_refuses():
    with pytest.raises(ValueError, match="not known yet, .* Call `fit`, or make the model with `c"):
        CentreTable(6, bernoulli_centres, 0).votes(np.arange(3))
    with pytest.raises(ValueError, match="at least 6 bits; got 4. Share from the longer model"):
        CentreTable(6, bernoulli_centres, 0).share(filled(5, 4))
    with pytest.raises(ValueError, match="`bits` must be at least 3 to give each of 5 classes"):
        CentreTable(2, bernoulli_centres, 0).share(filled(5, 6))
    with pytest.raises(ValueError, match="`seed` must be at least 0; got -1"):
        CentreTable(6, bernoulli_centres, -1)
    with pytest.raises(TypeError, match="`classes` must be a whole number; got '5'"):
        CentreTable(6, bernoulli_centres, 0).fill("5")
