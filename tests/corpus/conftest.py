"""A tiny model, folders of small photos, and sources of every kind."""

import importlib.util

import keras
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from keras_hashing import corpus, methods
from keras_hashing.corpus import ray_session
from tests.photos.conftest import write_photo

SIZE, BITS = 8, 12


def tiny_model(seed):
    """Random features and directions about their mean, so that codes differ."""
    keras.utils.set_random_seed(seed)
    model = methods.LSH(bits=BITS, backbone="small_cnn", image_size=SIZE, seed=seed)
    coarse = np.random.default_rng(0).integers(0, 256, (64, 2, 2, 3))
    model.adapt(coarse.repeat(4, axis=1).repeat(4, axis=2).astype(np.float32))
    return model


@pytest.fixture(scope="session")
def model():
    """Images to outputs of 12 bits; seen as 8 by 8 pixels."""
    return tiny_model(0)


@pytest.fixture(scope="session")
def other_model():
    return tiny_model(1)


@pytest.fixture
def folder(tmp_path):
    """Twenty photos in the sub-folders `blue` and `red`, one text among them."""
    folder = tmp_path / "photos"
    for number in range(20):
        write_photo(folder / ("red" if number % 3 else "blue") / f"{number:02}.jpg", number)
    (folder / "red" / "05x.jpg").write_text("no photo")
    return folder


@pytest.fixture
def encode(folder, tmp_path, model):
    """Function that encodes the folder, shards of 6, into `codes`."""

    def run(target="codes", source=folder, model=model, **settings):
        settings = {"shard_size": 6, "batch_size": 4, "verbose": 0} | settings
        return corpus.encode(model, source, tmp_path / target, **settings)

    return run


@pytest.fixture
def parquet(tmp_path):
    """Function that writes columns to a parquet file in `tables`, row groups of 3."""

    def write(name="a.parquet", group=3, **columns):
        path = tmp_path / "tables" / name
        path.parent.mkdir(exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=group)
        return path

    return write


@pytest.fixture
def tfrecord(tmp_path):
    """Function that writes a list of feature dicts to a TFRecord file in `records`."""
    import tensorflow as tf

    def write(name, examples):
        path = tmp_path / "records" / name
        path.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(path)) as file:
            for example in examples:
                file.write(_example(tf, example).SerializeToString())
        return path

    return write


def _example(tf, values):
    found = tf.train.Example()
    for name, value in values.items():
        if isinstance(value, bytes):
            found.features.feature[name].bytes_list.value.append(value)
        else:
            found.features.feature[name].int64_list.value.append(value)
    return found


@pytest.fixture
def jpegs(tmp_path):
    """Bytes of seven photos."""
    return [write_photo(tmp_path / "one" / f"{n}.jpg", n).read_bytes() for n in range(7)]


@pytest.fixture(scope="session")
def two_workers():
    """A Ray of this machine with two workers, used by every call within."""
    skip_without_ray()
    with ray_session.session(workers=2) as session:
        yield session


def skip_without_ray():
    """Skip unless Ray is installed; does not import it, as `ray_session` must be the first to."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (extra `ray`)")


def contents(folder):
    """Name -> bytes of the shards of a corpus."""
    return {path.name: path.read_bytes() for path in folder.glob("part-*")}


def arrays(folder):
    """(ids, codes, labels) of a corpus, read without the package."""
    tables = [pyarrow.parquet.read_table(path) for path in sorted(folder.glob("part-*"))]
    table = pyarrow.concat_tables(tables).to_pydict()
    codes = np.array([list(code) for code in table["code"]], np.uint8)
    return table["id"], codes, table.get("label")
