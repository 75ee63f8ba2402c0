import hashlib
import struct

import numpy as np
import pytest

from keras_hashing.index import Index
from keras_hashing.index.faiss import file

FIELDS = struct.Struct("<8sIIQQ")  # magic, version, bits, count, next id


def contents(**changes):
    fields = {
        "bits": 20,
        "ids": np.array([5, 3, 8]),
        "keys": np.array([0, 1, 2]),
        "next_id": 9,
        "serialized": np.arange(50, dtype=np.uint8),
    }
    return file.FaissContents(**fields | changes)


@pytest.fixture
def path(tmp_path):
    file.write(tmp_path / "three.index", contents())
    return tmp_path / "three.index"


def forge(path, **changes):
    """Change fields of the header and make the checksum right again."""
    data = path.read_bytes()
    names = ("magic", "version", "bits", "count", "next_id")
    values = dict(zip(names, FIELDS.unpack_from(data), strict=True)) | changes
    fields, rest = FIELDS.pack(*values.values()), data[FIELDS.size + 32 :]
    path.write_bytes(fields + hashlib.sha256(fields + rest).digest() + rest)


def test_layout(path):
    rest = np.array([5, 3, 8, 0, 1, 2], "<i8").tobytes() + bytes(range(50))
    fields = FIELDS.pack(b"KHFAISS\n", 1, 20, 3, 9)
    assert path.read_bytes() == fields + hashlib.sha256(fields + rest).digest() + rest


def test_round_trip(path):
    read, expected = file.read(path), contents()
    assert (read.bits, read.next_id) == (20, 9)
    for name in ("ids", "keys", "serialized"):
        np.testing.assert_array_equal(getattr(read, name), getattr(expected, name))


def test_recognises(path, tmp_path):
    assert file.recognises(path)
    assert not file.recognises(tmp_path / "nothing")
    assert not file.recognises(tmp_path)
    (tmp_path / "short").write_bytes(b"KHFAISS")
    assert not file.recognises(tmp_path / "short")


def test_every_truncation_and_flipped_bit_is_named(path):
    pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    data = path.read_bytes()
    broken = [data[:length] for length in range(len(data))] + [data + b"\0"]
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        broken.append(bytes(flipped))
    for one in broken:
        path.write_bytes(one)
        with pytest.raises(ValueError, match=r"three\.index (is damaged|is no index file)"):
            Index.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "of version 2; this release reads 1. Update"),
        ({"count": 7}, "it has 162 bytes, too few for 7 items"),
    ],
)
def test_forged_headers(path, changes, message):
    forge(path, **changes)
    with pytest.raises(ValueError, match=message):
        file.read(path)


def test_contents_that_do_not_belong_together(tmp_path):
    faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    index = faiss.index_binary_factory(24, "BFlat")
    index.add(np.zeros((3, 3), np.uint8))
    serialized = faiss.serialize_index_binary(index)
    for changes, message in (
        ({"serialized": serialized[:-3]}, "FAISS cannot read it"),
        ({"serialized": serialized, "bits": 25}, "FAISS found 3 codes of 24 bits"),
        ({"serialized": serialized, "ids": np.arange(2), "keys": np.arange(2)}, "found 3 codes"),
    ):
        file.write(tmp_path / "a", contents(**changes))
        with pytest.raises(ValueError, match=message):
            Index.load(tmp_path / "a")
    file.write(tmp_path / "a", contents(serialized=serialized))
    assert Index.load(tmp_path / "a").ids.tolist() == [5, 3, 8]


def test_failed_write_leaves_the_old_file(path):
    before = path.read_bytes()
    with pytest.raises(struct.error):
        file.write(path, contents(next_id=-1))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["three.index"]
