"""The command line in this process, on small photos and a tiny network."""

import pytest
import typer.testing

from keras_hashing.cli import main
from tests.photos.conftest import tiny_backbone, write_photo


@pytest.fixture
def call():
    """Function of a command's words that returns typer's result."""

    def invoke(*words):
        return typer.testing.CliRunner().invoke(main.app, [str(word) for word in words])

    return invoke


@pytest.fixture
def fails(call):
    """Function of a command's words that returns the one line of its mistake."""

    def invoke(*words):
        result = call(*words)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("keras-hashing: ")
        return line.removeprefix("keras-hashing: ")

    return invoke


@pytest.fixture
def tiny(monkeypatch):
    """A tiny network in place of the default backbone."""
    model = tiny_backbone(channels=64)
    monkeypatch.setattr("keras_hashing.backbones.get", lambda name: model)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Eight photos in `holiday` below the working folder."""
    monkeypatch.chdir(tmp_path)
    for number in range(8):
        write_photo(tmp_path / "holiday" / f"photo{number}.jpg", number)
    return tmp_path / "holiday"
