"""Families of recipes: each is a whole recipe, and every mistake is named."""

import pathlib
import tomllib

import pytest

from keras_hashing import methods
from keras_hashing.training import is_family, parse_recipe, read_family

FAMILY = """
name = "{entry}_shades_{bits}"
seed = 4
bits = [8, 16]
[data]
dataset = "shades"
protocol = "shades-s1"
[[groups]]
[groups.model]
backbone = "small_cnn"
image_size = 8
hidden = 5
[groups.training]
epochs = 3
learning_rate = 1e-3
[groups.entries.dhn]
method = "dhn"
[groups.entries.dhnq]
method = "dhn"
variant = "q"
training = { epochs = 7 }
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "family.toml"


def test_each_is_a_whole_recipe(path):
    path.write_text(FAMILY)
    recipes = read_family(path)
    assert [recipe.name for recipe in recipes] == [
        *("dhn_shades_8", "dhn_shades_16", "dhnq_shades_8", "dhnq_shades_16")
    ]
    last = recipes[-1]
    assert last.model == {
        "backbone": "small_cnn",
        "image_size": 8,
        "hidden": 5,
        "method": "dhn",
        "variant": "q",
        "bits": 16,
    }
    assert (last.seed, last.training.epochs, last.training.learning_rate) == (4, 7, 1e-3)
    assert recipes[0].training.epochs == 3
    assert parse_recipe(last.text) == last
    assert tomllib.loads(last.text)["data"]["protocol"] == "shades-s1"


def test_a_single_recipe_is_no_family(path):
    assert not is_family(path)
    path.write_text(FAMILY)
    assert is_family(path)
    path.write_text(read_family(path)[0].text)
    assert not is_family(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 4", "sede = 4", "unknown value 'sede'"),
        ("bits = [8, 16]", "", "a family of recipes must have bits"),
        ("[groups.training]", "[groups.trainings]", "unknown value 'trainings'"),
        ("epochs = 7", "epoch = 7", "dhnq_shades_8: .*unknown value 'epoch'"),
        ('method = "dhn"\nvariant', "variant", r"dhnq_shades_8: \[model\] must have `method`"),
    ],
)
def test_mistakes_are_named(path, old, new, message):
    path.write_text(FAMILY.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        read_family(path)


def test_a_missing_file(path):
    with pytest.raises(FileNotFoundError, match="there is no recipe"):
        read_family(path)


def test_the_published_family_has_every_method():
    recipes = read_family(pathlib.Path(__file__).parents[2] / "zoo/recipes/cifar10_frozen.toml")
    assert {recipe.model["method"] for recipe in recipes} == set(methods.NAMES)
    assert len({recipe.name for recipe in recipes}) == len(recipes)
