import json

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


def test_mistakes(fails, model_file, tmp_path):
    assert "missing.keras" in fails("export", tmp_path / "missing.keras", tmp_path / "m")
    Index(bits=16).save(tmp_path / "codes.index")
    line = fails("export", model_file, tmp_path / "m", "--index", tmp_path / "codes.index")
    assert line.startswith("`index` has 16-bit codes, but the model makes 10.")
