"""`fit` around Keras' own: labels of every kind, weights by class, losses of one's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import encoding
from keras_hashing.classes import Arriving, Classes
from keras_hashing.methods import CSQ, DHN, DLBHC, DPSH, BiHalf, Nested

X = np.random.default_rng(0).normal(size=(24, 8)).astype("float32")
Y = np.arange(24) % 3


def fitted(method, labels, x=X, loss=None, **settings):
    keras.utils.set_random_seed(0)
    model = method(bits=8, backbone=None) if isinstance(method, type) else method()
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    model.fit(x, labels, batch_size=24, shuffle=False, verbose=0, **settings)
    return model


def outputs(model):
    return encoding.outputs(model, X)


def test_class_weights_follow_the_labels_as_given():
    names = np.array(["ant", "bee", "cat"])[Y]
    weights = {0: 1.0, 1: 0.2, 2: 3.0}
    for method in (DLBHC, DHN):
        expected = outputs(fitted(method, Y, class_weight=weights))
        found = fitted(method, Y + 40, class_weight={k + 40: v for k, v in weights.items()})
        np.testing.assert_allclose(outputs(found), expected, atol=1e-6)
    named = {"ant": 1.0, "bee": 0.2, "cat": 3.0}
    found = outputs(fitted(DLBHC, names, class_weight=named))
    np.testing.assert_allclose(found, outputs(fitted(DLBHC, Y, class_weight=weights)), atol=1e-6)


def test_the_map_of_classes_is_kept_and_saved(tmp_path):
    model = fitted(DLBHC, Y * 100_000 + 7)
    assert model.classes == 3 and model.label_numbers.values == [7, 100_007, 200_007]
    model.fit(X[:9], Y[:9] * 100_000 + 7, verbose=0)
    with pytest.raises(ValueError, match="was not trained with, the first 8; it knows 3"):
        model.fit(X[:9], np.arange(9) % 2 + 7, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.label_numbers.values == [7, 100_007, 200_007]
    expected = model.evaluate(X, Y * 100_000 + 7, verbose=0)
    assert again.evaluate(X, Y * 100_000 + 7, verbose=0) == pytest.approx(expected)
    assert "label_values" not in fitted(DLBHC, Y).get_config()


def test_which_methods_number_how():
    assert isinstance(fitted(CSQ, Y).label_numbers, Classes)
    assert isinstance(fitted(DHN, Y).label_numbers, Arriving)
    assert isinstance(fitted(DPSH, Y).label_numbers, Arriving)
    assert fitted(BiHalf, Y).label_numbers is None
    nested = fitted(lambda: Nested(CSQ, bits=(4, 8), backbone=None), Y * 9)
    assert nested.label_numbers.values == [0, 9, 18] and nested.prefix(4).label_numbers is not None


def test_methods_without_labels_ignore_whatever_comes():
    expected = outputs(fitted(BiHalf, None))
    for labels in (Y, np.zeros(24), np.array(["a"] * 24)):
        np.testing.assert_allclose(outputs(fitted(BiHalf, labels)), expected, atol=1e-6)


def test_targets_of_a_loss_of_ones_own_pass_as_they_are():
    targets = np.random.default_rng(1).normal(size=(24, 8)).astype("float32")
    model = fitted(DHN, targets, loss="mse")
    data = tf.data.Dataset.from_tensor_slices((X, targets)).batch(24)
    np.testing.assert_allclose(
        outputs(model), outputs(fitted(DHN, None, x=data, loss="mse")), atol=1e-6
    )


@pytest.mark.parametrize("form", ["dataset", "generator"])
def test_a_stream_of_one_class_is_told_after_an_epoch(form):
    data = tf.data.Dataset.from_tensor_slices((X, np.full(24, 5))).batch(8)
    data = data if form == "dataset" else iter([(X, np.full(24, 5))])
    with pytest.raises(ValueError, match="two classes at least; got 1"):
        fitted(DHN, None, x=data)


def test_arguments_by_position_and_callbacks_of_every_kind():
    seen = []
    one = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(1))
    model = fitted(DHN, Y)
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    model.fit(X, Y, 24, 2, 0, [one])
    model.fit(data, None, None, 2, 0, one)
    model.fit(data, verbose=0, callbacks=keras.callbacks.CallbackList([one], model=model))
    assert len(seen) == 5


def test_validation_classes_that_training_lacks():
    with pytest.raises(ValueError, match="was not trained with"):
        fitted(DLBHC, Y, validation_data=(X, Y + 1))
    history = fitted(DHN, Y, validation_data=(X, Y + 1)).history.history
    assert np.isfinite(history["val_loss"]).all()
