import dataclasses
import hashlib

import pytest

from keras_hashing import zoo
from keras_hashing.zoo import entry_files


def test_files_are_described_by_size_and_hash(tmp_path):
    (tmp_path / "config.json").write_bytes(b"abc")
    (tmp_path / "notes.txt").write_bytes(b"no file of an entry")
    # FIPS 180-2, appendix B.1: the digest of "abc".
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert entry_files.describe(tmp_path) == {"config.json": {"size": 3, "sha256": digest}}


def test_bytes_are_read(entry):
    found = zoo.info(entry)
    for name in found.files:
        assert entry_files.read(found, name) == (entry / name).read_bytes()


def test_a_file_of_the_right_hash_and_another_size_is_refused(entry):
    found = zoo.info(entry)
    content = (entry / "config.json").read_bytes()
    facts = {"size": len(content) + 1, "sha256": hashlib.sha256(content).hexdigest()}
    lying = dataclasses.replace(found, files={**found.files, "config.json": facts})
    with pytest.raises(ValueError, match=r"config\.json is damaged or was changed"):
        entry_files.read(lying, "config.json")


@pytest.mark.parametrize("name", ["x.pkl", "../dhn_shades_12/config.json", "/etc/passwd"])
def test_a_file_that_is_not_listed(entry, name):
    with pytest.raises(ValueError, match="metadata.json does not list"):
        entry_files.read(zoo.info(entry), name)
