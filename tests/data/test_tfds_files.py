import numpy as np
import pytest
import tensorflow as tf

from keras_hashing.data import tfds_files


class FakeBuilder:
    """What `read` uses of a TFDS builder: records in a shuffled order."""

    data_dir = "/data/fake/3.0.0"

    def __init__(self, with_ids, error=None, multi_hot=False):
        self.with_ids = with_ids
        self.error = error
        self.multi_hot = multi_hot

    def download_and_prepare(self):
        if self.error:
            raise self.error

    def as_dataset(self, split, shuffle_files, read_config):
        assert not shuffle_files
        assert read_config.interleave_cycle_length == 1
        order = [2, 0, 3, 1]
        record = {
            "image": np.array(order, np.uint8)[:, None, None, None] * np.ones((4, 2, 2, 1), "u1"),
            "label": np.array(order) * 2,
        }
        if self.multi_hot:
            record["label"] = np.eye(4, dtype=np.uint8)[order]
        if self.with_ids:
            record["id"] = [f"{split}_{i:05d}" for i in order]
        return tf.data.Dataset.from_tensor_slices(record)


def test_ids_of_tfds_restore_the_original_order():
    read = tfds_files.read_split(FakeBuilder(with_ids=True), "test")
    assert read.ids.tolist() == ["test_00000", "test_00001", "test_00002", "test_00003"]
    assert read.labels.tolist() == [0, 2, 4, 6]
    assert read.labels.dtype == np.int64
    assert read.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3]


def test_without_ids_the_order_is_that_of_the_files():
    read = tfds_files.read_split(FakeBuilder(with_ids=False), "train")
    assert read.ids.tolist() == ["train_00000", "train_00001", "train_00002", "train_00003"]
    assert read.images[:, 0, 0, 0].tolist() == [2, 0, 3, 1]


def test_multi_hot_labels_stay_as_stored():
    read = tfds_files.read_split(FakeBuilder(with_ids=True, multi_hot=True), "query")
    assert read.ids.tolist() == ["query_00000", "query_00001", "query_00002", "query_00003"]
    assert read.labels.dtype == np.uint8
    assert read.labels.tolist() == np.eye(4).tolist()


def test_a_failed_download_says_what_to_do(monkeypatch, tmp_path):
    import tensorflow_datasets as tfds

    builder = FakeBuilder(False, ConnectionError("no route."))
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: builder)
    with pytest.raises(RuntimeError, match=r"could not get mnist.*: no route\. Pass `data_dir=`"):
        tfds_files.read("mnist", tmp_path)


def test_check_folder(tmp_path):
    tfds_files.check_folder(None)
    tfds_files.check_folder(tmp_path)
    (tmp_path / "file").write_text("x")
    for name in ("file", "typo"):
        with pytest.raises(FileNotFoundError, match=rf"no folder `data_dir` .*{name}. Make it, or"):
            tfds_files.check_folder(tmp_path / name)
