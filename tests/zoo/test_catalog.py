import pathlib
import shutil

import pytest

from keras_hashing import zoo
from tests.zoo.conftest import edit_json


@pytest.fixture
def more(zoo_root, entry):
    """Two more entries: names and a few fields differ."""
    for name, bits, dataset in (("dhn_shades_24", 24, "shades"), ("dhn_moons_12", 12, "moons")):
        shutil.copytree(entry, zoo_root / "entries" / name)

        def change(content, name=name, bits=bits, dataset=dataset):
            content.update(name=name, bits=bits, dataset=dataset)

        edit_json(zoo_root / "entries" / name / "metadata.json", change)
    return zoo_root / "entries"


def test_list_is_sorted_and_filtered(more):
    assert zoo.list() == ["dhn_moons_12", "dhn_shades_12", "dhn_shades_24"]
    assert zoo.list(bits=24) == ["dhn_shades_24"]
    assert zoo.list(dataset="shades", bits=12) == ["dhn_shades_12"]
    assert zoo.list(dataset="moons", bits=24) == []  # entries have either, and none has both


@pytest.mark.parametrize(
    ("filters", "error", "words"),
    [
        ({"method": "dhnn"}, ValueError, "`method` got the unknown value 'dhnn'; allowed: 'dhn'."),
        ({"method": "dpsh"}, ValueError, "`method` got the unknown value 'dpsh'"),
        ({"dataset": "shade"}, ValueError, "allowed: 'moons', 'shades'."),
        ({"dataset": ""}, ValueError, "`dataset` got the unknown value ''"),
        ({"bits": 13}, ValueError, "a length that an entry has: 12, 24; got 13."),
        ({"bits": 0}, ValueError, "`bits` must be between 1 and 4096; got 0"),
        ({"bits": 24, "method": "x"}, ValueError, "`method` got the unknown value 'x'"),
        ({"bits": "24"}, TypeError, "`bits` must be a whole number; got '24'"),
        ({"bits": True}, TypeError, "`bits` must be a whole number"),
        ({"method": ["dhn"]}, TypeError, "`method` must be a str; got ['dhn'] (list)"),
        ({"dataset": 7}, TypeError, "`dataset` must be a str; got 7 (int)"),
    ],
)
def test_a_value_that_no_entry_has(more, filters, error, words):
    with pytest.raises(error) as caught:
        zoo.list(**filters)
    assert words in str(caught.value)


def test_of_many_methods_the_nearest_are_told():
    with pytest.raises(ValueError, match="did you mean one of 'dhn', "):
        zoo.list(method="dhnn")


def test_changing_what_is_returned_changes_nothing_inside(more):
    zoo.list().clear()
    found = zoo.info("dhn_shades_12")
    found.metrics.clear()
    found.files["codes.npz"]["size"] = 0
    assert len(zoo.list()) == 3
    assert zoo.info("dhn_shades_12").metrics
    assert zoo.info("dhn_shades_12").files["codes.npz"]["size"] > 0


def test_info_takes_a_name_or_a_path(entry):
    assert zoo.info("dhn_shades_12") == zoo.info(entry) == zoo.info(str(entry))


def test_unknown_name_suggests_the_nearest(more):
    with pytest.raises(ValueError) as caught:
        zoo.info("dhn_shade_12")
    assert "unknown entry 'dhn_shade_12'; the nearest are dhn_shades_12, " in str(caught.value)
    with pytest.raises(ValueError, match="the nearest are dhn_moons_12, dhn_shades_12, dhn_sha"):
        zoo.info("????".replace("?", "9"))


@pytest.mark.parametrize("name", ["../dhn_shades_12", "entries/../../x", "/nowhere/at/all"])
def test_paths_without_an_entry(entry, name, monkeypatch, tmp_path):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="there is no entry's folder"):
        zoo.info(name)
    with pytest.raises(FileNotFoundError, match="there is no entry's folder nothing"):
        zoo.info(pathlib.Path("nothing"))


def test_a_name_with_odd_letters(entry):
    with pytest.raises(ValueError, match="an entry's name has letters"):
        zoo.info("dhn shades")


def test_a_folder_must_have_its_entrys_name(entry):
    moved = entry.rename(entry.with_name("other"))
    with pytest.raises(ValueError, match=r"other holds the entry 'dhn_shades_12'\. Give"):
        zoo.info(moved)


def test_an_empty_zoo(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_hashing.resources._roots", lambda: [tmp_path / "none"])
    assert zoo.list() == []
    assert zoo.list(method="dhnn", bits=13) == []  # there is nothing that could be meant
    with pytest.raises(TypeError, match="`bits` must be a whole number"):
        zoo.list(bits="13")
    with pytest.raises(ValueError, match="has no entries yet"):
        zoo.load("dhn_shades_12")
