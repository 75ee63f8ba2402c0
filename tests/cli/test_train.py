import importlib

import pytest

from keras_hashing import training, zoo
from keras_hashing.training import Trained
from tests.zoo.conftest import small_data, small_model

RECIPE = """
name = "dhn_shades_12"
[model]
method = "dhn"
bits = 12
backbone = "small_cnn"
image_size = 8
[data]
dataset = "shades"
protocol = "shades-s1"
[training]
epochs = 2
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def calls(monkeypatch):
    """Training and publishing replaced: what they were called with."""
    found = []

    def train(recipe, *, run_dir=None, data_dir, features_dir, verbose):
        found.append(("train", recipe.name, run_dir and str(run_dir), data_dir))
        history = [{"epoch": 0.0}, {"epoch": 1.0}]
        return Trained(recipe, small_model(), small_data(), history, None, features_dir)

    def publish(trained, path, *, frozen_size):
        found.append(("publish", str(path), str(trained.features_dir), frozen_size))
        return zoo.save(trained.model, path, trained.data, recipe=trained.recipe.text)

    for place in (training, importlib.import_module("keras_hashing.training.train_family")):
        monkeypatch.setattr(place, "train", train)
        monkeypatch.setattr(place, "publish", publish)
    return found


def test_trains_then_publishes(call, recipe, calls, tmp_path):
    result = call("train", recipe)
    assert result.exit_code == 0, result.output
    assert calls == [
        ("train", "dhn_shades_12", "runs/dhn_shades_12", None),
        ("publish", "dhn_shades_12", "runs/features", 224),
    ]
    entry = zoo.info(tmp_path / "dhn_shades_12")
    assert f"map(expected): {entry.metrics['map(expected)']:.4f}" in result.stdout
    assert (tmp_path / "dhn_shades_12" / "recipe.toml").read_text() == RECIPE


def test_a_family_that_trains_on_images(call, tmp_path, calls, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, sections = RECIPE.split("[model]")
    model, rest = sections.split("[data]")
    data, training_settings = rest.split("[training]")
    family = (
        'name = "{entry}_shades_{bits}"\nseed = 0\nbits = [8, 12]\n[data]' + data + "[[groups]]\n"
        "[groups.model]" + model.replace('method = "dhn"\nbits = 12', "") + "[groups.training]"
        f'{training_settings}[groups.entries.dhn]\nmethod = "dhn"\n'
    )
    (tmp_path / "family.toml").write_text(family)
    result = call("train", "family.toml", "--out", "entries")
    assert result.exit_code == 0, result.output
    names = "dhn_shades_8", "dhn_shades_12"
    assert [call for call in calls if call[0] == "train"] == [
        ("train", name, None, None) for name in names
    ]
    assert [call for call in calls if call[0] == "publish"] == [
        ("publish", f"entries/{name}", "runs/features", 224) for name in names
    ]
    assert "dhn_shades_12: map(expected) " in result.stdout
    calls.clear()
    assert call("train", "family.toml", "--out", "entries").exit_code == 0
    assert calls == []


def test_places_are_options(call, recipe, calls, tmp_path):
    out = tmp_path / "entries" / "dhn_shades_12"
    result = call(
        *("train", recipe, "--out", out, "--run-dir", "r", "--features-dir", "f"),
        *("--frozen-size", "64", "--data-dir", tmp_path),
    )
    assert result.exit_code == 0, result.output
    assert calls == [
        ("train", "dhn_shades_12", "r", tmp_path),
        ("publish", str(out), "f", 64),
    ]


def test_out_must_end_in_the_recipes_name(fails, recipe, calls):
    line = fails("train", recipe, "--out", "elsewhere")
    assert line == "the recipe's name is 'dhn_shades_12'; --out must end in it, got elsewhere."
    assert not calls


def test_no_recipe(fails, tmp_path):
    assert fails("train", tmp_path / "none.toml").startswith("there is no recipe ")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder `photos` of two classes below the working folder, and a tiny frozen network."""
    import keras_hashing as kh
    from keras_hashing.training import frozen_features
    from tests.training.photos import make_folder

    monkeypatch.chdir(tmp_path)
    network = kh.backbones.get("efficientnet_lite0", 32)
    monkeypatch.setattr(frozen_features.backbones, "get", lambda *a, **k: network)
    return make_folder(tmp_path / "photos", classes=2)


def test_a_folder_becomes_an_entry_that_the_other_commands_take(call, photos):
    result = call("train", "photos", "--bits", "8", "--epochs", "2", "--out", "here/mine")
    assert result.exit_code == 0, result.output
    entry = zoo.info(photos.parent / "here" / "mine")
    assert (entry.method, entry.bits, entry.counts["query"]) == ("dhn", 8, 2)
    assert "photos: 16 photos to train on, 2 to validate; 2 queries against 18" in result.stdout
    assert f"mAP {entry.metrics['map(expected)']:.4f}, 8 bits" in result.stdout
    assert "no training: cosine of the features" in result.stdout
    read = training.read_recipe(entry.path / "recipe.toml")
    assert (read.name, read.data["folder"], read.training.epochs) == ("mine", "photos", 2)
    commands = [line.strip() for line in result.stdout.splitlines() if "keras-hashing " in line]
    assert commands == [
        "keras-hashing index photos --model here/mine --out mine.khindex",
        "keras-hashing search PHOTO.jpg --index mine.khindex",
        "keras-hashing export mine.khindex served/mine",
    ]


def test_an_unlabelled_folder(call, photos):
    result = call("train", "photos/roses", "--method", "itq", "--bits", "4")
    assert result.exit_code == 0, result.output
    assert "Without classes there is nothing to measure retrieval by." in result.stdout
    assert zoo.verify(photos.parent / "itq_roses_4")[0].problems == []


def test_lists_become_an_entry(call, photos):
    for name, places in {"train": range(5), "test": range(5, 7), "db": range(7, 10)}.items():
        lines = [f"{c}/{i}.png {k}" for k, c in enumerate(("roses", "violets")) for i in places]
        (photos / f"{name}.txt").write_text("\n".join(lines))
    lists = ("--query", "photos/test.txt", "--database", "photos/db.txt")
    result = call("train", "photos/train.txt", *lists, "--bits", "8", "--epochs", "1")
    assert result.exit_code == 0, result.output
    entry = zoo.info(photos.parent / "dhn_photos_8")
    assert entry.counts == {"train": 10, "validation": 0, "query": 4, "database": 6}
    told = "train photos/train.txt, query photos/test.txt, database photos/db.txt"
    assert entry.training["data"].startswith(told)
    assert told in (entry.path / "README.md").read_text()
    assert "Check it: keras-hashing zoo verify dhn_photos_8" in result.stdout
    # The recipe in the entry does it again.
    again = call("train", "dhn_photos_8/recipe.toml", "--data-dir", ".", "--out", "b/dhn_photos_8")
    assert again.exit_code == 0, again.output
    codes = [zoo.codes(photos.parent / p / "dhn_photos_8").database_codes for p in ("", "b")]
    assert (codes[0] == codes[1]).all()


def test_a_folder_fine_tuned(call, photos, calls):
    result = call("train", "photos", "--fine-tune", "--run-dir", "r", "--out", "tuned")
    assert result.exit_code == 0, result.output
    assert calls == [
        ("train", "tuned", "r", photos.parent),
        ("publish", "tuned", "runs/features", 224),
    ]


def test_mistakes_with_a_folder(fails, photos, recipe):
    line = fails("train", "photos", "--out", "photos")
    assert line == "photos is there already. Give another --out, or delete it."
    line = fails("train", recipe, "--bits", "8", "--fine-tune")
    assert line.startswith("a recipe says --bits, --fine-tune itself; ")
    line = fails("train", recipe, "--query", "0.2", "--protocol", "x")
    assert line.startswith("a recipe says --query, --protocol itself; ")
    line = fails("train", "photos/roses")
    assert line.startswith("dhn learns from labels, and ")
