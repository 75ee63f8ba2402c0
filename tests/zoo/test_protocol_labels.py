import numpy as np
import pytest

from keras_hashing.data import protocols
from keras_hashing.zoo import protocol_labels


@pytest.mark.parametrize("dataset", ["cifar10", "fashion"])
def test_the_shipped_files_hold_every_protocol(dataset):
    stored = protocol_labels.find(dataset)
    train, test = np.split(stored.labels, [stored.train_count])
    assert np.array_equal(np.bincount(test), [1000] * 10)
    for protocol in (name for name in protocols.NAMES if name.startswith(dataset)):
        split = protocols.split(protocol, train, test)
        for part in protocol_labels.SETS:
            assert np.array_equal(stored.indices(protocol, part), getattr(split, part))


def test_the_published_digests():
    stored = protocol_labels.find("cifar10")
    queries = stored.indices("cifar10-s1", "query")
    assert protocols.digest(queries, stored.labels) == protocols.QUERY_DIGESTS["cifar10"]
    database = stored.indices("cifar10-s1", "database")
    assert protocols.digest(database, stored.labels) == (
        "b78c26e2b358adca89ade8c664fedd3f86bdb6f2e8b9687f3fa45f9275f64908"
    )
    assert stored.path.stat().st_size < 100_000


def test_ids_are_those_of_the_loader():
    stored = protocol_labels.find("cifar10")
    assert list(stored.ids([0, 49_999, 50_000])) == ["train_00000", "train_49999", "test_00000"]


def test_what_is_not_stored():
    assert protocol_labels.find("flowers17") is None
    assert protocol_labels.find("../protocols/cifar10") is not None  # only the last part counts
    with pytest.raises(ValueError, match="does not hold the protocol 'fashion-s1'"):
        protocol_labels.find("cifar10").indices("fashion-s1", "query")
    with pytest.raises(ValueError, match="does not hold the protocol 'fashion-s1'"):
        protocol_labels.find("cifar10").digest("fashion-s1")


def test_digest_changes_with_a_label(tmp_path):
    from tools import build_labels

    train, test = np.repeat(np.arange(10), 650), np.arange(10)
    digests = []
    for changed in (0, 1):
        train[0] = changed
        build_labels.write(tmp_path / "mnist.npz", "mnist", train, test)
        digests.append(protocol_labels.ProtocolLabels(tmp_path / "mnist.npz").digest("mnist-s1"))
    assert digests[0] != digests[1]
