import hashlib
import struct

import numpy as np
import pytest

from keras_hashing.index import Index, storage

BITS, COUNT = 70, 5
FIELDS = struct.Struct("<8sIIQQ32s")  # magic, version, bits, count, next id, digest of the rest


def contents(**changes):
    words = np.arange(2 * COUNT, dtype=np.uint64).reshape(2, COUNT)
    ids = np.array([3, 1, 4, 0, 5])
    return storage.Contents(**{"bits": BITS, "words": words, "ids": ids, "next_id": 9} | changes)


@pytest.fixture
def path(tmp_path):
    storage.write(tmp_path / "five.index", contents())
    return tmp_path / "five.index"


def forge(path, **changes):
    """Change fields of the header and make its checksum right again."""
    data = path.read_bytes()
    names = ("magic", "version", "bits", "count", "next_id", "digest")
    values = dict(zip(names, FIELDS.unpack_from(data), strict=True)) | changes
    fields = FIELDS.pack(*values.values())
    path.write_bytes(fields + hashlib.sha256(fields).digest() + data[FIELDS.size + 32 :])


def test_layout(path):
    data = path.read_bytes()
    words = np.arange(10, dtype="<u8").tobytes()
    ids = np.array([3, 1, 4, 0, 5], "<i8").tobytes()
    digest = hashlib.sha256(words + ids).digest()
    fields = FIELDS.pack(b"KHINDEX\n", 1, BITS, COUNT, 9, digest)
    assert data == fields + hashlib.sha256(fields).digest() + words + ids
    assert storage.HEADER_BYTES % 8 == 0  # words are aligned


def test_round_trip_is_mapped_and_read_only(path):
    read = storage.read(path)
    np.testing.assert_array_equal(read.words, contents().words)
    np.testing.assert_array_equal(read.ids, contents().ids)
    assert (read.bits, read.next_id) == (BITS, 9)
    assert not read.words.flags.writeable
    assert not read.ids.flags.writeable
    assert not read.words.flags.owndata


def test_every_truncation_is_named(path):
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        for verify in (True, False):
            with pytest.raises(ValueError, match=r"five\.index"):
                storage.read(path, verify)
    path.write_bytes(data + b"\0")
    with pytest.raises(ValueError, match=r"five\.index is damaged: it has 217 bytes, but 5 codes"):
        storage.read(path, verify=False)


def test_every_flipped_bit_is_named(path):
    data = path.read_bytes()
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(ValueError, match=r"five\.index"):
            storage.read(path)
        if place < storage.HEADER_BYTES:
            with pytest.raises(ValueError, match=r"five\.index"):
                storage.read(path, verify=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "of version 2; this release reads 1. Update"),
        ({"bits": 0}, "claims 0 bits, allowed are 1 to 4096"),
        ({"bits": 4097}, "claims 4097 bits"),
        ({"bits": 64}, "it has 216 bytes, but 5 codes take 176"),
        ({"bits": 129}, "but 5 codes take 256"),
        ({"count": 4}, "but 4 codes take 192"),
        ({"count": 2**64 - 1}, "but 18446744073709551615 codes take"),
        ({"next_id": 4}, "its next id is 4 after 5 codes"),
        ({"next_id": 2**63 + 1}, "its next id is 9223372036854775809"),
        ({"digest": bytes(32)}, "the checksum of its codes and ids is wrong"),
        ({"next_id": 5}, "ids must be 0 to 4"),
        ({"bits": 65}, "codes have bits set beyond bit 65"),
    ],
)
def test_forged_headers(path, changes, message):
    forge(path, **changes)
    with pytest.raises(ValueError, match=message):
        storage.read(path)


@pytest.mark.parametrize(
    ("ids", "message"),
    [([3, 1, 4, 1, 5], "some ids occur twice"), ([3, 1, -1, 0, 5], "ids must be 0 to 8")],
)
def test_forged_ids(tmp_path, ids, message):
    storage.write(tmp_path / "a", contents(ids=np.array(ids)))
    with pytest.raises(ValueError, match=message):
        storage.read(tmp_path / "a")


def test_other_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No index file at .*nothing.*`Index.save`"):
        Index.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="No index file"):
        Index.load(tmp_path)
    (tmp_path / "text").write_text("hello, this is a text of some length " * 10)
    with pytest.raises(ValueError, match="text is no index file"):
        Index.load(tmp_path / "text")
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="empty is no index file"):
        Index.load(tmp_path / "empty")


def test_failed_write_leaves_the_old_file(path):
    before = path.read_bytes()
    with pytest.raises(struct.error):
        storage.write(path, contents(next_id=-1))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["five.index"]
