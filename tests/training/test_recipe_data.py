import types

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.training import parse_recipe
from keras_hashing.training.recipe_data import load_data
from tests.training.photos import make_folder

RECIPE = """
name = "dhn_photos_8"
[model]
method = "dhn"
bits = 8
image_size = 32
[data]
folder = "photos"
{data}
[training]
epochs = 1
{training}
"""


def recipe(data="", training=""):
    return parse_recipe(RECIPE.format(data=data, training=training))


def test_a_folder_is_split_as_from_folder_splits_it(tmp_path, monkeypatch):
    folder = make_folder(tmp_path / "photos")
    data = load_data(recipe("validation = 0.2\nquery = 0.3\nseed = 7"), tmp_path)
    expected = kh.data.from_folder(folder, 0.2, 0.3, 7, image_size=32)
    for part in ("train", "validation", "query", "database"):
        assert np.array_equal(getattr(data, part).ids, getattr(expected, part).ids)
        assert getattr(data, part).image_size == 32
    assert [len(p) for p in (data.train, data.validation, data.query)] == [15, 6, 9]
    monkeypatch.chdir(tmp_path)  # without a folder that holds it, the working one
    assert np.array_equal(load_data(recipe()).query.ids, load_data(recipe(), tmp_path).query.ids)


def test_all_of_training_has_the_same_queries(tmp_path):
    make_folder(tmp_path / "photos")
    some = load_data(recipe(), tmp_path)
    whole = load_data(recipe("", 'validation = false\nselect = "last"'), tmp_path)
    assert len(whole.validation) == 0
    assert np.array_equal(whole.query.ids, some.query.ids)
    assert sorted(whole.train.ids) == sorted([*some.train.ids, *some.validation.ids])


def test_a_data_set_is_loaded_by_its_protocol(monkeypatch):
    calls = []
    monkeypatch.setattr("keras_hashing.data.load", lambda *a, **k: calls.append((a, k)))
    data = {"dataset": "cifar10", "protocol": "cifar10-s1"}
    training = types.SimpleNamespace(validation=False)
    load_data(types.SimpleNamespace(data=data, training=training, model={}), "there")
    assert calls == [(("cifar10", "cifar10-s1", "there"), {"validation": False})]


def test_mistakes(tmp_path):
    with pytest.raises(FileNotFoundError, match="photos"):
        load_data(recipe(), tmp_path)
    with pytest.raises(ValueError, match="unknown value 'shares'"):
        recipe("shares = 3")
    with pytest.raises(ValueError, match="unknown value 'protocol'"):
        recipe('protocol = "cifar10-s1"')
    make_folder(tmp_path / "photos")
    with pytest.raises(ValueError, match="together must be below 1"):
        load_data(recipe("validation = 0.6\nquery = 0.6"), tmp_path)
