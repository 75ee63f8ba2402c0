import errno
import hashlib
import multiprocessing
import os
import pathlib
import resource
import signal
import struct
import subprocess
import time

import numpy as np
import pytest

from keras_hashing.index import Index
from keras_hashing.index.exact import file

BITS, COUNT = 70, 5
FIELDS = struct.Struct("<8sIIQQ32s")  # magic, version, bits, count, next id, digest of the rest


def contents(**changes):
    words = np.arange(2 * COUNT, dtype=np.uint64).reshape(2, COUNT)
    ids = np.array([3, 1, 4, 0, 5])
    return file.ExactContents(**{"bits": BITS, "words": words, "ids": ids, "next_id": 9} | changes)


def write_many(path, count, seed=0):
    """Write an index file of random codes; its digest tells which one it is."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 1 << BITS - 64, (2, count), np.uint64)
    file.write(path, file.ExactContents(BITS, words, np.arange(count), count))


def names(folder):
    return [file.name for file in folder.iterdir()]


@pytest.fixture
def path(tmp_path):
    file.write(tmp_path / "five.index", contents())
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
    assert file.HEADER_BYTES % 8 == 0  # words are aligned


def test_round_trip_is_mapped_and_read_only(path):
    read = file.read(path)
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
                file.read(path, verify)
    path.write_bytes(data + b"\0")
    with pytest.raises(ValueError, match=r"five\.index is damaged: it has 217 bytes, but 5 codes"):
        file.read(path, verify=False)


def test_every_flipped_bit_is_named(path):
    data = path.read_bytes()
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(ValueError, match=r"five\.index"):
            file.read(path)
        if place < file.HEADER_BYTES:
            with pytest.raises(ValueError, match=r"five\.index"):
                file.read(path, verify=False)


def test_flipped_bits_at_2000_places(tmp_path):
    path = tmp_path / "many.index"
    write_many(path, 40)
    data = path.read_bytes()
    in_header = 8 * file.HEADER_BYTES
    rest = np.random.default_rng(0).permutation(8 * len(data) - in_header)[: 2000 - in_header]
    for place in (*range(in_header), *(in_header + rest).tolist()):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(ValueError, match=r"many\.index"):
            Index.load(path)
    path.write_bytes(data)
    assert len(Index.load(path)) == 40


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
        file.read(path)


@pytest.mark.parametrize(
    ("ids", "message"),
    [([3, 1, 4, 1, 5], "some ids occur twice"), ([3, 1, -1, 0, 5], "ids must be 0 to 8")],
)
def test_forged_ids(tmp_path, ids, message):
    file.write(tmp_path / "a", contents(ids=np.array(ids)))
    with pytest.raises(ValueError, match=message):
        file.read(tmp_path / "a")


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
        file.write(path, contents(next_id=-1))
    assert path.read_bytes() == before
    assert names(path.parent) == ["five.index"]


def test_a_file_replaced_during_a_load(tmp_path, monkeypatch):
    # Header, length and codes are of one file, whatever a save puts in its place meanwhile.
    path = tmp_path / "a.index"
    write_many(path, 30, seed=1)
    open_file = pathlib.Path.open

    def save_meanwhile(opened, mode):
        file = open_file(opened, mode)
        if opened == path:
            write_many(path, 700, seed=2)
        return file

    monkeypatch.setattr(pathlib.Path, "open", save_meanwhile)
    before = file.read(path)
    assert before.words.shape == (2, 30)
    monkeypatch.undo()
    assert file.read(path).words.shape == (2, 700)


def test_a_file_that_may_not_grow_leaves_the_old_one(path):
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError) as raised:
            write_many(path, 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.errno == errno.EFBIG
    assert "File too large: the index was not saved; an older file is as it was" in str(
        raised.value
    )
    assert str(path) in str(raised.value)
    assert path.read_bytes() == before
    assert names(path.parent) == ["five.index"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB, if this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a file system: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_leaves_the_old_file(small_disk):
    path = small_disk / "a.index"
    write_many(path, 1000)  # 24 KB; two of them fit
    before = path.read_bytes()
    index = Index.load(path)
    rng = np.random.default_rng(1)
    index.add(rng.integers(0, 4, (2000, 9), np.uint8))  # 72 KB
    for _ in range(3):
        with pytest.raises(OSError, match="No space left on device: the index was not saved; an"):
            index.save(path)
        assert path.read_bytes() == before
        assert names(small_disk) == ["a.index"]
    index.remove(np.arange(2500))
    index.save(path)  # there is room again
    assert Index.load(path).ids.tolist() == list(range(2500, 3000))


def save_until_killed(path, ready):
    for number in range(1_000_000):
        write_many(path, 2000 + number % 2, seed=number % 2)
        ready.set()


@pytest.mark.slow
def test_killed_while_saving_500_times(tmp_path):
    path = tmp_path / "a.index"
    whole = []
    for number in range(2):
        write_many(path, 2000 + number, seed=number)
        whole.append(path.read_bytes())
    rng = np.random.default_rng(0)
    forked = multiprocessing.get_context("fork")
    cut_off = 0
    for _ in range(500):
        ready = forked.Event()
        saver = forked.Process(target=save_until_killed, args=(path, ready), daemon=True)
        saver.start()
        assert ready.wait(60)
        time.sleep(rng.uniform(0, 0.005))
        os.kill(saver.pid, signal.SIGKILL)
        saver.join()
        assert path.read_bytes() in whole
        assert len(Index.load(path)) in (2000, 2001)
        left = set(names(tmp_path)) - {"a.index"}
        cut_off += len(left)
        write_many(path, 2000)  # what lies about does not hinder it
        for name in left:
            (tmp_path / name).unlink()
    # Most were killed in the midst of a save, not between two.
    assert cut_off > 100
