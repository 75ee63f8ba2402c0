"""A recipe trained again: the same seed gives the same codes, other seeds others."""

import numpy as np
import pytest

from keras_hashing import zoo
from keras_hashing.training import read_family, read_recipe, reproduce, train, train_family
from tests.training.test_on_images import RECIPE, tiny_data
from tests.training.test_train_family import FAMILY
from tests.zoo.conftest import small_data


@pytest.fixture
def entry(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_hashing.data.from_source", lambda *a, **k: small_data())
    path = tmp_path / "family.toml"
    path.write_text(FAMILY)
    recipes = read_family(path)[:1]
    (made,) = train_family(recipes, tmp_path / "entries", features_dir=tmp_path / "features")
    return made


def test_the_same_seed_gives_the_same_codes(entry, tmp_path):
    out, features = tmp_path / "out", tmp_path / "features"
    found = dict(reproduce(entry.path, out, seeds=2, features_dir=features))
    assert list(found) == [4, 5]
    codes = {seed: zoo.codes(again.path).database_codes for seed, again in found.items()}
    assert np.array_equal(codes[4], zoo.codes(entry.path).database_codes)
    assert not np.array_equal(codes[5], codes[4])
    assert found[4].metrics == entry.metrics
    kept = {seed: read_recipe(again.path / "recipe.toml") for seed, again in found.items()}
    assert kept[4].text == (entry.path / "recipe.toml").read_text()
    assert (kept[5].seed, kept[5].model, kept[5].data) == (5, kept[4].model, kept[4].data)
    before = (found[4].path / "metadata.json").stat().st_mtime_ns
    again = dict(reproduce(entry.path, out, seeds=2, features_dir=features))
    assert again == found
    assert (found[4].path / "metadata.json").stat().st_mtime_ns == before  # not trained again


def test_fitted_methods_draw_by_the_seed_too(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_hashing.data.from_source", lambda *a, **k: small_data())
    path = tmp_path / "family.toml"
    path.write_text(FAMILY)
    features = tmp_path / "features"
    (made,) = train_family(read_family(path)[1:], tmp_path / "entries", features_dir=features)
    found = dict(reproduce(made.path, tmp_path / "out", seeds=2, features_dir=features))
    assert found[4].method == "itq"
    codes = [zoo.codes(again.path).database_codes for again in found.values()]
    assert np.array_equal(codes[0], zoo.codes(made.path).database_codes)
    assert not np.array_equal(codes[0], codes[1])


def test_a_recipe_of_nested_lengths(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_hashing.data.from_source", tiny_data)
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(epochs=1) + "nested = [2, 4]\n")
    recipe = read_recipe(path)
    trained = train(recipe, run_dir=tmp_path / "run", verbose=0)
    out = tmp_path / "entries" / recipe.name
    made = zoo.save(trained.model, out, trained.data, recipe=recipe.text)
    ((_, again),) = reproduce(made.path, tmp_path / "out")
    assert np.array_equal(zoo.codes(again.path).query_codes, zoo.codes(made.path).query_codes)
    assert again.metrics == made.metrics


def test_an_entry_without_a_recipe(entry, tmp_path):
    (entry.path / "recipe.toml").unlink()
    with pytest.raises(FileNotFoundError, match="there is no recipe"):
        list(reproduce(entry.path, tmp_path / "out"))
