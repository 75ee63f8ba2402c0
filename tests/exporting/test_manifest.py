import hashlib
import json
import shutil

import numpy as np
import pytest

from keras_hashing.exporting import export, manifest
from keras_hashing.index import Index
from tests.exporting.images import BITS, tiny_model


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return export(tiny_model(), tmp_path_factory.mktemp("models"), index=Index(BITS), k=3)


def test_manifest_describes_every_file(version):
    manifest = json.loads((version / "manifest.json").read_text())
    assert manifest["model"] == "tiny"
    assert (manifest["bits"], manifest["code_bytes"]) == (BITS, 2)
    assert (manifest["index_items"], manifest["k"]) == (0, 3)
    present = {p.relative_to(version).as_posix() for p in version.rglob("*") if p.is_file()}
    assert present == {*manifest["files"], "manifest.json"}
    for name, facts in manifest["files"].items():
        data = (version / name).read_bytes()
        assert facts == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_manifest_says_what_was_exported_and_how_codes_are_packed(version):
    facts = json.loads((version / "manifest.json").read_text())
    assert (facts["entry"], facts["image_size"], facts["format"]) == (None, 8, 1)
    assert "bit j of a code is bit j % 8 (lowest first) of byte j // 8" in facts["packing"]


def test_entry_is_named_while_its_weights_are_those_that_were_loaded(tmp_path):
    model = tiny_model()
    digest = hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in model.weights)).hexdigest()
    model.entry = "tiny_shades_12", digest
    manifest.write(tmp_path, model)
    facts = json.loads((tmp_path / "manifest.json").read_text())
    assert (facts["entry"], facts["weights_sha256"]) == ("tiny_shades_12", digest)
    model.get_layer("hash").bias.assign(np.ones(BITS, np.float32))  # trained on
    manifest.write(tmp_path, model)
    facts = json.loads((tmp_path / "manifest.json").read_text())
    assert facts["entry"] is None
    assert facts["weights_sha256"] != digest


@pytest.fixture
def copy(version, tmp_path):
    return shutil.copytree(version, tmp_path / "1")


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: flip(p / "saved_model.pb"), "saved_model.pb is not as it was written"),
        (lambda p: (p / "saved_model.pb").unlink(), "saved_model.pb is missing"),
        (lambda p: (p / "variables" / "more").touch(), "variables/more is not in manifest.json"),
        (lambda p: (p / "saved_model.pbtxt").symlink_to("x"), "saved_model.pbtxt is not in"),
        (lambda p: (p / "manifest.json").write_text("{}"), "manifest.json is damaged"),
        (lambda p: (p / "manifest.json").write_text("[1"), "manifest.json is damaged"),
    ],
)
def test_check_refuses_what_is_not_as_it_was_written(copy, change, words):
    change(copy)
    with pytest.raises(ValueError, match=words):
        manifest.check(copy)


def test_check_passes_what_was_written_and_what_has_no_manifest(version, tmp_path):
    manifest.check(version)
    manifest.check(tmp_path)
