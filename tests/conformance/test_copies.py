"""Nothing that a caller writes into, before or after, changes what an index or a corpus holds.

Each test writes into every array that it was given back, where that is allowed, and into every
array that it handed in, and then compares with what a plain copy of the codes says.
"""

import copy
import pickle

import numpy as np
import pytest

from keras_hashing import corpus as corpora
from keras_hashing import zoo
from keras_hashing.corpus import encoder, manifest, shards
from keras_hashing.index import CoarseToFine, Index
from tests.conformance.index_backends import BACKENDS, random_codes, ready
from tests.index.test_index import ranked

MANY = (1, 7, 8, 31, 48, 56, 57, 60, 63, 64, 65, 121, 128, 129, 512, 1000, 4095, 4096)
COUNT = 40
IN_MEMORY = [name for name, backend in BACKENDS.items() if not backend.server]


def spoil(*arrays):
    """Write into arrays; a refused write is fine."""
    for array in arrays:
        if array is not None and array.flags.writeable:
            array[...] = 0 if array.dtype.kind in "uif" else ""


def codes_of(bits):
    found = random_codes(COUNT, bits, seed=bits)
    assert found.any()
    return found


def check(index, expected, ids, removes=True):
    """`index` answers as a stable sort of `expected`; compared by distance, ids where they tell."""
    np.testing.assert_array_equal(index.codes, expected)
    np.testing.assert_array_equal(index.ids, ids)
    distances, _ = index.search(expected[:3], len(expected))
    np.testing.assert_array_equal(distances, ranked(expected[:3], expected)[0])
    if removes:  # graphs have no search by radius either
        lims, _, found = index.radius_search(expected[:1], 0)
        same = np.asarray(ids)[(expected == expected[0]).all(axis=1)]
        assert lims.tolist() == [0, len(same)]
        assert sorted(found.tolist()) == sorted(same.tolist())


@pytest.mark.parametrize("bits", MANY)
def test_exact_index(bits, tmp_path):
    expected, ids = codes_of(bits), np.arange(100, 100 + COUNT)
    given, given_ids = expected.copy(), ids.copy()
    index = Index(bits)
    index.add(given[:30], given_ids[:30])
    index.upsert(given[30:], given_ids[30:])
    spoil(given, given_ids)
    check(index, expected, ids)
    spoil(index.codes, index.ids)
    spoil(*index.search(expected[:2], 5), *index.radius_search(expected[:2], bits))
    check(index, expected, ids)
    index.save(tmp_path / "index")
    loaded = Index.load(tmp_path / "index")
    spoil(loaded.codes, loaded.ids, *loaded.search(expected[:2], 5))
    check(loaded, expected, ids)
    check(Index.load(tmp_path / "index"), expected, ids)  # what is mapped was not written either


@pytest.mark.parametrize("bits", [8, 20, 64, 4096])
@pytest.mark.parametrize("name", IN_MEMORY)
def test_every_index_in_memory(request, name, bits):
    backend = ready(request, name)
    expected = codes_of(bits)
    index = Index(bits, **backend.place())
    given = expected.copy()
    index.add(given)
    mask = np.ones(COUNT, bool)
    spoil(given, index.codes, index.ids, *index.search(expected[:2], 5))
    if backend.masks:
        spoil(*index.search(expected[:2], 5, mask=mask), mask)
    if backend.radius:
        spoil(*index.radius_search(expected[:2], bits))
    np.testing.assert_array_equal(index.codes, expected)
    assert index.ids.tolist() == list(range(COUNT))
    distances, _ = index.search(expected[:3], 1)
    assert (distances == 0).all() or not backend.complete


def test_memory_maps_are_copied(tmp_path):
    expected = codes_of(64)
    path = tmp_path / "codes.npy"
    np.save(path, expected)
    index = Index(64)
    index.add(np.load(path, mmap_mode="r+"))
    spoil(np.load(path, mmap_mode="r+"))
    check(index, expected, np.arange(COUNT))


@pytest.mark.parametrize(
    "kind", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("bits", [1, 57, 64, 130, 4096])
def test_copies_of_an_exact_index(kind, bits):
    expected, ids = codes_of(bits), np.arange(COUNT)
    index = Index(bits)
    index.add(expected)
    other = kind(index)
    check(other, expected, ids)
    index.remove([0, 5])
    other.add(expected[:1], [77])
    kept = np.delete(np.arange(COUNT), [0, 5])
    check(index, expected[kept], ids[kept])
    check(other, np.concatenate([expected, expected[:1]]), [*range(COUNT), 77])
    index.add(expected[:1])
    assert index.ids[-1] == COUNT  # as if there were no copy


@pytest.mark.parametrize(
    "kind", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
@pytest.mark.parametrize("count", [0, 400])
@pytest.mark.parametrize("name", IN_MEMORY)
def test_copies_of_every_index_in_memory(request, kind, count, name):
    backend = ready(request, name)
    index = Index(20, **backend.place())
    if count:
        index.add(random_codes(count, 20))
    other, queries = kind(index), random_codes(5, 20, seed=1)
    np.testing.assert_array_equal(other.search(queries, 7), index.search(queries, 7))
    other.add(random_codes(30, 20, seed=2))
    assert (len(index), len(other)) == (count, count + 30)
    np.testing.assert_array_equal(index.codes, random_codes(count, 20)[:count])
    assert other.ids.tolist() == list(range(count + 30))


def test_an_index_is_pickled_after_a_large_search():
    index = Index(48)
    index.add(random_codes(70_000, 48))
    queries = random_codes(8, 48, seed=1)
    expected = index.search(queries, 10)
    assert index._store._tiles is not None
    other = pickle.loads(pickle.dumps(index))
    assert len(pickle.dumps(index)) < 1.1 * 16 * 70_000  # a word and an id of each, nothing else
    np.testing.assert_array_equal(other.search(queries, 10), expected)
    np.testing.assert_array_equal(
        copy.copy(index).search(queries[:1], 10), np.array(expected)[:, :1]
    )


def test_a_loaded_index_is_pickled_with_its_codes(tmp_path):
    expected = codes_of(57)
    index = Index(57)
    index.add(expected)
    index.save(tmp_path / "index")
    loaded = Index.load(tmp_path / "index")
    other = pickle.loads(pickle.dumps(loaded))
    del loaded
    (tmp_path / "index").unlink()
    check(other, expected, np.arange(COUNT))


def test_buffers_of_a_pickle_are_shared_by_nobody_who_changes_them():
    expected, buffers = codes_of(64), []
    index = Index(64)
    index.add(expected)
    data = pickle.dumps(index, protocol=5, buffer_callback=buffers.append)
    other = pickle.loads(data, buffers=buffers)
    index.remove([3])
    index.add(expected[:1])
    other.add(expected[:1])
    check(other, np.concatenate([expected, expected[:1]]), np.arange(COUNT + 1))


def test_coarse_to_fine():
    index = Index(64)
    index.add(codes_of(64))
    features = np.random.default_rng(0).normal(size=(COUNT, 3))
    fine = CoarseToFine(index, features)
    arguments = codes_of(64)[:4], features[:4].copy()
    expected = [array.copy() for array in fine.search(*arguments, k=5, pool=20)]
    spoil(
        fine.features, *fine.search(*arguments, k=5, pool=20), *fine.search(*arguments, pool=None)
    )
    for found, right in zip(fine.search(*arguments, k=5, pool=20), expected, strict=True):
        np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize("size", [20, 7])
@pytest.mark.parametrize("bits", [8, 57, 64, 65, 4096])
def test_corpus(tmp_path, bits, size):
    packed, labels = random_codes(20, bits), np.arange(20, dtype=np.int32) % 3
    facts = {"format": manifest.FORMAT, "model": "a", "bits": bits, "items": 20}
    facts |= {"shard_size": size, "label": "label", "features": None, "classes": ["a", "b", "c"]}
    (tmp_path / manifest.NAME).write_text(manifest.json.dumps(facts))
    for number, (first, end) in enumerate(manifest.ranges(facts)):
        part = slice(first, end)
        names = [f"{i}.jpg" for i in range(first, end)]
        rows = encoder.Rows(np.arange(first, end), names, packed[part], labels[part])
        shards.write(tmp_path, facts, number, rows)
    corpus = corpora.Corpus(tmp_path)
    for _ in range(2):
        np.testing.assert_array_equal(corpus.codes, packed)
        np.testing.assert_array_equal(corpus.labels, labels)
        np.testing.assert_array_equal(corpus.ids, np.arange(20))
        first = corpus.shard(0)
        np.testing.assert_array_equal(first.codes, packed[:size])
        assert corpus.column("source").tolist() == [f"{i}.jpg" for i in range(20)]
        assert (corpus.manifest["bits"], len(list(corpus))) == (bits, len(corpus.paths))
        spoil(corpus.codes, corpus.labels, corpus.ids, corpus.column("source"))
        spoil(first.codes, first.labels, first.ids)
        corpus.manifest["bits"] = 1
        corpus.manifest["classes"].clear()
        corpus.paths.clear()


def arrays_of(found):
    return {name: array for name, array in vars(found).items() if isinstance(array, np.ndarray)}


def test_codes_of_an_entry():
    found = arrays_of(zoo.codes("dhn_fashion_48"))
    before = {name: array.copy() for name, array in found.items()}
    spoil(*found.values())
    after = arrays_of(zoo.codes("dhn_fashion_48"))
    assert after.keys() == before.keys()
    for name, array in after.items():
        np.testing.assert_array_equal(array, before[name])
