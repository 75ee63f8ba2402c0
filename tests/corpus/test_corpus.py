import shutil

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.corpus import Corpus
from tests.corpus.conftest import arrays


@pytest.fixture
def place(encode, tmp_path):
    encode(label="folder")
    return tmp_path / "codes"


def test_arrays(place):
    corpus = Corpus(str(place))
    ids, codes, labels = arrays(place)
    assert (len(corpus), corpus.bits, len(corpus.paths)) == (20, 12, 4)
    assert (corpus.ids.dtype, corpus.ids.tolist()) == (np.int64, ids)
    np.testing.assert_array_equal(corpus.codes, codes)
    assert (corpus.labels.dtype, corpus.labels.tolist()) == (np.int32, labels)
    assert corpus.column("source")[0] == "blue/00.jpg"
    assert corpus.paths[3] == place / "part-00003.parquet"


def test_shards_one_by_one_fill_an_index(place):
    corpus = Corpus(place)
    index = kh.Index(bits=corpus.bits)
    for shard in corpus:
        index.add(shard.codes, ids=shard.ids)
    ids, codes, _ = arrays(place)
    distances, found = index.search(codes[:3], k=20)
    by_hand = np.bitwise_count(codes[:3, None] ^ codes).sum(axis=2)
    np.testing.assert_array_equal(distances, np.sort(by_hand, axis=1))
    assert sorted(found[0].tolist()) == ids


def test_one_shard_is_not_copied(encode, tmp_path):
    encode("one", shard_size=100)
    corpus = Corpus(tmp_path / "one")
    assert not corpus.codes.flags.owndata
    assert corpus.labels is None


def test_a_missing_and_a_truncated_shard(place):
    path = place / "part-00001.parquet"
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"part-00001.parquet is missing: the corpus is"):
        Corpus(place)
    path.write_bytes(whole[:-9])
    with pytest.raises(ValueError, match=r"part-00001.parquet is damaged"):
        Corpus(place)


def test_shards_of_two_models(place, encode, other_model, tmp_path):
    encode("others", model=other_model, label="folder")
    shutil.copy(tmp_path / "others" / "part-00002.parquet", place)
    with pytest.raises(ValueError, match=r"part-00002.parquet is of another corpus: its weights_"):
        Corpus(place)


def test_columns_that_are_not_there(place, tmp_path):
    with pytest.raises(ValueError, match="unknown value 'features'; allowed: 'source'. Encode"):
        Corpus(place).column("features")
    with pytest.raises(FileNotFoundError, match=r"is no corpus: it has no manifest.json"):
        Corpus(tmp_path)


def test_repr(place):
    corpus = Corpus(place)
    assert repr(corpus).splitlines() == [
        f"Corpus {place}",
        "  codes: 20 of 12 bits",
        "  shards: 4",
        "  without a code: 1 of 21 images",
        "  labels: folder",
        "  features: none",
        "  model: lsh",
        f"  source: {corpus.manifest['source']}",
    ]
    assert "<tr><th>codes</th><td>20 of 12 bits</td></tr>" in corpus._repr_html_()
