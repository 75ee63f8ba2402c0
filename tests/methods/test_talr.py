"""TALR: its outputs and loss, and that it ranks a class's own items first."""

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.losses import TieAwareAP
from keras_hashing.methods import NAMES, TALR


def clustered(n, seed, classes=4):
    random = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = 1.2 * np.random.default_rng(9).normal(size=(classes, 10))
    return (centres[labels] + random.normal(size=(n, 10))).astype("float32"), labels


def test_it_is_in_the_table_of_names():
    assert NAMES["talr"] is TALR


@pytest.mark.parametrize("bins", [None, 5])
def test_its_loss(bins):
    model = TALR(bits=6, backbone=None, bins=bins)
    model.compile()
    assert type(model.loss) is TieAwareAP
    assert model.loss.bins == bins
    assert TALR.from_config(model.get_config()).bins == bins


def test_outputs_are_twice_the_sigmoid_less_1():
    features, _ = clustered(5, 0)
    model = TALR(bits=6, backbone=None)
    found = model.predict(features, verbose=0)
    kernel, bias = (np.asarray(weight, "float64") for weight in model.head.weights)
    expected = 2 / (1 + np.exp(-(features @ kernel + bias))) - 1
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_training_raises_the_average_precision_of_the_codes():
    features, labels = clustered(120, 1)
    query, query_labels = clustered(60, 2)
    keras.utils.set_random_seed(0)
    model = TALR(bits=12, backbone=None)
    model.compile(keras.optimizers.Adam(0.02))

    def quality():
        return kh.evaluate(
            kh.encode(model, query), query_labels, kh.encode(model, features), labels, bits=12
        ).map

    before = quality()
    model.fit(features, labels, epochs=15, batch_size=60, verbose=0)
    assert quality() > max(0.8, before + 0.15)


def test_refused_arguments():
    with pytest.raises(ValueError, match="`bins` must be at least 1; got 0"):
        TALR(8, backbone=None, bins=0)
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        TALR(0, backbone=None)
