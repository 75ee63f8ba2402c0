"""Nested: losses at every length, prefixes that are models, and what all lengths share."""

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import codes, encoding, methods
from keras_hashing.methods import Nested

LENGTHS = (4, 8, 12)


def feature_set(count=60, channels=10, seed=0):
    labels = np.arange(count) % 3
    centres = 3.0 * np.random.default_rng(9).normal(size=(3, channels))
    noise = np.random.default_rng(seed).normal(size=(count, channels))
    return (centres[labels] + noise).astype("float32"), labels


def fitted(method, epochs=8, **arguments):
    keras.utils.set_random_seed(1)
    model = Nested(method, bits=LENGTHS, backbone=None, **arguments)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(*feature_set(), epochs=epochs, batch_size=20, verbose=0)
    return model


@pytest.fixture(params=[name for name in methods.NAMES if getattr(methods.NAMES[name], "nests", 0)])
def name(request):
    return request.param


@pytest.mark.filterwarnings("ignore:.*without a backbone")
def test_every_method_nests_saves_and_gives_prefixes(name, tmp_path):
    model = fitted(methods.NAMES[name])
    features, labels = feature_set(30, seed=1)
    packed = kh.encode(model, features)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(kh.encode(loaded, features), packed)
    for length in LENGTHS:
        short = model.prefix(length)
        assert type(short) is methods.NAMES[name]
        assert short.bits == length
        expected = codes.prefix(packed, 12, length)
        np.testing.assert_array_equal(kh.encode(short, features), expected)
        report = kh.evaluate(expected, labels, expected, labels, bits=length)
        assert report.map > 0.5  # 1/3 by chance
        short.compile("sgd")
        short.fit(features, labels, verbose=0)  # its state is whole
    loaded.fit(features, labels, verbose=0)


def test_loss_is_the_mean_of_the_losses_at_all_lengths():
    features, labels = feature_set()
    model = fitted(methods.HashNet, epochs=1)
    outputs = encoding.outputs(model, features)
    expected = np.mean(
        [
            np.asarray(
                methods.HashNet(bits=length, backbone=None).default_loss()(
                    labels, outputs[:, :length]
                )
            )
            for length in LENGTHS
        ]
    )
    found = model.evaluate(features, labels, batch_size=60, verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)


def test_centres_of_short_codes_begin_those_of_long_ones():
    model = fitted(methods.CSQ, epochs=1)
    longest = model.longest.centres
    for part in model.parts:
        np.testing.assert_array_equal(part.centres, longest[:, : part.bits])
        assert len(np.unique(part.centres, axis=0)) == 3


def test_it_trains_on_images_with_one_backbone():
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    model = Nested("dhn", bits=(3, 9), backbone=keras.Model(inputs, maps, name="tiny"))
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3)).astype("uint8")
    assert len(model.trainable_weights) == 4  # of one convolution and one head
    model.compile("sgd")
    model.fit(images, np.arange(12) % 2, verbose=0)
    np.testing.assert_array_equal(
        kh.encode(model.prefix(3), images), codes.prefix(kh.encode(model, images), 9, 3)
    )


@pytest.mark.parametrize(
    ("method", "bits", "error", "message"),
    [
        ("dhn", (8,), ValueError, "`bits` must hold two lengths or more"),
        ("dhn", 8, TypeError, "`bits` must be a sequence of whole numbers"),
        ("dhn", (8, 0), ValueError, "must be at least 1; got 0"),
        ("dnh", (8, 4), ValueError, "`method` got the unknown value 'dnh'"),
        (keras.Model, (8, 4), TypeError, "must be a class of `keras_hashing.methods`"),
        ("mixed", (8, 4), TypeError, "that trains all of its bits"),
        ("itq", (8, 4), TypeError, "that trains all of its bits"),
    ],
)
def test_bad_arguments(method, bits, error, message):
    with pytest.raises(error, match=message):
        Nested(method, bits=bits, backbone=None)


def test_prefix_of_another_length():
    with pytest.raises(ValueError, match="`bits` got the unknown value 5; allowed: 4, 8"):
        Nested("dhn", bits=(4, 8), backbone=None).prefix(5)
