"""Recipes: what is read, and that every mistake is named."""

import pytest

from keras_hashing.training import read_recipe

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


def write(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def test_a_recipe_is_read(tmp_path):
    recipe = read_recipe(write(tmp_path, GOOD))
    assert (recipe.name, recipe.seed, recipe.model["bits"]) == ("dhn_cifar10_8", 3, 8)
    assert (recipe.training.epochs, recipe.training.batch_size) == (2, 64)
    assert recipe.text == GOOD


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
