import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes as packed
from keras_hashing.exporting import code_tensors
from keras_hashing.index import Index

ITEMS = 40


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 64, 65])
def test_packing_in_the_graph_is_that_of_codes(bits):
    outputs = np.random.default_rng(bits).standard_normal((20, bits)).astype("float32")
    outputs[0] = 0.0
    outputs[1] = -0.0
    codes = code_tensors.pack(tf.constant(outputs), bits).numpy()
    np.testing.assert_array_equal(codes, packed.pack(outputs))
    assert [value.hex() for value in code_tensors.to_bytes(codes).numpy()] == [
        value.decode() for value in code_tensors.to_hex(codes).numpy()
    ]
    np.testing.assert_array_equal(
        codes, [list(value) for value in code_tensors.to_bytes(codes).numpy()]
    )


def brute_force(query, database_codes, ids, k):
    """All (distance, position) pairs in order, by Python's own sort."""
    pairs = sorted(
        (sum(bin(a ^ b).count("1") for a, b in zip(query, code, strict=True)), position)
        for position, code in enumerate(database_codes.tolist())
    )[:k]
    return [d for d, _ in pairs], [int(ids[p]) for _, p in pairs]


@pytest.mark.parametrize("k", [1, 2, 39, 40, 43])
@pytest.mark.parametrize("bits", [5, 64, 130])
def test_search_for_every_k_and_width(k, bits):
    rng = np.random.default_rng(bits)
    codes = packed.pack(rng.standard_normal((ITEMS, bits)))
    codes[::2] = codes[0]
    ids = np.arange(ITEMS) + 2**40
    search, _ = code_tensors.searcher(codes, ids, k)
    queries = packed.pack(rng.standard_normal((3, bits)))
    answer = search(tf.constant(queries))
    index = Index(bits)
    index.add(codes, ids)
    for got, wanted in zip(answer.values(), index.search(queries, k), strict=True):
        np.testing.assert_array_equal(got.numpy(), wanted)
    for row, query in enumerate(queries.tolist()):
        distances, nearest = brute_force(query, codes, ids, k)
        missing = [-1] * (k - len(distances))
        assert answer["distances"][row].numpy().tolist() == distances + missing
        assert answer["ids"][row].numpy().tolist() == nearest + missing
