"""`keras-hashing export`, called as the command line calls it."""

import json

import numpy as np
import pytest

from keras_hashing import methods
from keras_hashing.cli.export import export
from keras_hashing.index import Index


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "x.keras"
    methods.DHN(bits=10, backbone="small_cnn", image_size=8).save(path)
    return path


def test_exports_a_keras_file_and_says_how_to_serve_it(model_file, tmp_path, capsys):
    export(str(model_file), tmp_path / "m")
    text = capsys.readouterr().out
    assert text.startswith(f"{tmp_path / 'm' / '1'}: 10-bit codes, ")
    assert f"keras-hashing serve {tmp_path / 'm'}" in text
    assert (tmp_path / "m" / "1" / "saved_model.pb").is_file()


def test_with_an_index_and_as_json(model_file, tmp_path, capsys):
    index = Index(bits=10)
    index.add(np.zeros((3, 2), np.uint8))
    index.save(tmp_path / "codes.index")
    export(str(model_file), tmp_path / "m", index=tmp_path / "codes.index", k=2, as_json=True)
    facts = json.loads(capsys.readouterr().out)
    assert facts["path"] == str(tmp_path / "m" / "1")
    assert (facts["bits"], facts["index_items"], facts["k"]) == (10, 3, 2)


def test_mistakes_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.keras"):
        export(str(tmp_path / "missing.keras"), tmp_path / "m")
