"""`kh.load` takes whatever a model is kept in, and says what else it was given."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import resources
from keras_hashing.methods import DHN

ENTRY = "dhn_cifar10_48"


def saved(path, **options):
    model = DHN(bits=5, backbone=None)
    outputs = model(np.eye(4, dtype="float32"))
    model.save(path, **options)
    return np.asarray(outputs)


def test_files_and_folders_of_keras(tmp_path):
    for path, options in ((tmp_path / "m.keras", {}), (tmp_path / "m", {"zipped": False})):
        outputs = saved(path, **options)
        for given in (path, str(path)):
            np.testing.assert_array_equal(kh.load(given)(np.eye(4, dtype="float32")), outputs)


def test_entries_by_name_and_folder():
    by_name, by_folder = kh.load(ENTRY), kh.load(resources.zoo_path("entries", ENTRY))
    assert by_name.method == by_folder.method == "dhn"
    for one, other in zip(by_name.get_weights(), by_folder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("dhn_cifar10_47", ValueError, "unknown entry 'dhn_cifar10_47'; the nearest are dhn_cifar"),
        ("absent.keras", FileNotFoundError, "there is no model file absent.keras"),
        ("no/such/folder", FileNotFoundError, "there is no entry's folder no/such/folder"),
        ("absent.h5", FileNotFoundError, "there is no model file absent.h5. Pass a .keras file"),
        (3, TypeError, "must be the name of a zoo entry, its folder, or a .keras file; got int"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_what_it_cannot_load(what, error, words):
    with pytest.raises(error, match=words):
        kh.load(what)


def test_other_files_and_folders(tmp_path):
    (tmp_path / "model.h5").write_text("x")
    with pytest.raises(ValueError, match=r"must be a \.keras file"):
        kh.load(tmp_path / "model.h5")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_text("x")
    with pytest.raises(ValueError, match="is an exported model, which runs without Keras"):
        kh.load(tmp_path / "1")
    with pytest.raises(FileNotFoundError, match="is not a whole entry"):
        kh.load(tmp_path)
