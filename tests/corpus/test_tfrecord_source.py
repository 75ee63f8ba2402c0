import gzip
import pickle

import pytest

from keras_hashing.corpus.listing import list_files
from keras_hashing.corpus.tfrecord_source import TFRecordSource


def opened(path, **settings):
    return TFRecordSource.open(list_files(path), **settings)


def everything(source):
    return [source.read(place) for place in range(len(source))]


@pytest.fixture
def two_files(tfrecord, jpegs):
    """Seven records, and two; the second of the second file is empty."""
    examples = [{"image": image, "label": number} for number, image in enumerate(jpegs)]
    tfrecord("b.tfrecord", [{"image": jpegs[0], "label": 9}, {"label": 3}])
    return tfrecord("a.tfrecord", examples).parent


def test_records(two_files, jpegs):
    source = opened(two_files, label="label")
    items = everything(source)
    assert [item.content for item in items] == [*jpegs, jpegs[0], None]
    assert [item.label for item in items] == [0, 1, 2, 3, 4, 5, 6, 9, 3]
    assert (items[7].name, items[8].name) == ("b.tfrecord#0", "b.tfrecord#1")
    assert items[8].problem == "its feature 'image' is empty."
    assert list(source.identity()) == ["a.tfrecord#0+7", "b.tfrecord#0+2"]


@pytest.mark.parametrize(("start", "stop"), [(0, 9), (0, 0), (2, 5), (5, 8), (7, 9), (8, 9)])
def test_cuts(two_files, start, stop):
    source = opened(two_files)
    part = pickle.loads(pickle.dumps(source.cut(start, stop)))
    assert everything(part) == everything(source)[start:stop]
    assert everything(part.cut(1, 2)) == everything(part)[1:2]


def test_feature_by_name(tfrecord, jpegs):
    path = tfrecord("x.tfrecord-00000-of-00001", [{"photo": jpegs[3], "image": b"other"}])
    assert opened(path, column="photo").read(0).content == jpegs[3]


def test_a_record_of_something_else(tfrecord, jpegs):
    import tensorflow as tf

    path = tfrecord("x.tfrecord", [])
    with tf.io.TFRecordWriter(str(path)) as file:
        example = tf.train.Example()
        example.features.feature["image"].bytes_list.value.append(jpegs[0])
        file.write(example.SerializeToString())
        file.write(b"\xff\xff")
    assert [item.problem for item in everything(opened(path))] == [
        None,
        "x.tfrecord#1 is no tf.train.Example. Get the file again.",
    ]


def test_mistakes(two_files):
    with pytest.raises(ValueError, match="has no feature 'picture'; it has image, label. Name the"):
        opened(two_files, column="picture")
    with pytest.raises(ValueError, match="has no feature 'kind'.* with `label`"):
        opened(two_files, label="kind")
    with pytest.raises(ValueError, match=r"must be a whole number; got None .* of b.tfrecord#1"):
        opened(two_files / "b.tfrecord", label="image").read(1)


def test_cut_short_and_compressed(two_files):
    path = two_files / "a.tfrecord"
    whole = path.read_bytes()
    for end in (len(whole) - 1, len(whole) - 20, 5):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"a\.tfrecord is cut short or no plain TFRecord file"):
            opened(two_files)
    path.write_bytes(gzip.compress(whole))
    with pytest.raises(ValueError, match="or decompress it"):
        opened(two_files)
