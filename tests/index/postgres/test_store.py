"""PostgreSQL's own traps: plans, filters, transactions; `Index` is tested in tests/conformance."""

import importlib
import signal
import subprocess
import sys

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index import Index
from keras_hashing.index.postgres import binary_copy
from tests.index import stores

pytestmark = pytest.mark.engines

COUNT, BITS = 3000, 64


def opened(dsn, table, **options):
    return Index(BITS, backend="pgvector", dsn=dsn, table=table, **options)


def clustered(count=COUNT, seed=0):
    """Codes near 20 centres, as trained ones are."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(9).integers(0, 256, (20, BITS // 8), np.uint8)
    flips = np.packbits(generator.random((count, BITS)) < 0.06, axis=1, bitorder="little")
    return centres[generator.integers(0, 20, count)] ^ flips


def nearest(packed, query, k):
    distances = codes.hamming(query[None], packed)[0]
    order = np.argsort(distances, kind="stable")[:k]
    return distances[order].tolist(), order.tolist()


@pytest.fixture(scope="module")
def loaded(postgres):
    """Connection string; `photos` holds 3,000 items with labels 0 to 99, and a graph."""
    index = opened(postgres, "photos")
    index.add(clustered(), labels=np.arange(COUNT) % 100)
    opened(postgres, "photos", graph=True)
    return postgres


def unlike():
    """A query of alternating bits, far from all centres."""
    return np.full((1, BITS // 8), 0b01010101, np.uint8)


def test_bits_stand_where_sql_counts_them(postgres):
    index = Index(20, backend="pgvector", dsn=postgres, table="single")
    index.add(codes.pack(2 * np.eye(20, dtype=int) - 1))
    with importlib.import_module("psycopg").connect(postgres) as connection:
        for j in range(20):
            query = "select id from single where get_bit(code, %s) = 1"
            assert connection.execute(query, [j]).fetchall() == [(j,)]


def test_exact_although_there_is_a_graph(loaded):
    """Without the setting that it makes, the planner walks the graph and misses items."""
    packed, query = clustered(), unlike()
    index = opened(loaded + stores.WITHOUT_SCANS, "photos")
    distances, ids = index.search(query, 10)
    assert (distances[0].tolist(), ids[0].tolist()) == nearest(packed, query[0], 10)
    with importlib.import_module("psycopg").connect(loaded + stores.WITHOUT_SCANS) as connection:
        text = binary_copy.text(query[0], BITS)
        ranked = "select id from photos order by code <~> %s::bit(64), id limit 10"
        walked = [item for (item,) in connection.execute(ranked, [text])]
        plan = str(connection.execute("explain " + ranked, [text]).fetchall())
    assert "photos_code_idx" in plan
    assert walked != ids[0].tolist()


def test_a_graph_finds_more_with_more_effort(loaded):
    packed = clustered()
    queries = clustered(30, seed=1)
    shares = []
    for effort in (1, 400):
        index = opened(loaded + stores.WITHOUT_SCANS, "photos", graph=True, effort=effort)
        distances, ids = index.search(queries, 10)
        last = [nearest(packed, query, 10)[0][-1] for query in queries]
        shares.append(np.mean(distances <= np.array(last)[:, None]))
        for row in range(30):
            true = codes.hamming(queries[row : row + 1], packed)[0]
            np.testing.assert_array_equal(true[ids[row]], distances[row])
    assert shares[1] > 0.95
    assert shares[1] >= shares[0]


def test_a_graph_fills_an_answer_of_few_labels(loaded):
    """Two of a hundred labels: a plain walk of 64 items would meet about one of theirs.

    With the index on labels, the planner compares all items of so few labels instead.
    """
    with importlib.import_module("psycopg").connect(loaded) as connection:
        connection.execute("drop index photos_label_idx")
    index = opened(loaded + stores.WITHOUT_SCANS, "photos", graph=True)
    distances, ids = index.search(clustered(20, seed=1), 10, labels=[3, 50])
    assert (distances >= 0).all()
    assert set((ids % 100).ravel().tolist()) == {3, 50}


def test_a_walk_is_as_long_as_the_answer(loaded):
    index = opened(loaded + stores.WITHOUT_SCANS, "photos", graph=True, effort=1)
    distances, ids = index.search(clustered(2, seed=1), 1500)
    assert (distances >= 0).all()
    assert len(set(ids[0].tolist())) == 1500


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"effort": 5}, ValueError, "`effort` is for a graph. Pass `graph=True`"),
        ({"graph": True, "effort": 0}, ValueError, "between 1 and 1000; got 0. More finds more"),
        ({"graph": True, "effort": 1001}, ValueError, "between 1 and 1000"),
        ({"graph": True, "effort": 2.5}, TypeError, "`effort` must be a whole number"),
    ],
)
def test_refused_options(options, error, message):
    with pytest.raises(error, match=message):  # before anything is connected
        opened("host=/nowhere", "photos", **options)


def test_two_that_add_the_same_ids(postgres, monkeypatch):
    one, other = opened(postgres, "raced"), opened(postgres, "raced")
    one.add(clustered(3))
    other.add(clustered(3))
    assert one.ids.tolist() == list(range(6))
    monkeypatch.setattr(type(one._store), "known", lambda self, ids: np.zeros(len(ids), bool))
    with pytest.raises(ValueError, match="another process added some of them meanwhile, and no"):
        one.add(clustered(2), [9, 5])
    assert one.ids.tolist() == list(range(6))


def test_an_id_that_was_removed_is_not_given_again(postgres):
    index = opened(postgres, "given")
    index.add(clustered(5))
    other = opened(postgres, "given")
    other.remove([4])
    other.add(clustered(1))
    assert other.ids.tolist() == [0, 1, 2, 3, 5]
    index.add(clustered(1), [2**63 - 1])
    with pytest.raises(ValueError, match="beyond int64. Pass `ids`"):
        other.add(clustered(1))


def test_a_connection_lost_in_mid_add(postgres, monkeypatch):
    index = opened(postgres, "broken")
    index.add(clustered(10))
    pack, calls = binary_copy.pack, []

    def terminate(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            with importlib.import_module("psycopg").connect(postgres) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where query like 'copy%broken%' and pid <> pg_backend_pid()"
                )
        return pack(*arguments)

    monkeypatch.setattr(binary_copy, "pack", terminate)
    packed, ids = clustered(40_000), np.arange(10, 40_010)
    with pytest.raises(ConnectionError, match="all of it is stored or nothing. .*as `upsert`"):
        index.add(packed, ids)
    assert len(calls) >= 3
    assert len(index) == 10
    index.upsert(packed, ids)
    index.upsert(packed, ids)
    assert len(index) == 40_010
    np.testing.assert_array_equal(index.codes[10:], packed)


ADD_AND_WAIT = """
import sys, time
import numpy as np
from keras_hashing.index import Index
from keras_hashing.index.postgres import binary_copy

pack, calls = binary_copy.pack, []

def wait(*arguments):
    calls.append(arguments)
    if len(calls) == 4:
        print("three batches are sent", flush=True)
        time.sleep(600)
    return pack(*arguments)

binary_copy.pack = wait
index = Index(64, backend="pgvector", dsn=sys.argv[1], table="killed")
index.add(np.zeros((30_000, 8), np.uint8))
"""


def test_a_client_killed_in_mid_add(postgres):
    client = subprocess.Popen(
        [sys.executable, "-c", ADD_AND_WAIT, postgres], stdout=subprocess.PIPE, text=True
    )
    assert client.stdout.readline() == "three batches are sent\n"
    index = opened(postgres, "killed")
    assert len(index) == 0  # nobody sees half of it
    client.send_signal(signal.SIGKILL)
    client.communicate()
    assert len(index) == 0
    index.upsert(clustered(), np.arange(COUNT))
    np.testing.assert_array_equal(index.codes, clustered())
