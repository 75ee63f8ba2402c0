"""Which versions are served when, with a stand-in for loading, and the clock in hand."""

import pathlib
import threading
import types

import pytest

from keras_hashing.serving import models as served_models
from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.models import Models
from keras_hashing.serving.versions import ServedModel


@pytest.fixture
def disk(monkeypatch, tmp_path):
    """A folder of versions that load at once; those in `broken` do not, `loads` lists attempts."""
    disk = types.SimpleNamespace(folder=tmp_path, broken=set(), loads=[], now=1000.0)

    def load(number, folder):
        disk.loads.append(number)
        if number in disk.broken:
            raise ValueError(f"{number} is broken")
        return types.SimpleNamespace(number=number, folder=folder)

    monkeypatch.setattr(served_models, "load", load)
    monkeypatch.setattr(served_models.time, "monotonic", lambda: disk.now)
    disk.add = lambda *numbers: [(tmp_path / str(n)).mkdir() for n in numbers]
    disk.remove = lambda number: (tmp_path / str(number)).rmdir()
    return disk


def loaded(disk, announce=None, **policy):
    models = Models([ServedModel("m", disk.folder, **policy)], announce)
    models.load()
    return models


def number(models, *target):
    with models.use("m", *target) as version:
        return version.number


def states(models):
    return [(n, state) for n, state, _ in models.states("m")]


def test_the_highest_is_served_and_what_is_loaded_is_told(disk):
    disk.add(1, 3)
    lines = []
    models = loaded(disk, lines.append)
    assert (number(models), number(models, 3), models.names) == (3, 3, ["m"])
    assert states(models) == [(3, "AVAILABLE")]
    assert lines == [
        f"Loading m, version 3: {disk.folder / '3'} (files unchecked: no manifest) ...",
        "m, version 3 is served.",
    ]


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        (("other",), 404, r"request: Latest\(other\)"),
        (("other", 4), 404, r"request: Specific\(other, 4\)"),
        (("other", None, "stable"), 404, r"Latest\(other\)"),
        (("m", 1), 404, r"request: Specific\(m, 1\)"),
        (("m", None, "canary"), 400, "label: canary"),
    ],
)
def test_what_is_not_served(disk, target, status, words):
    disk.add(1, 2)
    models = loaded(disk)
    with pytest.raises(ApiError, match=words) as error, models.use(*target):
        pass
    assert error.value.status == status


def test_states_of_what_is_not_known(disk):
    disk.add(1)
    models = loaded(disk)
    for target in (("other",), ("m", 2)):
        with pytest.raises(ApiError, match="Could not find any versions") as error:
            models.states(*target)
        assert error.value.status == 404


def test_a_new_version_takes_over_when_it_is_loaded(disk):
    disk.add(1)
    lines = []
    models = loaded(disk, lines.append)
    disk.add(2)
    assert number(models) == 1  # until it is looked for
    models.refresh()
    assert number(models) == 2
    assert states(models) == [(2, "AVAILABLE"), (1, "END")]
    models.refresh()
    assert disk.loads == [1, 2]
    assert lines[-2:] == ["m, version 2 is served.", "m, version 1 is no longer served."]


def test_a_version_in_use_stays_until_its_last_request_ends(disk):
    disk.add(1)
    models = loaded(disk)
    with models.use("m") as one:
        with models.use("m", 1):
            disk.add(2)
            models.refresh()
            assert states(models) == [(2, "AVAILABLE"), (1, "UNLOADING")]
            assert number(models) == 2
            with pytest.raises(ApiError, match=r"Specific\(m, 1\)"):
                number(models, 1)  # for new requests it is gone
        assert states(models)[1] == (1, "UNLOADING")
        assert one.number == 1
    assert states(models)[1] == (1, "END")


def test_the_old_one_is_served_while_the_new_one_loads(disk, monkeypatch):
    disk.add(1)
    models = loaded(disk)
    entered, go = threading.Event(), threading.Event()
    load = served_models.load

    def slowly(number, folder):
        entered.set()
        go.wait(30)
        return load(number, folder)

    monkeypatch.setattr(served_models, "load", slowly)
    disk.add(2)
    thread = threading.Thread(target=models.refresh)
    thread.start()
    assert entered.wait(30)
    assert number(models) == 1
    assert states(models) == [(2, "LOADING"), (1, "AVAILABLE")]
    with pytest.raises(ApiError, match=r"Specific\(m, 2\)") as error:
        number(models, 2)
    assert error.value.status == 404
    go.set()
    thread.join()
    assert number(models) == 2


def test_a_version_that_cannot_be_loaded_leaves_the_old_one(disk):
    disk.add(1)
    models = loaded(disk)
    disk.broken.add(2)
    disk.add(2)
    models.refresh()
    models.refresh()
    assert disk.loads == [1, 2]  # the next attempt is a minute later
    assert number(models) == 1
    for _ in range(9):
        disk.now += 61
        models.refresh()
    assert disk.loads == [1] + [2] * 6
    assert models.states("m") == [(2, "END", "2 is broken"), (1, "AVAILABLE", "")]
    assert number(models) == 1


def test_nothing_is_let_go_before_all_that_follows_is_there(disk):
    disk.add(1, 2)
    models = loaded(disk, latest=2)
    disk.broken.add(3)
    disk.add(3)
    models.refresh()
    assert states(models) == [(3, "LOADING"), (2, "AVAILABLE"), (1, "AVAILABLE")]


def test_one_that_heals_is_taken_up(disk):
    disk.add(1)
    models = loaded(disk)
    disk.broken.add(2)
    disk.add(2)
    models.refresh()
    assert states(models) == [(2, "LOADING"), (1, "AVAILABLE")]
    disk.broken.clear()
    disk.now += 61
    models.refresh()
    assert models.states("m") == [(2, "AVAILABLE", ""), (1, "END", "")]


def test_at_the_start_it_is_an_error(disk):
    disk.add(1)
    disk.broken.add(1)
    with pytest.raises(ValueError, match="1 is broken"):
        loaded(disk)


def test_back_to_an_older_version(disk):
    disk.add(1)
    models = loaded(disk)
    disk.add(2)
    models.refresh()
    disk.remove(2)
    models.refresh()
    assert number(models) == 1
    assert states(models) == [(2, "END"), (1, "AVAILABLE")]


def test_a_folder_that_is_gone_changes_nothing(disk):
    disk.add(1)
    models = loaded(disk)
    disk.remove(1)
    models.refresh()
    disk.folder.rmdir()
    models.refresh()
    assert number(models) == 1


def test_several_versions_and_labels(disk):
    disk.add(1, 2, 3)
    models = loaded(disk, only=frozenset([1, 3]), labels={"stable": 1, "canary": 3})
    assert states(models) == [(3, "AVAILABLE"), (1, "AVAILABLE")]
    assert number(models) == 3
    assert number(models, None, "stable") == 1
    assert number(models, None, "canary") == 3
    disk.add(4)
    models.refresh()
    assert number(models) == 3


@pytest.mark.parametrize(("latest", "served"), [(2, [4, 3]), (None, [4, 3, 2, 1])])
def test_the_latest_few_or_all(disk, latest, served):
    disk.add(1, 2, 3)
    models = loaded(disk, latest=latest)
    disk.add(4)
    models.refresh()
    assert [n for n, state in states(models) if state == "AVAILABLE"] == served


def test_two_models_of_one_name(disk):
    disk.add(1)
    model = ServedModel("m", disk.folder)
    with pytest.raises(ValueError, match="Two models have the name 'm'"):
        Models([model, model])
    with pytest.raises(FileNotFoundError, match="no folder"):
        Models([model, ServedModel("n", pathlib.Path("/nowhere"))])


def test_watching_finds_new_versions_by_itself(disk):
    disk.add(1)
    models = loaded(disk)
    found = threading.Event()
    refresh = models.refresh

    def note():
        refresh()
        if number(models) == 2:
            found.set()
        raise OSError("the disk")  # which does not end the watching

    models.refresh = note
    with models.watched(seconds=0.01):
        disk.add(2)
        assert found.wait(30)
    assert not [t for t in threading.enumerate() if t.name == "versions"]
