import pytest

from keras_hashing import training, zoo
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

    def train(recipe, run_dir, data_dir, verbose):
        found.append(("train", recipe.name, str(run_dir), data_dir))
        return small_model(), small_data(), [{"epoch": 0.0}, {"epoch": 1.0}]

    def publish(recipe, model, data, history, path, features_dir, frozen_size):
        found.append(("publish", str(path), str(features_dir), frozen_size))
        return zoo.save(model, path, data, recipe=recipe.text)

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(training, "publish", publish)
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
