"""What a word on the command line means: one rule for `train`, `tune` and `evaluate`."""

import pathlib

import pytest

from keras_hashing.cli.sources import read_source
from tests.training.photos import make_folder

RECIPE = """
name = "x"
[model]
method = "itq"
bits = 4
backbone = "small_cnn"
image_size = 8
[data]
list = "all.txt"
root = "images"
[training]
features = "raw"
select = "last"
flip = false
shift = 0
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder `set` with photos, lists and a recipe; the working folder holds it."""
    folder = tmp_path / "set"
    make_folder(folder / "photos", count=1)
    for name in ("train.txt", "test.txt", "db.csv", "labels.txt"):
        (folder / name).write_text("photos/roses/0.png 0\n")
    (folder / "recipe.toml").write_text(RECIPE)
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)  # a folder of TensorFlow Datasets
    monkeypatch.chdir(tmp_path)
    return tmp_path


LISTS = {"train": "set/train.txt", "query": "set/test.txt", "database": "set/db.csv"}


@pytest.mark.parametrize(
    ("source", "options", "settings", "data_dir"),
    [
        ("set/photos", {}, {"folder": "photos"}, "set"),
        ("set/photos/", {"seed": 3}, {"folder": "photos", "seed": 3}, "set"),
        ("set/photos", {"query": "0.2"}, {"folder": "photos", "query": 0.2}, "set"),
        ("set/photos", {"classes": "path"}, {"folder": "photos", "classes": "path"}, "set"),
        ("set/photos", {"data_dir": "."}, {"folder": "set/photos"}, "."),
        ("set/train.txt", {}, {"list": "set/train.txt"}, "."),
        (
            "set/train.txt",
            {"root": "set/photos", "labels": "set/labels.txt", "validation": "0"},
            {
                **{"list": "set/train.txt", "root": "set/photos", "labels": "set/labels.txt"},
                "validation": 0.0,
            },
            ".",
        ),
        ("set/train.txt", {"query": "set/test.txt", "database": "set/db.csv"}, LISTS, "."),
        (
            "set/train.txt",
            {"query": "set/test.txt", "database": "set/db.csv", "validation": "0.1", "seed": 1},
            {**LISTS, "validation": 0.1, "seed": 1},
            ".",
        ),
        ("tfds:oxford_flowers102", {}, {"tfds": "oxford_flowers102"}, None),
        ("tfds:beans", {"data_dir": "d", "seed": 2}, {"tfds": "beans", "seed": 2}, "d"),
        ("cifar10", {"seed": 2}, {"dataset": "cifar10", "protocol": "cifar10-s1"}, None),
        ("mnist", {}, {"dataset": "mnist", "protocol": "mnist-s1"}, None),
        ("multifashion", {}, {"dataset": "multifashion", "protocol": "multifashion"}, None),
        (
            "cifar10",
            {"protocol": "cifar10-s2", "data_dir": "d"},
            {"dataset": "cifar10", "protocol": "cifar10-s2"},
            "d",
        ),
        ("set/recipe.toml", {"data_dir": "d"}, {"list": "all.txt", "root": "images"}, "d"),
    ],
)
def test_what_a_source_means(here, source, options, settings, data_dir):
    paths = ("data_dir", "root", "labels", "database")
    options = {k: pathlib.Path(v) if k in paths else v for k, v in options.items()}
    found, folder = read_source(source, **options)
    assert found == settings
    if data_dir is None:
        assert folder is None
    elif data_dir == "d":
        assert f"{folder}" == "d"
    else:
        assert pathlib.Path(folder).resolve() == (here / data_dir).resolve()


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        ("set/none.txt", {}, FileNotFoundError, "no folder, list or recipe set/none.txt"),
        ("set/none.toml", {}, FileNotFoundError, "there is no recipe"),
        ("nosuch", {}, ValueError, "'nosuch'.*no folder or file of that name.*tfds:nosuch"),
        ("cifar", {}, ValueError, "unknown value 'cifar'.*cifar10"),
        ("set/photos", {"protocol": "cifar10-s1"}, ValueError, "unknown value 'protocol'"),
        ("set/train.txt", {"classes": "path"}, ValueError, "unknown value 'classes'"),
        ("cifar10", {"query": "0.1"}, ValueError, "unknown value 'query'"),
        ("tfds:beans", {"protocol": "x"}, ValueError, "unknown value 'protocol'"),
        ("set/recipe.toml", {"query": "0.1"}, ValueError, "a recipe says --query itself"),
        ("set/photos", {"query": "many"}, ValueError, "--query many is no number"),
        ("set/train.txt", {"query": "set/test.txt"}, ValueError, "--query LIST --database LIST"),
        (
            "set/train.txt",
            {"query": "0.1", "database": "set/db.csv"},
            ValueError,
            "--query must be a list file too; got 0.1",
        ),
        (
            "set/train.txt",
            {"query": "set/gone.txt", "database": "set/db.csv"},
            FileNotFoundError,
            "gone.txt",
        ),
        ("set/photos", {"data_dir": "mnist"}, ValueError, "is not below .*mnist"),
    ],
)
def test_mistakes(here, source, options, error, message):
    paths = ("data_dir", "database")
    options = {k: pathlib.Path(v) if k in paths else v for k, v in options.items()}
    with pytest.raises(error, match=message):
        read_source(source, **options)
