import json
import pathlib

import numpy as np
import pytest

from keras_hashing import methods
from keras_hashing.index import Index


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "x.keras"
    methods.DHN(bits=10, backbone="small_cnn", image_size=8).save(path)
    return path


def test_exports_a_keras_file_and_says_how_to_serve_it(call, model_file, tmp_path):
    result = call("export", model_file, tmp_path / "m")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{tmp_path / 'm' / '1'}: 10-bit codes, ")
    assert f"keras-hashing serve {tmp_path / 'm'}" in result.stdout
    assert (tmp_path / "m" / "1" / "saved_model.pb").is_file()


def test_with_an_index_and_as_json(call, model_file, tmp_path):
    index = Index(bits=10)
    index.add(np.zeros((3, 2), np.uint8))
    index.save(tmp_path / "codes.index")
    words = ("--index", tmp_path / "codes.index", "-k", 2, "--json")
    facts = json.loads(call("export", model_file, tmp_path / "m", *words).stdout)
    assert facts["path"] == str(tmp_path / "m" / "1")
    assert (facts["bits"], facts["index_items"], facts["k"]) == (10, 3, 2)


def test_a_photo_index_brings_its_codes_and_names(call, tiny, folder):
    assert call("index", folder, "--bits", 6).exit_code == 0
    result = call("export", "holiday.khindex", "served", "-k", 3)
    assert result.exit_code == 0, result.output
    assert "6-bit codes, searches 8 items" in result.stdout
    assert f"keras-hashing serve served --images {folder}" in result.stdout
    names = json.loads(pathlib.Path("served/1/assets.extra/names.json").read_text())
    assert names == {str(number): f"photo{number}.jpg" for number in range(8)}


@pytest.mark.parametrize(
    ("format", "package", "start"),
    [("onnx", "tf2onnx", b"\x08"), ("litert", "ai_edge_litert", b"\x1c\x00\x00\x00TFL3")],
)
def test_other_formats(call, model_file, tmp_path, format, package, start):
    pytest.importorskip(package, reason=f"{package} is not installed (extra `{format}`)")
    path = tmp_path / "encoder"
    result = call("export", model_file, path, "--format", format)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{path}: 10-bit codes of 8 px images, equal to the model's, ")
    assert path.read_bytes().startswith(start)


def test_mistakes(fails, model_file, tmp_path):
    assert "missing.keras" in fails("export", tmp_path / "missing.keras", tmp_path / "m")
    Index(bits=16).save(tmp_path / "codes.index")
    line = fails("export", model_file, tmp_path / "m", "--index", tmp_path / "codes.index")
    assert line.startswith("`index` has 16-bit codes, but the model makes 10.")
    words = ("--index", tmp_path / "codes.index", "--format", "onnx")
    line = fails("export", model_file, tmp_path / "m", *words)
    assert "--index goes with a model, and with the format savedmodel" in line
