"""Heads trained on features: behind the backbone they must give what they gave before it."""

from types import SimpleNamespace

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import backbones, methods
from keras_hashing.training import frozen_features as cache
from keras_hashing.training import parse_recipe
from keras_hashing.training.on_features import head_outputs, scaling, train_head, validation_map
from tests.zoo.conftest import small_data

CLASSICAL = [name for name, method in methods.NAMES.items() if method.adapts]


@pytest.fixture(scope="module")
def network():
    return backbones.get("small_cnn", 8)


@pytest.fixture
def features(tmp_path, monkeypatch, network):
    monkeypatch.setattr(cache, "backbones", SimpleNamespace(get=lambda *_: network))
    return cache.FrozenFeatures(tmp_path, "small_cnn", 8)


def recipe(method, features="raw", more="", epochs=2):
    fitted = "" if method in CLASSICAL else f"epochs = {epochs}"
    return parse_recipe(f"""
name = "x"
seed = 3
[model]
method = "{method}"
bits = 6
backbone = "small_cnn"
image_size = 8
{more}
[data]
dataset = "shades"
protocol = "shades-s1"
[training]
{fitted}
features = "{features}"
select = "last"
flip = false
shift = 0
""")


def arguments(method):
    if method in CLASSICAL:
        return "anchors = 12" if method == "ksh" else ""
    frozen = {"mixed"}  # its backbone is never trained
    return "hidden = 5" + ("" if method in frozen else "\ntrain_backbone = false")


@pytest.mark.filterwarnings("ignore:.*leaves out the rotation term")
@pytest.mark.parametrize("method", methods.NAMES)
def test_the_whole_model_gives_the_heads_outputs(method, features, network, monkeypatch):
    monkeypatch.setattr("keras_hashing.methods.hashing_model.backbones", kept(network))
    data = small_data()
    model, history = train_head(recipe(method, more=arguments(method)), data, features)
    assert len(history) == (0 if method in CLASSICAL else 2)
    found = kh.encoding.outputs(model, data.query.images, verbose=False)
    np.testing.assert_allclose(head_outputs(model, features.of(data.query)), found, atol=1e-3)
    assert found.shape == (len(data.query), 6)


def kept(network):
    """In place of the module of backbones: one network, so that all have its weights."""
    return SimpleNamespace(get=lambda *_: network)


def test_standardisation_goes_into_the_hidden_layer(features, network, monkeypatch):
    monkeypatch.setattr("keras_hashing.methods.hashing_model.backbones", kept(network))
    data = small_data()
    model, _ = train_head(recipe("dhn", "standardised", arguments("dhn")), data, features)
    seen = {}
    fit = methods.DHN.fit

    def watched(self, x, *args, **kwargs):
        found = fit(self, x, *args, **kwargs)
        trained = [np.array(weight.numpy()) for weight in self.head.get_layer("hidden").weights]
        seen.update(x=np.array(x), trained=trained)
        return found

    monkeypatch.setattr(methods.DHN, "fit", watched)
    again, _ = train_head(recipe("dhn", "standardised", arguments("dhn")), data, features)
    np.testing.assert_allclose(seen["x"].mean(axis=0), 0, atol=1e-5)
    inputs = np.asarray(features.of(data.train))
    kernel, bias = (np.asarray(w) for w in again.head.get_layer("hidden").weights)
    # On raw inputs the layer now gives what the trained one gave on standardised inputs.
    wanted = seen["x"] @ seen["trained"][0] + seen["trained"][1]
    np.testing.assert_allclose(inputs @ kernel + bias, wanted, atol=1e-3)
    assert np.array_equal(kernel, np.asarray(model.head.get_layer("hidden").kernel))  # same seed


def test_channels_that_never_change_do_not_blow_up_the_weights(features):
    inputs = np.stack([np.full(50, 3.0), np.arange(50.0)], axis=1)
    mean, spread = scaling(recipe("dhn", "standardised", arguments("dhn")), inputs)
    np.testing.assert_allclose(mean, [3.0, 24.5])
    assert spread[1] == pytest.approx(np.std(np.arange(50.0)), abs=1e-5)
    assert spread[0] == pytest.approx(np.std(np.arange(50.0)) / 2000, rel=1e-4)  # mean of two
    assert [list(part) for part in scaling(recipe("itq"), inputs)] == [[0, 0], [1, 1]]


def test_validation_images_are_judged_after_the_last_epoch(features, network, monkeypatch):
    monkeypatch.setattr("keras_hashing.methods.hashing_model.backbones", kept(network))
    data = small_data()
    model, history = train_head(recipe("dhn", "raw", arguments("dhn")), data, features)
    codes = kh.encode(model, data.validation.images)
    ids = np.arange(len(codes))
    labels = data.validation.labels
    report = kh.evaluate(
        codes, labels, codes, labels, query_ids=ids, database_ids=ids, exclude_self=True
    )
    assert "val_map" not in history[0]
    assert history[1]["val_map"] == pytest.approx(report.map, abs=1e-3)
    assert validation_map(model, codes, None) is None
    assert validation_map(model, codes, ids) is None  # no two share a label


def test_mistakes(features):
    data = small_data()
    with pytest.raises(ValueError, match="needs a head whose first layer is dense"):
        train_head(recipe("dnnh", "standardised", "train_backbone = false"), data, features)
    with pytest.raises(ValueError, match="train_backbone"):
        train_head(recipe("dhn", more="train_backbone = true"), data, features)
    with pytest.raises(ValueError, match="itq is fitted by `adapt`"):
        recipe("itq").training  # noqa: B018
        parse_recipe(recipe("itq").text.replace('features = "raw"', "epochs = 2"))
    with pytest.raises(ValueError, match="images are not augmented|computed once"):
        parse_recipe(recipe("dhn").text.replace("shift = 0", "shift = 1"))
