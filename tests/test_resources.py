import importlib.util

import pytest

from keras_hashing import resources


def test_checkout_is_found(repository, monkeypatch):
    monkeypatch.setattr(resources.importlib.util, "find_spec", lambda name: None)
    assert resources.zoo_root() == repository / "zoo"
    assert resources.zoo_path("samples").is_dir()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A place that stands for the package `keras_hashing._zoo` of a wheel."""
    spec = importlib.util.spec_from_loader("keras_hashing._zoo", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(resources.importlib.util, "find_spec", lambda name: spec)
    return tmp_path


def test_the_package_comes_first(installed):
    assert resources.zoo_root() == installed
    (installed / "samples").mkdir()
    assert resources.zoo_path("samples") == installed / "samples"


def test_a_missing_file_says_where_it_looked(installed, repository):
    with pytest.raises(FileNotFoundError) as caught:
        resources.zoo_path("entries", "nothing")
    message = str(caught.value)
    assert "zoo's entries/nothing was not found" in message
    assert str(installed / "entries" / "nothing") in message
    assert str(repository / "zoo" / "entries" / "nothing") in message


@pytest.mark.parametrize("part", ["..", "../setup.py", "/etc/passwd", "a/../../b"])
def test_parts_stay_inside(part):
    with pytest.raises(ValueError, match="names below the zoo's folder; got"):
        resources.zoo_path("samples", part)
