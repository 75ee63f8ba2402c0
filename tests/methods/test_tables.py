"""Parts that are built when training starts: weights, values, and that they are saved."""

import keras
import numpy as np

from keras_hashing.methods.tables import ClassHead, Table


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
