import hashlib
import json

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


def test_check_passes_what_was_written_and_what_has_no_manifest(version, tmp_path):
    manifest.check(version)
    manifest.check(tmp_path)
