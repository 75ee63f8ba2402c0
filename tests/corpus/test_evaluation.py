import dataclasses

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.corpus import Corpus, evaluate, manifest, shards
from keras_hashing.corpus.encoder import Rows

BITS, ITEMS, SHARDS = 20, 2003, 8
SETTINGS = {"at": (10, 500), "radius": 3, "denominator": "min"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Eight shards of drawn codes with many ties, some ids left out."""
    place = tmp_path_factory.mktemp("corpus")
    facts = {
        **{"format": manifest.FORMAT, "model": "drawn", "weights_sha256": "x", "bits": BITS},
        **{"items": ITEMS, "shard_size": -(-ITEMS // SHARDS), "label": "label", "features": None},
    }
    manifest.agree(place, facts)
    rng = np.random.default_rng(0)
    for number, (first, end) in enumerate(manifest.ranges(facts)):
        ids = np.setdiff1d(np.arange(first, end), rng.integers(first, end, 3))
        labels = rng.integers(0, 5, len(ids), np.int32)
        near = rng.random((len(ids), BITS)) < 0.3
        signs = np.where((np.arange(BITS) % 5 == labels[:, None]) ^ near, 1, -1)
        rows = Rows(ids, [str(i) for i in ids], kh.codes.pack(signs), labels)
        missing = np.setdiff1d(np.arange(first, end), ids).tolist()
        rows.broken = [(i, str(i), "no image.") for i in missing]
        shards.write(place, facts, number, rows)
    return place


@pytest.fixture
def whole(place):
    """Ids, codes and labels; the first 40 are queries."""
    corpus = Corpus(place)
    return corpus.ids, corpus.codes, corpus.labels


def same(report, expected):
    """All that two reports say but how they were computed, to the last bit."""
    found, wanted = dataclasses.asdict(report), dataclasses.asdict(expected)
    del found["plan"], wanted["plan"]
    np.testing.assert_equal(found, wanted)


def unsharded(whole, **settings):
    ids, codes, labels = whole
    queries = {"query_ids": ids[:40]} if settings.get("exclude_self") else {}
    return kh.evaluate(
        codes[:40], labels[:40], codes, labels, bits=BITS, database_ids=ids, **queries, **settings
    )


def test_equal_to_the_unsharded_report(place, whole):
    _, codes, labels = whole
    same(evaluate(codes[:40], labels[:40], place, **SETTINGS), unsharded(whole, **SETTINGS))


def test_a_querys_own_item_is_left_out(place, whole):
    ids, codes, labels = whole
    found = evaluate(codes[:40], labels[:40], place, query_ids=ids[:40], exclude_self=True)
    same(found, unsharded(whole, exclude_self=True))
    assert found.database == len(ids)
    assert found.map < unsharded(whole).map  # its own code is at distance 0


def test_an_open_corpus_is_a_database(place, whole):
    ids, codes, labels = whole
    queries = {"codes": codes[:40], "labels": labels[:40], "ids": ids[:40]}
    found = kh.evaluate(queries, Corpus(place), exclude_self=True)
    same(found, unsharded(whole, exclude_self=True))
    assert (found.bits, found.own_left_out) == (BITS, 40)


def test_mistakes(place, encode, tmp_path):
    encode()
    with pytest.raises(ValueError, match="codes has no labels, which an evaluation needs. Encode"):
        evaluate(np.zeros((1, 2), np.uint8), [0], tmp_path / "codes")
    with pytest.raises(ValueError, match="`query_codes` must be 3 byte"):
        evaluate(np.zeros((1, 2), np.uint8), [0], place)
    with pytest.raises(ValueError, match="`workers` and `address` are Ray's"):
        evaluate(np.zeros((1, 3), np.uint8), [0], place, workers=2)
    with pytest.raises(ValueError, match="`engine` got the unknown value"):
        evaluate(np.zeros((1, 3), np.uint8), [0], place, engine="dask")


@pytest.mark.engines
def test_two_workers_give_the_same_bits(two_workers, place, whole):
    ids, codes, labels = whole
    ray = {"engine": "ray", "workers": 2}
    report = evaluate(codes[:40], labels[:40], place, **ray, **SETTINGS)
    same(report, unsharded(whole, **SETTINGS))
    own = {"query_ids": ids[:40], "exclude_self": True}
    same(
        evaluate(codes[:40], labels[:40], place, **ray, **own), unsharded(whole, exclude_self=True)
    )


@pytest.mark.engines
def test_a_worker_says_what_is_wrong(two_workers, place, whole, tmp_path):
    import shutil

    shutil.copytree(place, tmp_path / "corpus")
    path = tmp_path / "corpus" / "part-00005.parquet"
    content = bytearray(path.read_bytes())
    content[40] ^= 255  # the footer stays whole
    path.write_bytes(content)
    _, codes, labels = whole
    with pytest.raises(ValueError, match=r"part-00005.parquet is damaged"):
        evaluate(codes[:4], labels[:4], tmp_path / "corpus", engine="ray", workers=2)
