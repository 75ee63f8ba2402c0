import subprocess
import sys

import numpy as np
import pytest

from keras_hashing.index import Index
from keras_hashing.index.milvus.collection import Collection

pytestmark = pytest.mark.engines


def test_what_is_made(milvus_file):
    made = Collection(milvus_file, "made", 20, partitions=4)
    Collection(milvus_file, "made", 20)  # is there already
    assert made.lists is None
    found = made.call("describe_collection")
    assert found["consistency_level_name"] == "Strong"
    assert found["enable_dynamic_field"] is False
    assert [(field["name"], field["type"].name) for field in found["fields"]] == [
        ("id", "INT64"),
        ("code", "BINARY_VECTOR"),
        ("label", "INT64"),
    ]
    assert found["fields"][0]["is_primary"]
    assert found["fields"][1]["params"]["dim"] == 24  # 20 in whole bytes
    assert found["fields"][2]["is_partition_key"]
    made = made.call("describe_index", "code")
    assert (made["index_type"], made["metric_type"]) == ("BIN_FLAT", "HAMMING")


def test_a_collection_of_something_else_is_left_alone(milvus_file):
    from pymilvus import DataType, MilvusClient

    client = MilvusClient(milvus_file)
    for number, description in enumerate(("", "[1]", '{"bits": 20}', "mine")):
        schema = client.create_schema(auto_id=False, description=description)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("code", DataType.BINARY_VECTOR, dim=24)
        client.create_collection(f"foreign_{number}", schema=schema)
        with pytest.raises(ValueError, match="is none of this package. Name another collection"):
            Collection(milvus_file, f"foreign_{number}", 20)
    client.close()


def test_what_was_half_made_is_finished(milvus_file, monkeypatch):
    """A process that was killed between the collection and its index."""
    monkeypatch.setattr(Collection, "_create_index", lambda self, lists: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Collection(milvus_file, "half", 20)
    monkeypatch.undo()
    made = Collection(milvus_file, "half", 20)
    assert made.call("describe_index", "code")["index_type"] == "BIN_FLAT"


@pytest.mark.parametrize(
    ("uri", "lists", "message"),
    [
        ("codes", None, "`uri` must be a server's, like .* name ends in .db; got 'codes'"),
        ("codes.db", 8, "`lists` is for a server: a local file has no inverted index"),
    ],
)
def test_refused_places(uri, lists, message):
    with pytest.raises(ValueError, match=message):
        Collection(uri, "a", 20, lists=lists)


def test_a_newer_milvus_lite_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="needs Milvus Lite 2.5.1; newer ones have no"):
        Collection("codes.db", "a", 20)


def test_no_server_and_no_password_in_the_error(milvus_server):
    milvus_server.kill()
    uri = milvus_server.uri.replace("//", "//user:secret@")
    with pytest.raises(ConnectionError, match=r"Milvus at http://127.0.0.1:\d+ does not ans") as at:
        Collection(uri, "a", 20)
    assert "secret" not in str(at.value)


class Cluster:
    """Stands for a client of a server: has the inverted index that Milvus Lite lacks."""

    def __init__(self, client):
        self.client, self.asked = client, []

    def __getattr__(self, name):
        def call(*arguments, **options):
            self.asked.append((name, arguments, options))
            if name == "create_index":
                index = next(iter(arguments[1]))
                self.made = {"index_type": index.index_type, **index.get_index_configs()}
                index._index_type = "BIN_FLAT"
            found = getattr(self.client, name)(*arguments, **options)
            if name == "describe_index":
                found |= {"index_type": "BIN_IVF_FLAT", "nlist": "16"}
            return found

        return call


def test_lists_of_a_server(milvus_server, monkeypatch):
    """What is asked of a server with an inverted index; none runs here."""
    connected = Collection._connected
    clusters = []

    def stand_in(self):
        if not clusters:
            clusters.append(Cluster(connected(self)))
        return clusters[0]

    monkeypatch.setattr(Collection, "_connected", stand_in)
    place = {"backend": "milvus", "uri": milvus_server.uri, "collection": "lists"}
    index = Index(16, **place, lists=16, effort=5)
    (cluster,) = clusters
    assert cluster.made["index_type"] == "BIN_IVF_FLAT"
    assert cluster.made["metric_type"] == "HAMMING"
    assert "16" in str(cluster.made)
    index.search(np.zeros((1, 2), np.uint8), 3)
    assert cluster.asked[-1][2]["search_params"]["params"] == {"nprobe": 5}
    Index(16, **place).search(np.zeros((1, 2), np.uint8), 3)
    assert cluster.asked[-1][2]["search_params"]["params"] == {"nprobe": 8}
    with pytest.raises(ValueError, match="was made with lists=16; got 32. Leave"):
        Index(16, **place, lists=32)


def test_a_file_that_another_process_has_open(milvus_file):
    Collection(milvus_file, "shared", 20)
    code = (
        "import sys\nfrom keras_hashing.index import Index\n"
        "try: Index(20, 'milvus', uri=sys.argv[1], collection='shared')\n"
        "except ConnectionError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, milvus_file], capture_output=True, text=True, check=True
    )
    assert "codes.db does not answer, collection 'shared'" in done.stdout
    assert "Check `uri`, and that no other process has the file open" in done.stdout
