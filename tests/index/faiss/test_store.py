"""What is FAISS' own; what all backends do is in `tests/conformance/test_indexes.py`."""

import sys

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.index import Index

REASON = "faiss-cpu is not installed"


def random_codes(count, bits, seed=0):
    generator = np.random.default_rng(seed)
    return codes.pack(2 * generator.integers(0, 2, (count, bits)) - 1)


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ModuleNotFoundError, match=r"Install keras_hashing\[faiss\]"):
        Index(8, backend="faiss")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factory": "Flat"}, "FAISS knows no binary index 'Flat'. Pass for example BFlat"),
        ({"factory": ""}, "FAISS knows no binary index ''"),
        ({"factory": "BHash8"}, "IndexBinaryHash neither removes items nor gives codes back"),
        ({"factory": "BFlat", "effort": 3}, "`effort` is for approximate indexes"),
        ({"factory": "BIVF4", "effort": 0}, "`effort` must be at least 1; got 0"),
    ],
)
def test_refused_options(options, message):
    pytest.importorskip("faiss", reason=REASON)
    with pytest.raises(ValueError, match=message):
        Index(16, backend="faiss", **options)


def test_effort_reaches_faiss_and_is_saved(tmp_path):
    pytest.importorskip("faiss", reason=REASON)
    for factory, effort, expected in (("BIVF64", None, 16), ("BIVF64", 5, 5), ("BIVF4", 99, 4)):
        index = Index(16, backend="faiss", factory=factory, effort=effort)
        index.save(tmp_path / "a")
        for opened in (index, Index.load(tmp_path / "a")):
            assert opened._store._index.nprobe == expected
    for effort, expected in ((None, 64), (7, 7)):
        index = Index(16, backend="faiss", factory="BHNSW8", effort=effort)
        index.save(tmp_path / "a")
        for opened in (index, Index.load(tmp_path / "a")):
            assert opened._store._index.hnsw.efSearch == expected


def test_more_effort_finds_more():
    pytest.importorskip("faiss", reason=REASON)
    packed, queries = random_codes(4000, 32), random_codes(40, 32, seed=1)
    expected = np.sort(codes.hamming(queries, packed), axis=1)[:, :10]
    found = []
    for effort in (1, 8, 32):
        index = Index(32, backend="faiss", factory="BIVF32", effort=effort)
        index.add(packed)
        found.append((index.search(queries, 10)[0] == expected).mean())
    assert found[0] < found[1] < found[2] == 1


def test_lists_learn_from_the_first_items(capfd):
    pytest.importorskip("faiss", reason=REASON)
    index = Index(16, backend="faiss", factory="BIVF32")
    with pytest.raises(ValueError, match=r"at least as many as the 32 lists.*got 31. Add more"):
        index.add(random_codes(31, 16))
    assert len(index) == 0
    index.add(random_codes(32, 16))
    index.add(random_codes(3, 16, seed=1))
    assert len(index) == 35
    assert capfd.readouterr() == ("", "")  # FAISS warns of few items otherwise


def test_keys_of_lists_are_never_given_twice():
    """An inverted list keeps its keys: a new item must not get that of a removed one."""
    pytest.importorskip("faiss", reason=REASON)
    packed = random_codes(60, 16)
    index = Index(16, backend="faiss", factory="BIVF4", effort=4)
    index.add(packed[:40])
    index.remove(np.arange(20, 40))
    index.add(packed[40:], np.arange(900, 920))
    np.testing.assert_array_equal(index.codes, packed[[*range(20), *range(40, 60)]])
    distances, ids = index.search(packed[40:], 3)
    assert (distances[:, 0] == 0).all()
    assert set(range(900, 920)) <= set(ids[distances == 0])
    assert not set(ids.ravel()) & set(range(20, 40))
