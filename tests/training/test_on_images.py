"""Training: it learns, keeps the best epoch, and a killed run resumes to the same weights."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from keras_hashing import callbacks, encoding, methods
from keras_hashing import data as datasets
from keras_hashing.training import read_recipe, train
from keras_hashing.training.on_images import LOGS, make_model, read_history

RECIPE = """
name = "dhn_cifar10_8"
[model]
method = "dhn"
bits = 8
backbone = "small_cnn"
image_size = 8
dropout = 0.2
[data]
dataset = "cifar10"
protocol = "cifar10-s1"
[training]
epochs = {epochs}
average = 0.5
batch_size = 8
shift = 1
"""


def tiny_data(*_, **__):
    """Colours as classes, in the form that `keras_hashing.data.load` returns."""
    rng = np.random.default_rng(0)

    def images(n):
        labels = np.arange(n) % 3
        base = np.array([[220, 30, 30], [30, 220, 30], [30, 30, 220]])[labels]
        pixels = base[:, None, None] + rng.integers(-30, 30, (n, 8, 8, 3))
        return datasets.ImageSet(images=pixels.clip(0, 255).astype("uint8"), labels=labels)

    return datasets.Data(
        name="cifar10",
        protocol="cifar10-s1",
        train=images(48),
        validation=images(12),
        query=images(9),
        database=images(30),
        seed=0,
        digests={},
    )


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "from_source", tiny_data)

    def make(epochs):
        path = tmp_path / "recipe.toml"
        path.write_text(RECIPE.format(epochs=epochs))
        return read_recipe(path)

    return make


def test_it_learns_and_keeps_the_best_epoch(recipe, tmp_path):
    trained = train(recipe(4), run_dir=tmp_path / "run", verbose=0)
    history = trained.history
    assert [row["epoch"] for row in history] == [0, 1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]
    best = max(row["val_map"] for row in history)
    callback = callbacks.RetrievalEvaluation(trained.data.validation)
    callback.set_model(trained.model)
    logs = {}
    callback.on_epoch_end(0, logs)
    assert logs["val_map"] == pytest.approx(best, abs=1e-12)


def test_tensorboard_shows_loss_and_retrieval(recipe, tmp_path):
    history = train(recipe(2), run_dir=tmp_path / "run", verbose=0).history
    found = {}
    for folder in ("train", ""):
        events = EventAccumulator(str(tmp_path / "run" / LOGS / folder))
        events.Reload()
        for tag in events.Tags()["tensors"]:
            found[tag] = [tensor_util.make_ndarray(e.tensor_proto) for e in events.Tensors(tag)]
    np.testing.assert_allclose(found["epoch_loss"], [row["loss"] for row in history], rtol=1e-6)
    val_maps = [row["val_map"] for row in history]
    np.testing.assert_allclose(found["retrieval/map_expected"], val_maps, rtol=1e-6)


@pytest.mark.parametrize("method", ["dhn", "dlbhc"])  # the second has a layer for the classes
def test_called_again_it_does_not_train_again(recipe, tmp_path, method):
    settings = recipe(2)
    settings.model.update(method=method)
    first = train(settings, run_dir=tmp_path / "run", verbose=0)
    again = train(settings, run_dir=tmp_path / "run", verbose=0)
    assert again.history == first.history
    for one, other in zip(first.model.weights, again.model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_run_folder_of_another_recipe_is_refused(recipe, tmp_path):
    train(recipe(1), run_dir=tmp_path / "run", verbose=0)
    with pytest.raises(ValueError, match="holds a run of a recipe with other settings"):
        train(recipe(2), run_dir=tmp_path / "run", verbose=0)


def test_a_method_that_draws_gets_the_seed_of_the_recipe(recipe):
    settings = dataclasses.replace(recipe(1), seed=7)
    assert "seed" not in make_model(settings).get_config()  # DHN draws nothing of its own
    settings.model["method"] = "csq"
    assert make_model(settings).get_config()["seed"] == 7
    settings.model["seed"] = 3
    assert make_model(settings).get_config()["seed"] == 3


def test_an_unknown_method_is_named(recipe):
    wrong = recipe(1)
    wrong.model["method"] = "dhm"
    with pytest.raises(ValueError, match="`method` got the unknown value 'dhm'"):
        make_model(wrong)


def test_without_validation_the_last_epoch_is_kept(recipe, tmp_path):
    settings = recipe(3)
    training = dataclasses.replace(settings.training, validation=False, select="last")
    whole = dataclasses.replace(settings, training=training)
    history = train(whole, run_dir=tmp_path / "run", verbose=0).history
    assert [sorted(row) for row in history] == [["epoch", "loss", "seconds"]] * 3
    assert train(whole, run_dir=tmp_path / "run", verbose=0).history == history


def test_nested_lengths_give_an_ordinary_model(recipe, tmp_path):
    settings = recipe(1)
    training = dataclasses.replace(settings.training, nested=[2, 4])
    settings = dataclasses.replace(settings, training=training)
    trained = train(settings, run_dir=tmp_path / "run", verbose=0)
    model = trained.model
    nested = make_model(settings)
    assert (type(nested), nested.lengths) == (methods.Nested, (2, 4, 8))
    nested.load_weights(tmp_path / "run" / "chosen.weights.h5")
    assert (type(model), model.bits) == (methods.DHN, 8)
    images = trained.data.query.images
    np.testing.assert_allclose(encoding.outputs(model, images), encoding.outputs(nested, images))


def test_an_epoch_logged_twice_counts_once(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n0,2.0\n1,1.0\n1,1.0\n2,0.5\n")
    assert [row["epoch"] for row in read_history(path)] == [0, 1, 2]
    assert read_history(tmp_path / "absent.csv") == []


KILLED = """
import sys
from keras_hashing import callbacks
from keras_hashing import data as datasets
from tests.training.test_on_images import tiny_data
from keras_hashing.training import read_recipe, train
datasets.from_source = tiny_data
train(read_recipe(sys.argv[1]), run_dir=sys.argv[2], verbose=0)
"""


def test_killed_and_resumed_equals_uninterrupted(recipe, tmp_path, repository):
    whole = train(recipe(6), run_dir=tmp_path / "whole", verbose=0).model
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "recipe.toml", tmp_path / "killed"],
        cwd=repository,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while len(read_history(tmp_path / "killed" / "history.csv")) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    keras.backend.clear_session()
    resumed = train(recipe(6), run_dir=tmp_path / "killed", verbose=0).model
    for one, other in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_run_of_an_older_version_goes_on(recipe, tmp_path):
    train(recipe(1), run_dir=tmp_path / "run", verbose=0)
    marker = tmp_path / "run" / "recipe.json"
    settings = json.loads(marker.read_text())
    del settings["training"]["schedule"]
    marker.write_text(json.dumps(settings))
    assert len(train(recipe(1), run_dir=tmp_path / "run", verbose=0).history) == 1
    settings["training"]["flip"] = False
    marker.write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="holds a run of a recipe with other settings"):
        train(recipe(1), run_dir=tmp_path / "run", verbose=0)
