import types

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.training import frozen_features
from keras_hashing.training.part_features import PartFeatures, features_of
from tests.training.photos import make_folder


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A folder's data, its features, and how many photos went through the network."""
    network = kh.backbones.get("small_cnn", 8)
    monkeypatch.setattr(frozen_features, "backbones", types.SimpleNamespace(get=lambda *_: network))
    data = kh.data.from_folder(make_folder(tmp_path / "photos"), image_size=8)
    cache = frozen_features.FrozenFeatures(tmp_path / "features", "small_cnn", 8)
    counted = []
    compute = cache._features
    monkeypatch.setattr(
        cache, "_features", lambda images: counted.append(len(images)) or compute(images)
    )
    return data, PartFeatures(data, cache), counted, network


def test_each_part_has_its_own_rows(parts):
    data, features, counted, network = parts
    for part in (data.train, data.validation, data.query, data.database):
        expected = kh.encoding.outputs(network, part.paths)
        np.testing.assert_allclose(features.of(part), expected, atol=1e-5)
    backwards = data.train.subset(slice(None, None, -1))
    np.testing.assert_array_equal(features.of(backwards), features.of(data.train)[::-1])
    # One photo a set tells the number of channels; beside that, each photo once.
    assert sum(counted) == len(data.query) + 1 + len(data.database) + 1
    assert repr(features) == "small_cnn at 8 px"


def test_photos_of_elsewhere_are_refused(parts, tmp_path):
    other = kh.data.from_folder(make_folder(tmp_path / "other", count=20))
    with pytest.raises(ValueError, match="is part neither of the queries nor of the database"):
        parts[1].of(other.train)


def test_only_folders_share_rows(tmp_path):
    model = {"backbone": "small_cnn", "image_size": 8}
    data = types.SimpleNamespace(query=None, database=None)
    of_set = types.SimpleNamespace(model=model, data={"dataset": "cifar10"})
    of_folder = types.SimpleNamespace(model=model, data={"folder": "photos"})
    assert isinstance(features_of(of_set, data, tmp_path), frozen_features.FrozenFeatures)
    assert isinstance(features_of(of_folder, data, tmp_path), PartFeatures)
