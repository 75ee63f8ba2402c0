"""Recipes: what is read, and that every mistake is named."""

import pathlib
import tomllib
import types

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.training import (
    describe_data,
    is_family,
    parse_recipe,
    read_family,
    read_recipe,
)
from keras_hashing.training.recipe import load_data
from tests.training.photos import make_folder

GOOD = """
name = "dhn_cifar10_8"
seed = 3
[model]
method = "dhn"
bits = 8
[data]
dataset = "cifar10"
protocol = "cifar10-s1"
[training]
epochs = 2
"""

ON_FEATURES = """epochs = 2
features = "raw"
flip = false
shift = 0
select = "last"
"""


SOURCES = [
    'tfds = "oxford_flowers102"',
    'tfds = "beans"\nseed = 3',
    'folder = "photos"\nquery = 0.2',
    'list = "all.txt"\nroot = "images"\nquery = 0.2\nvalidation = 0.1\nseed = 1',
    'train = "a.txt"\nquery = "b.txt"\ndatabase = "c.txt"\nroot = "images"\nvalidation = 0.1',
]


def write(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def test_a_recipe_is_read(tmp_path):
    recipe = read_recipe(write(tmp_path, GOOD))
    assert (recipe.name, recipe.seed, recipe.model["bits"]) == ("dhn_cifar10_8", 3, 8)
    assert (recipe.training.epochs, recipe.training.batch_size) == (2, 64)
    assert recipe.text == GOOD


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_may_stand_in_a_recipe(source):
    recipe = parse_recipe(GOOD.replace('dataset = "cifar10"\nprotocol = "cifar10-s1"', source))
    assert recipe.data == tomllib.loads(source)


def test_what_cards_say_of_the_data():
    settings = {"train": "a.txt", "query": "b.txt", "database": "c.txt", "seed": 1}
    told = "train a.txt, query b.txt, database c.txt, seed 1"
    assert describe_data(settings) == told
    settings = {"dataset": "cifar10", "protocol": "cifar10-s1"}
    assert describe_data(settings) == "dataset cifar10, protocol cifar10-s1"


def published():
    """Every recipe in the repository: those to be trained, and those that entries hold."""
    zoo_folder = pathlib.Path(__file__).parents[2] / "zoo"
    return sorted([*zoo_folder.glob("recipes/*.toml"), *zoo_folder.glob("entries/*/recipe.toml")])


def test_published_recipes_are_read():
    found = published()
    assert len(found) > 100
    for path in found:
        recipes = read_family(path) if is_family(path) else [read_recipe(path)]
        assert recipes
        for recipe in recipes:
            assert {"folder", "dataset"} & recipe.data.keys()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 3", "sede = 3", "unknown value 'sede'.*'seed'"),
        ("epochs = 2", "epochs = 2\nepoch = 3", "unknown value 'epoch'"),
        ("epochs = 2", "epochs = 0", "and `epochs` of 1 or more"),
        ("epochs = 2", "epochs = -1", "`epochs` must be at least 0; got -1"),
        ("epochs = 2", "epochs = 2\nbatch_size = 1", "Pairs need two images"),
        ("epochs = 2", "epochs = 2\nvalidation = false", 'Use "last"'),
        ("epochs = 2", "epochs = 2\nselect = 'x'", "`select` got the unknown value 'x'"),
        ("epochs = 2", "", "must have `name`, and `epochs`"),
        ("epochs = 2", "epochs = 2\nnested = [4, 8]", r"below `bits`, 8; got \[4, 8\]"),
        ("epochs = 2", "epochs = 2\nnested = [0]", "`nested`"),
        ("epochs = 2", "epochs = 2\nhead_rate = 0.0", "`head_rate` must be between 0.001 and"),
        ("epochs = 2", f"{ON_FEATURES}\nhead_rate = 2.0", "are for training on images"),
        ("epochs = 2", f"{ON_FEATURES}\ntrained_from = 'block4b'", "are for training on images"),
        ('method = "dhn"', "", r"\[model\] must have `method`"),
        ('protocol = "cifar10-s1"', "", r"\[data\] must have `protocol`"),
        ('dataset = "cifar10"', 'dataset = "cifar10"\nroot = "x"', "unknown value 'root'"),
        (
            'dataset = "cifar10"',
            'folder = "x"\ndataset = "cifar10"',
            r"\[data\]: .*`folder`|one place",
        ),
        ('dataset = "cifar10"\nprotocol = "cifar10-s1"', "", r"\[data\]: the data need one of"),
        ('dataset = "cifar10"', 'list = "x.txt"', r"\[data\]: .*unknown value 'protocol'"),
        ("epochs = 2", ON_FEATURES, r"\[model\] must have `backbone`"),
        ('"dhn_cifar10_8"', '"../dhn"', "an entry's name has letters.*got '../dhn'"),
        ('"dhn_cifar10_8"', "8", "an entry's name has letters.*got 8"),
        ("seed = 3", "seed = -1", "`seed` must be between 0 and 4294967295; got -1"),
        ("[model]", "[model", "recipe.*recipe.toml"),
    ],
)
def test_mistakes_are_named(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=message):
        read_recipe(write(tmp_path, GOOD.replace(old, new, 1)))


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no recipe"):
        read_recipe(tmp_path / "absent.toml")


OF_FOLDER = """
name = "dhn_photos_8"
[model]
method = "dhn"
bits = 8
image_size = 32
[data]
folder = "photos"
{data}
[training]
epochs = 1
{training}
"""


def of_folder(data="", training=""):
    return parse_recipe(OF_FOLDER.format(data=data, training=training))


def test_a_folder_is_split_as_from_folder_splits_it(tmp_path, monkeypatch):
    folder = make_folder(tmp_path / "photos")
    data = load_data(of_folder("validation = 0.2\nquery = 0.3\nseed = 7"), tmp_path)
    expected = kh.data.from_folder(folder, 0.2, 0.3, 7, image_size=32)
    for part in ("train", "validation", "query", "database"):
        assert np.array_equal(getattr(data, part).ids, getattr(expected, part).ids)
        assert getattr(data, part).image_size == 32
    assert [len(p) for p in (data.train, data.validation, data.query)] == [15, 6, 9]
    there = load_data(of_folder(), tmp_path)
    monkeypatch.chdir(tmp_path)  # without a folder that holds it, the working one
    assert np.array_equal(load_data(of_folder()).query.ids, there.query.ids)


def test_all_of_training_has_the_same_queries(tmp_path):
    make_folder(tmp_path / "photos")
    some = load_data(of_folder(), tmp_path)
    whole = load_data(of_folder("", 'validation = false\nselect = "last"'), tmp_path)
    assert len(whole.validation) == 0
    assert np.array_equal(whole.query.ids, some.query.ids)
    assert sorted(whole.train.ids) == sorted([*some.train.ids, *some.validation.ids])


def test_a_data_set_is_loaded_by_its_protocol(monkeypatch):
    calls = []
    monkeypatch.setattr("keras_hashing.data.from_source", lambda *a, **k: calls.append((a, k)))
    data = {"dataset": "cifar10", "protocol": "cifar10-s1"}
    training = types.SimpleNamespace(validation=False)
    load_data(types.SimpleNamespace(data=data, training=training, model={}), "there")
    assert calls == [((data, "there"), {"image_size": 224, "validation": False})]


def test_mistakes_with_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="photos"):
        load_data(of_folder(), tmp_path)
    with pytest.raises(ValueError, match="unknown value 'shares'"):
        of_folder("shares = 3")
    with pytest.raises(ValueError, match="unknown value 'protocol'"):
        of_folder('protocol = "cifar10-s1"')
    make_folder(tmp_path / "photos")
    with pytest.raises(ValueError, match="together must be below 1"):
        load_data(of_folder("validation = 0.6\nquery = 0.6"), tmp_path)


def test_a_recipe_says_what_it_changes():
    recipe = kh.training.parse_recipe(
        'name = "dhn_photos_8"\nseed = 3\n[model]\nmethod = "dhn"\nbits = 8\n'
        '[data]\nfolder = "<photos>"\n[training]\nepochs = 5\nbatch_size = 64\n'
    )
    assert repr(recipe).splitlines() == [
        "Recipe dhn_photos_8",
        "  model: method dhn, bits 8",
        "  data: folder <photos>",
        "  training: epochs 5",  # 64 images a batch are the default
        "  seed: 3",
    ]
    assert "&lt;photos&gt;" in recipe._repr_html_()
