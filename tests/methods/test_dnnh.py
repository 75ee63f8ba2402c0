"""DNNH: its head in order, the layer in front of it where features do not fit, the band."""

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import codes
from keras_hashing.backbones import nin
from keras_hashing.losses import TripletRanking
from keras_hashing.methods import DNNH, NAMES
from keras_hashing.methods.dnnh import FeatureWidth, saturated
from tests import reference


def clustered(n, channels, seed, classes=4):
    random = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = 2.0 * np.random.default_rng(9).normal(size=(classes, channels))
    return (centres[labels] + random.normal(size=(n, channels))).astype("float32"), labels


def test_it_is_in_the_table_of_names_and_has_its_loss():
    assert NAMES["dnnh"] is DNNH
    model = DNNH(bits=6, backbone=None)
    model.compile()
    assert type(model.loss) is TripletRanking
    assert (model.loss.margin, model.loss.average) == (1.0, "valid")


@pytest.mark.parametrize("eps", [0.5, 0.1])
def test_outputs_are_the_slices_sigmoids_through_the_band(eps):
    features = np.random.default_rng(0).normal(size=(5, 12)).astype("float32")
    model = DNNH(bits=4, backbone=None, features_per_bit=3, eps=eps)
    found = model.predict(features, verbose=0)
    slices = model.head.get_layer("hash")
    logits = reference.slices(features, np.asarray(slices.kernel), np.asarray(slices.bias))
    sigmoids = 1 / (1 + np.exp(-logits))
    inside = np.abs(sigmoids - 0.5) <= eps
    expected = np.where(inside, 2 * sigmoids - 1, np.where(logits >= 0, 1, -1))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found >= 0, logits >= 0)
    assert inside.any()
    assert inside.all() == (eps == 0.5)
    np.testing.assert_allclose(saturated(None, found), 1 - inside.mean(axis=1), atol=1e-6)


def test_features_of_another_width_go_through_a_relu_layer():
    features = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    model = DNNH(bits=4, backbone=None, features_per_bit=3)
    model.predict(features, verbose=0)
    width = model.head.get_layer("width")
    kernel, bias = (np.asarray(weight) for weight in width.dense.weights)
    assert kernel.shape == (7, 12)
    expected = np.maximum(features @ kernel + bias, 0)
    np.testing.assert_allclose(width(features), expected, atol=1e-5)


def test_features_of_that_width_stay_as_they_are():
    # The paper's network: its last block has 50 channels a bit, so only the slices have weights.
    model = DNNH(bits=3, backbone=nin.build(16, nin.FEATURES_PER_BIT * 3))
    assert [w.path.split("/", 1)[-1] for w in model.head.weights] == [
        "hash/kernel",
        "hash/bias",
        "threshold/eps",
    ]
    assert model.head.count_params() == 3 * 51 + 1
    assert model.predict(np.zeros((2, 16, 16, 3), "uint8"), verbose=0).shape == (2, 3)
    other = DNNH(bits=3, backbone=nin.build(16, 100))
    assert other.head.get_layer("width").dense.units == 150


def test_hidden_and_dropout_come_first():
    model = DNNH(bits=4, backbone=None, features_per_bit=3, hidden=12, dropout=0.2)
    model.build((None, 7))
    names = [layer.name for layer in model.head.layers]
    assert names[:4] == ["feature_dropout", "hidden", "hidden_dropout", "width"]
    assert model.head.get_layer("width").dense is None


def test_width_layer_alone():
    for width, kernels in ((6, 0), (8, 1)):
        layer = FeatureWidth(width, name="width")
        assert layer(np.zeros((2, 6))).shape == (2, width)
        assert layer.compute_output_shape((None, 6)) == (None, width)
        assert len(layer.weights) == 2 * kernels
        assert FeatureWidth.from_config(layer.get_config()).width == width


def test_trained_codes_are_nearer_inside_a_class():
    features, labels = clustered(120, 10, 1)
    keras.utils.set_random_seed(0)
    model = DNNH(bits=16, backbone=None, features_per_bit=5)
    model.compile(keras.optimizers.Adam(0.005), metrics=[saturated])
    history = model.fit(features[:80], labels[:80], epochs=20, batch_size=16, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert max(history["saturated"]) < 0.5
    packed = codes.pack(model.predict(features[80:], verbose=0))
    distances = codes.hamming(packed, packed)
    same = labels[80:, None] == labels[None, 80:]
    assert distances[same].mean() + 2 < distances[~same].mean()


def test_a_band_of_no_width_stops_learning():
    features, labels = clustered(16, 10, 1)
    model = DNNH(bits=8, backbone=None, eps=0.0)
    model.compile("adam", metrics=[saturated])
    before = model.predict(features, verbose=0)
    history = model.fit(features, labels, epochs=2, verbose=0).history
    assert history["saturated"] == [1.0, 1.0]
    np.testing.assert_array_equal(model.predict(features, verbose=0), before)


@pytest.mark.parametrize("channels", [10, 20])
def test_saved_with_its_band(tmp_path, channels):
    features, labels = clustered(20, channels, 1)
    model = DNNH(bits=4, backbone=None, features_per_bit=5, eps=0.4)
    model.compile("adam", metrics=[saturated])
    model.fit(features, labels, verbose=0)
    model.threshold.eps.assign(0.05)
    outputs = model.predict(features, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = kh.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(features, verbose=0), outputs)
    assert float(loaded.threshold.eps) == pytest.approx(0.05)
    assert loaded.get_config() == model.get_config()
    assert (loaded.eps, loaded.features_per_bit) == (0.4, 5)
    assert loaded.evaluate(features, labels, verbose=0)[1] == pytest.approx(
        np.mean(np.abs(outputs) == 1), abs=1e-6
    )


def test_refused_arguments():
    with pytest.raises(ValueError, match="`features_per_bit` must be at least 1; got 0"):
        DNNH(8, backbone=None, features_per_bit=0)
    with pytest.raises(ValueError, match=r"`eps` must be between 0\.0 and 0\.5; got 0\.7"):
        DNNH(8, backbone=None, eps=0.7)
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        DNNH(0, backbone=None)
