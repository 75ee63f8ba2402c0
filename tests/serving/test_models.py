import shutil

import pytest

from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.models import Models, locate, newest


@pytest.fixture(scope="module")
def models(models_folder):
    return Models(locate({"tiny": models_folder / "tiny"}))


def test_the_highest_version_is_served(models):
    assert models.find("tiny").number == 2
    assert models.find("tiny", 2) is models.find("tiny")
    assert models.states("tiny") == [(2, "AVAILABLE")]
    assert models.names == ["tiny"]


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        (("other",), 404, r"Latest\(other\)"),
        (("tiny", 1), 404, r"Specific\(tiny, 1\)"),
        (("tiny", None, "stable"), 400, "label: stable"),
    ],
)
def test_what_is_not_served(models, target, status, words):
    with pytest.raises(ApiError, match=words) as error:
        models.find(*target)
    assert error.value.status == status


def test_names_that_no_url_can_hold(tmp_path):
    with pytest.raises(ValueError, match="must be without '/' and ':'"):
        locate({"a/b": tmp_path})


def test_newest_takes_numbers_only(tmp_path):
    for name in ("2", "0010", "latest", ".export-x", "9a"):
        (tmp_path / name).mkdir()
    assert newest(tmp_path) == (10, tmp_path / "0010")


def test_a_folder_that_is_no_saved_model(tmp_path):
    (tmp_path / "1").mkdir()
    with pytest.raises(ValueError, match="1 cannot be loaded as a SavedModel"):
        Models(locate({"x": tmp_path}))
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"garbage")
    with pytest.raises(ValueError, match="1 cannot be loaded as a SavedModel"):
        Models(locate({"x": tmp_path}))


def test_a_damaged_version_is_named(models_folder, tmp_path):
    shutil.copytree(models_folder / "plain", tmp_path / "plain")
    variables = tmp_path / "plain" / "1" / "variables" / "variables.data-00000-of-00001"
    data = bytearray(variables.read_bytes())
    data[100] ^= 1  # one bit of a weight, which TensorFlow would load without a word
    variables.write_bytes(data)
    with pytest.raises(ValueError, match="data-00000-of-00001 is not as it was written"):
        locate({"x": tmp_path / "plain"})
    variables.unlink()
    with pytest.raises(ValueError, match="data-00000-of-00001 is missing"):
        locate({"x": tmp_path / "plain"})
    (tmp_path / "plain" / "1" / "manifest.json").write_text('{"files": [1]}')
    with pytest.raises(ValueError, match=r"manifest\.json is damaged"):
        locate({"x": tmp_path / "plain"})


def test_a_folder_without_versions(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no numeric version"):
        locate({"x": tmp_path})
