"""One door: images or features, the caller does not ask; what comes out is ready to publish."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import zoo
from keras_hashing.training import Trained, parse_recipe, publish, train
from keras_hashing.training.on_features import head_outputs
from tests.training.photos import make_folder

RECIPE = """
name = "dhn_photos_8"
seed = 2
[model]
method = "{method}"
bits = 8
backbone = "small_cnn"
image_size = 16
[data]
folder = "photos"
validation = 0.2
query = 0.2
[training]
{training}
"""
ON_FEATURES = 'features = "raw"\nselect = "last"\nflip = false\nshift = 0'
KINDS = {
    "images": RECIPE.format(method="dhn", training="epochs = 1"),
    "features": RECIPE.format(method="dhn", training=f"epochs = 2\n{ON_FEATURES}").replace(
        "[data]", "train_backbone = false\n[data]"
    ),
    "fitted": RECIPE.format(method="itq", training=ON_FEATURES),
}


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "photos")
    network = kh.backbones.get("small_cnn", 16)
    monkeypatch.setattr(kh.backbones, "get", lambda *_, **__: network)
    return {"features_dir": tmp_path / "features", "verbose": 0}


@pytest.mark.parametrize(("kind", "epochs"), [("images", 1), ("features", 2), ("fitted", 0)])
def test_every_kind_of_recipe(places, tmp_path, kind, epochs):
    recipe = parse_recipe(KINDS[kind])
    trained = train(recipe, **places)
    assert isinstance(trained, Trained)
    assert (trained.recipe, len(trained.history)) == (recipe, epochs)
    assert [len(p) for p in (trained.data.train, trained.data.query)] == [18, 6]
    # The same outputs from stored features as from the photos.
    outputs = trained.outputs_of(trained.model, trained.data.query)
    expected = kh.encoding.outputs(trained.model, trained.data.query.paths)
    np.testing.assert_allclose(outputs, expected, atol=1e-4)
    assert (tmp_path / "runs" / "dhn_photos_8").is_dir() == (kind == "images")
    entry = publish(trained, tmp_path / "entries" / recipe.name, frozen_size=16)
    assert zoo.verify(entry.path)[0].problems == []
    assert "frozen_cosine" in [row["row"] for row in entry.comparisons]


def test_rows_for_comparison_are_computed_once_for_the_same_features(places, tmp_path, monkeypatch):
    trained = train(parse_recipe(KINDS["features"]), **places)
    first = publish(trained, tmp_path / "a")
    monkeypatch.setattr("keras_hashing.training.comparisons.frozen_rows", None)
    assert publish(trained, tmp_path / "b").comparisons == first.comparisons
    assert list(trained.features.rows) == [8]


def test_stored_features_serve_the_model_read_back(places, tmp_path):
    trained = train(parse_recipe(KINDS["features"]), **places)
    shipped = zoo.load(publish(trained, tmp_path / "a").path)
    features = trained.features.of(trained.data.query)
    np.testing.assert_array_equal(
        trained.outputs_of(shipped, trained.data.query), head_outputs(shipped, features)
    )
