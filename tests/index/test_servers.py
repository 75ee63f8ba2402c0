import copy
import pickle
import types

import numpy as np
import pytest

from keras_hashing.index import Index, servers
from keras_hashing.index.store import store_class


@pytest.mark.parametrize("value", ["a", "_", "photos_48", "A" * 48])
def test_names(value):
    assert servers.name("table", value) == value


@pytest.mark.parametrize(
    "value", ["", "4a", "a b", "a.b", 'a"', "a;drop table a", "é", "a\n", "A" * 49, None, b"a"]
)
def test_refused_names(value):
    with pytest.raises(ValueError, match="`table` must be 1 to 48 letters, .* name of its own"):
        servers.name("table", value)


def test_batches():
    assert servers.batches(0) == []
    assert servers.batches(5000) == [slice(0, 5000)]
    rows = np.arange(12_001)
    parts = [rows[part] for part in servers.batches(12_001)]
    assert [len(part) for part in parts] == [5000, 5000, 2001]
    np.testing.assert_array_equal(np.concatenate(parts), rows)


def test_filled():
    found = [[(3.0, 7), (1.0, 9), (3.0, 2)], [], [(0.0, 2**63 - 1)]]
    distances, ids = servers.filled(found, 3)
    assert (distances.dtype, ids.dtype) == (np.int32, np.int64)
    assert distances.tolist() == [[1, 3, 3], [-1, -1, -1], [0, -1, -1]]
    assert ids.tolist() == [[9, 2, 7], [-1, -1, -1], [2**63 - 1, -1, -1]]
    assert servers.filled([], 2)[0].shape == (0, 2)


def test_joined():
    lims, distances, ids = servers.joined([[(3.0, 7), (1.0, 9), (3.0, 2)], [], [(0.0, 4)]])
    assert (lims.dtype, distances.dtype, ids.dtype) == (np.int64, np.int32, np.int64)
    assert (lims.tolist(), distances.tolist(), ids.tolist()) == (
        [0, 3, 3, 4],
        [1, 3, 3, 0],
        [9, 2, 7, 4],
    )
    lims, distances, ids = servers.joined([[]])
    assert (lims.tolist(), distances.dtype, ids.dtype) == ([0, 0], np.int32, np.int64)


def test_what_servers_refuse():
    servers.refuse_mask(None)
    with pytest.raises(ValueError, match="cannot take a mask. Add items with `labels`, and"):
        servers.refuse_mask(np.ones(3, bool))
    with pytest.raises(ValueError, match="table 'a' is kept by its server, and opened again"):
        servers.refuse_file("table 'a'")


def test_no_copies():
    message = "an index of table 'a' is a connection to its server, .* Open it with the same arg"
    with pytest.raises(TypeError, match=message):
        servers.refuse_copy("table 'a'")


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize(("backend", "part"), [("milvus", "collection"), ("pgvector", "table")])
def test_indexes_on_a_server_are_not_copied(take, backend, part):
    # Without a server: what opens it is left out.
    store = object.__new__(store_class(backend))
    store.bits = 8
    setattr(store, f"_{part}", types.SimpleNamespace(name="photos_8"))
    index = object.__new__(Index)
    index._store = store
    with pytest.raises(TypeError, match=f"{part} 'photos_8' is a connection to its server"):
        take(index)
    assert repr(index) == f"Index of 8 bits\n  backend: {backend}\n  {part}: photos_8"
