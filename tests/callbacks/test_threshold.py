"""`NarrowThreshold`: the band of each epoch."""

import keras
import numpy as np
import pytest

from keras_hashing.callbacks import NarrowThreshold
from keras_hashing.layers import PiecewiseThreshold
from keras_hashing.methods import DHN, DNNH

FEATURES = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
LABELS = np.arange(12) % 3


def widths(model, callback, layer, **options):
    """The band's width in each epoch, read in the middle of it."""
    seen = []
    read = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(float(layer().eps))
    )
    model.fit(FEATURES, LABELS, batch_size=12, verbose=0, callbacks=[callback, read], **options)
    return seen


def dnnh(eps=0.5):
    model = DNNH(bits=4, backbone=None, features_per_bit=2, eps=eps)
    model.compile("adam")
    return model, lambda: model.threshold


def test_it_narrows_in_equal_steps():
    model, layer = dnnh()
    found = widths(model, NarrowThreshold(), layer, epochs=4)
    np.testing.assert_allclose(found, [0.5, 0.35, 0.2, 0.05], atol=1e-6)
    # What is saved with the model is the last width; its head now thresholds with it.
    outputs = np.abs(model.predict(FEATURES, verbose=0))
    assert ((outputs <= 0.1 + 1e-6) | (outputs == 1)).all()


def test_it_starts_from_the_layers_own_width():
    model, layer = dnnh(0.3)
    found = widths(model, NarrowThreshold(0.1), layer, epochs=3)
    np.testing.assert_allclose(found, [0.3, 0.2, 0.1], atol=1e-6)


def test_a_resumed_fit_goes_on_and_a_new_one_starts_again():
    model, layer = dnnh()
    model.predict(FEATURES, verbose=0)
    found = widths(model, NarrowThreshold(), layer, epochs=4, initial_epoch=2)
    np.testing.assert_allclose(found, [0.2, 0.05], atol=1e-6)
    found = widths(model, NarrowThreshold(), layer, epochs=1)
    np.testing.assert_allclose(found, [0.5], atol=1e-6)


def test_a_layer_of_any_model_is_found():
    inner = keras.Sequential([keras.layers.Dense(2, "sigmoid"), PiecewiseThreshold(name="inner")])
    model = keras.Sequential([keras.Input((4,)), inner, PiecewiseThreshold(0.4, name="outer")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy())
    callback = NarrowThreshold(0.2)
    model.fit(FEATURES, LABELS % 2, epochs=2, verbose=0, callbacks=[callback])
    assert float(inner.layers[-1].eps) == pytest.approx(0.2)
    assert float(model.layers[-1].eps) == pytest.approx(0.2)


def test_refused():
    with pytest.raises(ValueError, match=r"`eps` must be between 0\.0 and 0\.5; got 0\.6"):
        NarrowThreshold(0.6)
    model = DHN(bits=4, backbone=None)
    model.compile("adam")
    with pytest.raises(ValueError, match="needs a model with a PiecewiseThreshold; 'dhn' has none"):
        model.fit(FEATURES, LABELS, verbose=0, callbacks=[NarrowThreshold()])
