"""Recipes for one's own images: whole, and trained by them, on features and end to end."""

import types

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import zoo
from keras_hashing.training import (
    folder_recipe,
    frozen_features,
    parse_recipe,
    source_recipe,
    train,
    train_family,
)
from tests.training.photos import make_folder


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "Photos")


def test_defaults(folder):
    recipe = folder_recipe(folder)
    assert recipe.name == "dhn_photos_48"
    assert recipe.data == {"folder": "Photos", "validation": 0.1, "query": 0.1, "seed": 0}
    assert recipe.training.features == "standardised"
    assert recipe.training.epochs == 200  # 24 photos: one step an epoch
    assert recipe.training.validation
    assert parse_recipe(recipe.text) == recipe


def test_what_is_asked_for(folder):
    recipe = folder_recipe(folder, "csq", 16, "mine", True, 3, 0.2, 0.3, 5)
    assert (recipe.name, recipe.seed, recipe.model["bits"]) == ("mine", 5, 16)
    assert recipe.model["train_backbone"] is True
    assert recipe.model["quantization_weight"] == 0.05  # the method's own stay
    assert recipe.data == {"folder": "Photos", "validation": 0.2, "query": 0.3, "seed": 5}
    training = recipe.training
    assert (training.epochs, training.features, training.select) == (3, None, "best")
    assert (training.flip, training.shift) == (True, 8)
    whole = folder_recipe(folder, fine_tune=True, validation=0.0).training
    assert (whole.validation, whole.select) == (False, "last")


def write_lists(folder, lines):
    """Lists of three parts beside the photos; `lines` makes a line of a class and a number."""
    classes = sorted(child.name for child in folder.iterdir() if child.is_dir())
    parts = {"train": range(5), "query": range(5, 7), "database": range(7, 10)}
    for part, places in parts.items():
        text = "\n".join(lines(k, name, i) for k, name in enumerate(classes) for i in places)
        (folder / f"{part}.txt").write_text(text)
    return {part: f"Photos/{part}.txt" for part in parts}


FORMS = {
    "numbers": lambda k, name, i: f"{name}/{i}.png {k}",
    "flags": lambda k, name, i: f"{name}/{i}.png " + " ".join(f"{int(j == k)}" for j in range(3)),
    "unlabelled": lambda k, name, i: f"{name}/{i}.png",
}


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_of_lists(folder, tmp_path, form):
    """Three lists, one label or several an image, or none: the database does not hold training."""
    source = write_lists(folder, FORMS[form])
    method = "itq" if form == "unlabelled" else "orthohash"
    recipe = source_recipe(source, data_dir=tmp_path, method=method, bits=4, epochs=EPOCHS[method])
    assert (recipe.name, recipe.data) == (f"{method}_photos_4", source)
    assert (recipe.training.validation, recipe.seed) == (False, 0)
    small = parse_recipe(recipe.text.replace("image_size = 224", "image_size = 32"))
    places = {"data_dir": tmp_path, "features_dir": tmp_path / "features"}
    (entry,) = train_family([small], tmp_path / "entries", **places)
    assert entry.counts == {"train": 15, "validation": 0, "query": 6, "database": 9}
    assert ("map(expected)" in entry.metrics) == (form != "unlabelled")
    told = "train Photos/train.txt, query Photos/query.txt, database Photos/database.txt"
    assert entry.training["data"] == told
    assert f"| data | {told} |" in (entry.path / "README.md").read_text()
    assert zoo.verify(entry.path)[0].problems == []
    assert kh.training.read_recipe(entry.path / "recipe.toml") == small


EPOCHS = {"itq": None, "orthohash": 2}


def test_an_entry_of_one_list(folder, tmp_path):
    lines = [f"{p.relative_to(folder).as_posix()},{p.parent.name}" for p in folder.glob("*/*.png")]
    (folder / "all.csv").write_text("\n".join(["path,label", *lines]))
    source = {"list": "Photos/all.csv", "validation": 0.2, "query": 0.3, "seed": 1}
    recipe = source_recipe(source, data_dir=tmp_path, bits=4, epochs=1)
    assert (recipe.name, recipe.training.validation) == ("dhn_all_4", True)
    small = parse_recipe(recipe.text.replace("image_size = 224", "image_size = 32"))
    places = {"data_dir": tmp_path, "features_dir": tmp_path / "features"}
    (entry,) = train_family([small], tmp_path / "entries", **places)
    assert entry.counts == {"train": 15, "validation": 6, "query": 9, "database": 21}
    assert "val_map_expected" in entry.training  # two of a class


def test_mistakes_with_lists(folder, tmp_path):
    source = write_lists(folder, FORMS["unlabelled"])
    with pytest.raises(ValueError, match="learns from labels, and there are none in train Photos"):
        source_recipe(source, data_dir=tmp_path)
    source = write_lists(folder, FORMS["numbers"])
    recipe = source_recipe(source, data_dir=tmp_path, fine_tune=True)
    assert (recipe.training.validation, recipe.training.select) == (False, "last")
    text = recipe.text.replace("validation = false", "validation = true")
    with pytest.raises(ValueError, match="`validation = true` in .* holds images out, and Photos"):
        train(parse_recipe(text), data_dir=tmp_path)


def test_mistakes(folder):
    with pytest.raises(ValueError, match="dhn learns from labels, and .*roses has no sub-folders"):
        folder_recipe(folder / "roses")
    with pytest.raises(ValueError, match="itq keeps its backbone as it is"):
        folder_recipe(folder, "itq", fine_tune=True)
    with pytest.raises(ValueError, match="mixed keeps its backbone as it is"):
        folder_recipe(folder, "mixed", fine_tune=True)
    with pytest.raises(ValueError, match="itq is fitted at once: leave out `epochs`"):
        folder_recipe(folder, "itq", epochs=3)
    with pytest.raises(ValueError, match="an entry's name has letters"):
        folder_recipe(folder, name="a b")
    with pytest.raises(ValueError, match="class 'ferns' has 10 usable image"):
        folder_recipe(folder, query=0.5, validation=0.48)
    with pytest.raises(FileNotFoundError):
        folder_recipe(folder / "none")


@pytest.mark.parametrize(
    ("method", "place"), [("orthohash", ""), ("itq", "roses"), ("bihalf", "roses")]
)
def test_an_entry_of_a_folder(folder, tmp_path, method, place):
    """With classes and without: checked, and the same codes from the photos."""
    photos = folder / place
    recipe = folder_recipe(photos, method, bits=4, epochs=None if method == "itq" else 2)
    model = {**recipe.model, "image_size": 32}
    small = parse_recipe(recipe.text.replace("image_size = 224", "image_size = 32"))
    assert small.model == model
    places = {"data_dir": photos.parent, "features_dir": tmp_path / "features"}
    (entry,) = train_family([small], tmp_path, **places)
    assert entry.counts["query"] + entry.counts["database"] == (10 if place else 30)
    assert ("map(expected)" in entry.metrics) == (not place)
    assert ("val_map_expected" in entry.training) == False  # noqa: E712  one photo a class
    assert zoo.verify(entry.path)[0].problems == []
    data = kh.data.from_folder(photos, validation=0 if place else 0.1)
    codes = zoo.codes(entry.path)
    assert np.array_equal(codes.database_ids, data.database.ids)
    again = kh.encode(zoo.load(entry.path), data.database.paths)
    assert np.array_equal(again, codes.database_codes)
    # Done again from what the entry holds, elsewhere: the same codes.
    kept = kh.training.read_recipe(entry.path / "recipe.toml")
    (second,) = train_family([kept], tmp_path / "again", **places)
    assert np.array_equal(zoo.codes(second.path).database_codes, codes.database_codes)


@pytest.mark.parametrize(("method", "place"), [("dhn", ""), ("bihalf", "roses")])
def test_fine_tuning_trains_the_backbone(folder, tmp_path, method, place, monkeypatch):
    network = kh.backbones.get("small_cnn", 16)
    monkeypatch.setattr(frozen_features, "backbones", types.SimpleNamespace(get=lambda *_: network))
    photos = folder / place
    text = folder_recipe(photos, method, 4, fine_tune=True, epochs=2, validation=0.2).text
    text = text.replace("efficientnet_lite0", "small_cnn").replace("= 224", "= 16")
    recipe = parse_recipe(text.replace("shift = 8", "shift = 2"))
    places = {"run_dir": tmp_path / "run", "features_dir": tmp_path / "f"}
    trained = train(recipe, data_dir=photos.parent, verbose=0, **places)
    assert len(trained.history) == 2
    assert ("val_map" in trained.history[0]) == (not place)
    assert trained.data.train.image_size == 16
    assert trained.model.backbone.trainable
    entry = kh.training.publish(trained, tmp_path / "x", frozen_size=16)
    assert entry.shared_backbone is None  # it has its own weights
    rows = [row["row"] for row in entry.comparisons]
    assert ("frozen_cosine" in rows) == (not place)
