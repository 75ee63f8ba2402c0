import numpy as np
import pytest

from keras_hashing import data
from keras_hashing.data import loading


@pytest.fixture
def lists(photo_folder):
    """The folder with a list of every class: `ant.txt` and so on, and `labels.txt` of ants."""
    root = photo_folder.parent
    for number, name in enumerate(("ant", "bird", "cat")):
        paths = sorted((photo_folder / name).iterdir())
        lines = [f"photos/{name}/{path.name} {number}\n" for path in paths]
        (root / f"{name}.txt").write_text("".join(lines))
    (root / "bare.txt").write_text("".join(f"ant/{i:02d}.png\n" for i in range(20)))
    (root / "labels.txt").write_text("0\n1\n" * 10)
    return root


def ids(loaded):
    return [sorted(getattr(loaded, part).ids) for part in ("train", "validation", "query")]


def test_a_folder_below_data_dir(photo_folder):
    settings = {"folder": "photos", "validation": 0.2, "query": 0.3, "seed": 7}
    loaded = data.from_source(settings, photo_folder.parent, image_size=32)
    expected = data.from_folder(photo_folder, 0.2, 0.3, 7)
    assert ids(loaded) == ids(expected)
    assert loaded.query.image_size == 32
    whole = data.from_source(settings, photo_folder.parent, validation=False)
    assert sorted(whole.train.ids) == sorted([*expected.train.ids, *expected.validation.ids])
    assert ids(whole)[1:] == [[], sorted(expected.query.ids)]


def test_one_list_is_cut_by_shares(lists):
    loaded = data.from_source({"list": "ant.txt", "query": 0.25, "seed": 3}, lists)
    assert [len(part) for part in ids(loaded)] == [13, 2, 5]
    assert (loaded.name, loaded.seed) == ("ant", 3)
    settings = {"list": "bare.txt", "labels": "labels.txt", "root": "photos"}
    loaded = data.from_source(settings, str(lists))
    assert np.bincount(loaded.database.labels).tolist() == [9, 9]
    assert loaded.train.paths[0].parent == lists / "photos" / "ant"


def test_a_list_for_each_part(lists):
    settings = {"train": "ant.txt", "query": "bird.txt", "database": "cat.txt", "validation": 0.1}
    loaded = data.from_source(settings, lists)
    assert [len(part) for part in ids(loaded)] == [18, 2, 10]
    assert len(loaded.database) == 12
    whole = data.from_source(settings, lists, validation=False)
    assert [len(part) for part in ids(whole)] == [20, 0, 10]
    pair = ["bare.txt", "labels.txt"]
    settings = {"train": pair, "query": pair, "database": pair, "root": "photos"}
    with pytest.warns(UserWarning, match=r"20 of 20 query image\(s\) are in database too"):
        loaded = data.from_source(settings, lists)
    assert loaded.query.labels.tolist() == [0, 1] * 10


def test_named_sets_go_to_load(monkeypatch):
    calls = []
    monkeypatch.setattr(loading, "load", lambda *a, **k: calls.append((a, k)))
    data.from_source({"dataset": "cifar10", "protocol": "cifar10-s1"}, "there", validation=False)
    data.from_source({"tfds": "voc/2007", "seed": 2}, image_size=64)
    assert calls == [
        (("cifar10", "cifar10-s1", "there", False, 0), {"image_size": 224}),
        (("tfds:voc/2007", None, None, True, 2), {"image_size": 64}),
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"the data need one of: `dataset`, a data set by its name.*`train`, a list for"),
        ({"fodler": "photos"}, r"unknown value 'fodler'; did you mean one of 'folder'"),
        ({"folder": "a", "list": "b"}, r"come from one place; got `folder` and `list`"),
        ({"folder": "a", "qeury": 0.1}, r"`key` got .*'qeury'.*'query'.*go with `folder`"),
        ({"folder": "a", "protocol": "cifar10-s1"}, r"unknown value 'protocol'"),
        ({"train": "a", "query": "b"}, r"beside `train` there must be `database`"),
    ],
)
def test_mistakes_are_found_before_anything_is_read(settings, message):
    with pytest.raises(ValueError, match=message):
        data.from_source(settings)


def test_a_source_is_a_dict():
    with pytest.raises(TypeError, match=r"must be a dict of settings; got str"):
        data.check_source("photos")
    assert data.check_source({"list": "a.txt", "root": "b"}) == "list"
    assert data.SOURCES["folder"].keys == ("folder", "validation", "query", "seed", "classes")
