"""Milvus' own traps: widths, limits, default ids, a server that dies; see tests/conformance."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from keras_hashing.index import Index, servers

pytestmark = pytest.mark.engines


def opened(uri, collection, bits=64, **options):
    return Index(bits, backend="milvus", uri=uri, collection=collection, **options)


def random_codes(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 8), np.uint8)


@pytest.mark.parametrize("widths", [(7,), (9,), (7, 9)])
def test_a_wrong_width_never_reaches_the_server(milvus_file, widths):
    """Milvus would join the bytes of all rows, shift them, and say nothing."""
    index = opened(milvus_file, f"widths_{len(widths)}_{widths[0]}")
    index.add(random_codes(3))
    for width in widths:
        with pytest.raises(ValueError, match="must be 8 byte.s. wide for 64 bits"):
            index.add(np.zeros((2, width), np.uint8))
        with pytest.raises(ValueError, match="must be 8 byte.s. wide for 64 bits"):
            index.upsert(np.zeros((2, width), np.uint8), [0, 1])
        with pytest.raises(ValueError, match="must be 8 byte.s. wide for 64 bits"):
            index.search(np.zeros((2, width), np.uint8))
    with pytest.raises(TypeError, match="uint8"):
        index.add(np.zeros((2, 8), np.int64))
    np.testing.assert_array_equal(index.codes, random_codes(3))


def test_most_items_of_an_answer(milvus_file):
    index = opened(milvus_file, "limits")
    index.add(np.zeros((16_384, 8), np.uint8))
    query = np.zeros((1, 8), np.uint8)
    with pytest.raises(ValueError, match="`k` must be at most 16384 for Milvus; got 16385"):
        index.search(query, 16_385)
    assert np.unique(index.search(query, 16_384)[1]).size == 16_384
    with pytest.raises(ValueError, match="within 0 bits of query 0 lie 16384 items or more"):
        index.radius_search(query, 0)
    index.remove([77])
    lims, distances, ids = index.radius_search(query, 0)
    assert (lims.tolist(), len(ids), distances.max()) == ([0, 16_383], 16_383, 0)


@pytest.mark.parametrize("highest", [0, 1, 2, 6, 1000, 2**53 + 1, 2**62, 2**63 - 2])
def test_default_ids_go_on_from_the_largest(milvus_file, highest):
    index = opened(milvus_file, f"largest_{highest}")
    ids = sorted({highest, highest // 2, highest // 3, highest // 5})
    index.add(random_codes(len(ids)), ids)
    other = opened(milvus_file, f"largest_{highest}")  # has seen none of them
    other.add(random_codes(1))
    assert other.ids.tolist() == [*ids, highest + 1]


def test_an_id_that_was_removed_is_not_given_again(milvus_file):
    index = opened(milvus_file, "removed")
    index.add(random_codes(5))
    other = opened(milvus_file, "removed")
    other.remove([4])
    other.add(random_codes(1))
    assert other.ids.tolist() == [0, 1, 2, 3, 5]


def test_effort_is_for_lists(milvus_file):
    with pytest.raises(ValueError, match="`effort` is for lists, and this collection has none"):
        opened(milvus_file, "effort", effort=3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lists": 0}, ValueError, "`lists` must be between 1 and 65536; got 0"),
        ({"lists": 2.5}, TypeError, "`lists` must be a whole number"),
        ({"effort": 0}, ValueError, "`effort` must be at least 1; got 0. More finds more"),
        ({"partitions": 1025}, ValueError, "`partitions` must be between 1 and 1024"),
        ({"collection": "a b"}, ValueError, "`collection` must be 1 to 48 letters"),
    ],
)
def test_refused_options(options, error, message):
    with pytest.raises(error, match=message):  # before anything is connected
        Index(64, "milvus", **{"uri": "http://127.0.0.1:1", "collection": "a", **options})


def patiently(call):
    """The client's library waits between its attempts to connect."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return call()
        except ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_server_killed_in_mid_add(milvus_server, monkeypatch):
    """While the fourth message is under way; then started again on the same file."""
    index = opened(milvus_server.uri, "killed")
    packed, ids = random_codes(40_000), np.arange(40_000)[::-1]
    batches = servers.batches

    def kill_later(count):
        for number, part in enumerate(batches(count)):
            if number == 3 and count == 40_000:
                threading.Timer(0.03, milvus_server.kill).start()
            yield part

    monkeypatch.setattr(servers, "batches", kill_later)
    with pytest.raises(ConnectionError) as failed:
        index._store.upsert(packed, ids)
    monkeypatch.undo()
    text = str(failed.value)
    assert text.startswith(f"Milvus at {milvus_server.uri} does not answer, collection 'killed'. ")
    assert text.endswith("then repeat what failed, an `add` as `upsert`.")
    confirmed = int(text.split("40000 items the first ")[1].split(" are stored")[0])
    assert 15_000 <= confirmed < 40_000
    with pytest.raises(ConnectionError, match="does not answer"):
        len(index)
    milvus_server.start()
    stored = patiently(lambda: index.ids)  # the same object connects again
    assert set(ids[:confirmed].tolist()) <= set(stored.tolist())
    np.testing.assert_array_equal(index.codes, packed[::-1][stored])
    index.upsert(packed, ids)
    assert len(index) == 40_000
    np.testing.assert_array_equal(index.codes, packed[::-1])


KILL_ITS_SERVER = """
import os, signal, sys
import numpy as np
from milvus_lite.server_manager import server_manager_instance
from keras_hashing.index import Index
from keras_hashing.index.milvus import store as milvus

packed = np.random.default_rng(0).integers(0, 256, (20_000, 8), np.uint8)
index = Index(64, backend="milvus", uri=sys.argv[1], collection="killed")
batches = milvus.servers.batches

def kill(count):
    for number, part in enumerate(batches(count)):
        if number == 2:
            (server,) = server_manager_instance._servers.values()
            os.kill(server._p.pid, signal.SIGKILL)
        yield part

milvus.servers.batches = kill
try:
    index._store.add(packed, np.arange(20_000))
except ConnectionError as error:
    print(error)
milvus.servers.batches = batches
print(len(index), flush=True)
if sys.argv[2] == "mend":
    index.upsert(packed, np.arange(20_000))
    print(len(index), flush=True)
"""


@pytest.mark.parametrize("where", ["here", "mend"])
def test_a_local_server_killed_in_mid_add(tmp_path, where):
    """A rerun mends it, in the same process and in another."""
    pytest.importorskip("milvus_lite")
    path = str(tmp_path / "codes.db")
    done = subprocess.run(
        [sys.executable, "-c", KILL_ITS_SERVER, path, where], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert "codes.db does not answer" in lines[0], done.stderr[-2000:]
    assert "Of these 20000 items the first 10000 are stored" in lines[0]
    assert lines[1:] == (["10000"] if where == "here" else ["10000", "20000"])
    index = opened(path, "killed")
    packed = random_codes(20_000)
    if where == "here":
        np.testing.assert_array_equal(index.codes, packed[:10_000])
        index.upsert(packed, np.arange(20_000))
    np.testing.assert_array_equal(index.codes, packed)
    np.testing.assert_array_equal(index.ids, np.arange(20_000))
