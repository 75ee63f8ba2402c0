import pytest

from keras_hashing.serving.versions import ServedModel, check, on_disk, wanted


@pytest.fixture
def folder(tmp_path):
    for name in ("2", "0010", "3", "latest", ".export-x", "9a", "-4", "+5", "9" * 30, "\u0661"):
        (tmp_path / name).mkdir()
    (tmp_path / "77").touch()  # a file
    return tmp_path


def test_versions_are_folders_with_a_number_for_a_name(folder):
    assert on_disk(folder) == {
        2: folder / "2",
        3: folder / "3",
        10: folder / "0010",
    }
    assert on_disk(folder / "missing") == {}


@pytest.mark.parametrize(
    ("policy", "numbers"),
    [
        ({}, [10]),
        ({"latest": 2}, [3, 10]),
        ({"latest": 9}, [2, 3, 10]),
        ({"latest": None}, [2, 3, 10]),
        ({"only": frozenset([2, 10, 11])}, [2, 10]),
    ],
)
def test_policies(folder, policy, numbers):
    assert sorted(wanted(ServedModel("m", folder, **policy))) == numbers


def test_what_can_be_served(folder):
    check(ServedModel("m", folder, labels={"stable": 10}))
    check(ServedModel("m", folder, only=frozenset([2]), labels={"stable": 2}))


@pytest.mark.parametrize("name", ["", "a/b", "a:b"])
def test_names_that_no_url_can_hold(folder, name):
    with pytest.raises(ValueError, match=f"must be without '/' and ':'; got {name!r}"):
        check(ServedModel(name, folder))


def test_what_is_not_there(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing\. keras-hashing export"):
        check(ServedModel("m", folder / "missing"))
    with pytest.raises(FileNotFoundError, match="holds no numeric version. keras-hashing export"):
        check(ServedModel("m", folder / "latest"))
    (folder / "3" / "saved_model.pb").touch()
    with pytest.raises(FileNotFoundError, match=f"It is itself a version: serve {folder}."):
        check(ServedModel("m", folder / "3"))
    with pytest.raises(FileNotFoundError, match="has no version 4, which is asked for"):
        check(ServedModel("m", folder, only=frozenset([2, 4])))


def test_labels_of_versions_that_are_not_served(folder):
    with pytest.raises(ValueError, match="label 'old' is of version 2, which is not served"):
        check(ServedModel("m", folder, labels={"old": 2}))
