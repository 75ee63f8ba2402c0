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
from tests.training.photos import make_folder


@pytest.fixture
def model_and_data(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)

    def images(n):
        pixels = rng.integers(0, 256, (n, 8, 8, 3)).astype("uint8")
        return ImageSet(images=pixels, labels=np.arange(n) % 3)

    data = Data("cifar10", images(3), images(3), images(6), images(30), "cifar10-s1")
    monkeypatch.setattr(datasets, "from_source", lambda *_, **__: data)
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
    assert figures["data"] == "dataset cifar10, protocol cifar10-s1"
    for name, value in expected.to_dict().items():
        assert figures[name] == value
    lines = CliRunner().invoke(app, arguments).stdout
    assert f"{'map@5(hits)':32} {expected.map_at_hits[5]:.4f}" in lines


def test_a_mistake_is_one_line(model_and_data):
    _, _, path = model_and_data
    result = CliRunner().invoke(app, ["evaluate", path, "--data", "cifar10", "--ties", "random"])
    assert result.exit_code == 2
    assert "`ties` got the unknown value 'random'" in result.output


@pytest.mark.parametrize(
    "source", [["--data", "photos"], ["--query", "query.txt", "--database", "database.txt"]]
)
def test_images_of_ones_own(source, tmp_path, monkeypatch):
    """The same queries and database from a folder and from lists of it give the same figures."""
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "photos", size=8)
    inputs = keras.Input((8, 8, 3))
    model = DHN(8, backbone=keras.Model(inputs, keras.layers.Conv2D(4, 3, name="c")(inputs)))
    model.save(tmp_path / "model.keras")
    parts = datasets.from_folder(tmp_path / "photos")
    for name in ("query", "database"):
        part = getattr(parts, name)
        lines = [f"photos/{i} {label}" for i, label in zip(part.ids, part.labels, strict=True)]
        (tmp_path / f"{name}.txt").write_text("\n".join(lines))
    result = CliRunner().invoke(app, ["evaluate", "model.keras", *source, "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout[result.stdout.index("{") :])
    codes = [kh.encode(model, part.paths) for part in (parts.query, parts.database)]
    labels = parts.query.labels, parts.database.labels
    expected = kh.evaluate(codes[0], labels[0], codes[1], labels[1], bits=8)
    assert figures["map(expected)"] == expected.to_dict()["map(expected)"]
    assert figures["protocol"] is None


def test_nothing_to_evaluate_on(model_and_data):
    result = CliRunner().invoke(app, ["evaluate", model_and_data[2], "--query", "a.txt"])
    assert result.exit_code == 2
    assert "--data, or --query LIST --database LIST" in result.output
