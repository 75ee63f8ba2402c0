"""`keras-hashing evaluate`: the figures of the library, as lines and as JSON."""

import json

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keras_hashing as kh
from keras_hashing import data as datasets
from keras_hashing.cli.main import app
from keras_hashing.data import Data, ImageSet
from keras_hashing.methods import DHN


@pytest.fixture
def model_and_data(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)

    def images(n):
        pixels = rng.integers(0, 256, (n, 8, 8, 3)).astype("uint8")
        return ImageSet(images=pixels, labels=np.arange(n) % 3)

    data = Data("cifar10", images(3), images(3), images(6), images(30), "cifar10-s1")
    monkeypatch.setattr(datasets, "load", lambda *_, **__: data)
    inputs = keras.Input((8, 8, 3))
    model = DHN(8, backbone=keras.Model(inputs, keras.layers.Conv2D(4, 3, name="c")(inputs)))
    model.save(tmp_path / "model.keras")
    return model, data, str(tmp_path / "model.keras")


def test_figures_are_the_librarys(model_and_data):
    model, data, path = model_and_data
    arguments = ["evaluate", path, "--data", "cifar10", "--at", "5"]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    expected = kh.evaluate(
        kh.encode(model, data.query.images),
        data.query.labels,
        kh.encode(model, data.database.images),
        data.database.labels,
        bits=8,
        at=(5,),
    )
    figures = json.loads(result.stdout[result.stdout.index("{") :])
    assert figures["protocol"] == "cifar10-s1"
    for name, value in expected.to_dict().items():
        assert figures[name] == value
    lines = CliRunner().invoke(app, arguments).stdout
    assert f"{'map@5(hits)':32} {expected.map_at_hits[5]:.4f}" in lines


def test_a_mistake_is_one_line(model_and_data):
    _, _, path = model_and_data
    result = CliRunner().invoke(app, ["evaluate", path, "--data", "cifar10", "--ties", "random"])
    assert result.exit_code == 2
    assert "`ties` got the unknown value 'random'" in result.output
