"""Recipes on Keras' JAX backend, from the command line; their entries load here, on TensorFlow."""

import os
import subprocess
import sys

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import training, zoo
from keras_hashing.training.recipe import load_data
from tests.training.photos import make_folder

pytest.importorskip("jax", reason="the extra `jax` is not installed")
pytestmark = pytest.mark.engines

DATA = """
[data]
folder = "photos"
validation = 0.2  # two of a class, so that each finds another
query = 0.1
"""
RECIPES = {
    # Trained on images, judged after each epoch, with an average of the weights.
    "dhn_photos_8": """
[model]
method = "dhn"
bits = 8
backbone = "small_cnn"
image_size = 20
dropout = 0.2
[training]
epochs = 2
batch_size = 8
average = 0.5
select = "best"
""",
    # A head on features that are computed once.
    "csq_photos_8": """
[model]
method = "csq"
bits = 8
backbone = "efficientnet_lite0"
image_size = 32
train_backbone = false
hidden = 16
[training]
epochs = 2
batch_size = 8
features = "standardised"
flip = false
shift = 0
select = "last"
""",
}


def run(command, folder, repository):
    environment = {**os.environ, "PYTHONPATH": str(repository), "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-m", "keras_hashing", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_and_its_entry_loads(name, repository, tmp_path):
    make_folder(tmp_path / "photos")
    path = tmp_path / f"{name}.toml"
    path.write_text(f'name = "{name}"\nseed = 0\n{RECIPES[name]}{DATA}')
    run(["train", path.name, "--data-dir", ".", "--frozen-size", "32"], tmp_path, repository)
    entry = zoo.info(tmp_path / name)
    assert entry.training["backend"] == "jax on cpu:0"
    assert "| backend | jax on cpu:0 |" in (tmp_path / name / "README.md").read_text()
    zoo.verify(tmp_path / name)
    data = load_data(training.read_recipe(path), tmp_path)
    shipped = zoo.codes(tmp_path / name)
    found = kh.encode(zoo.load(tmp_path / name), data.database.dataset(16))
    flips = np.bitwise_count(found ^ shipped.database_codes).sum()
    assert flips <= 0.01 * 8 * len(found)  # an output near 0 may round to the other side
