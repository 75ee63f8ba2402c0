"""Entries of heads: whole, without the backbone, and right when checked from the images."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import zoo
from keras_hashing.training import read_family, train_family
from tests.zoo.conftest import small_data

FAMILY = """
name = "{entry}_shades_{bits}"
seed = 4
bits = [8]
[data]
dataset = "shades"
protocol = "shades-s1"
[[groups]]
[groups.model]
backbone = "efficientnet_lite0"
image_size = 32
[groups.training]
features = "raw"
validation = false
select = "last"
flip = false
shift = 0
[groups.entries.dhn]
method = "dhn"
train_backbone = false
training = { epochs = 1 }
[groups.entries.itq]
method = "itq"
"""


@pytest.fixture
def entries(tmp_path, monkeypatch):
    loads = []
    monkeypatch.setattr(
        "keras_hashing.data.from_source", lambda *a, **k: loads.append(a) or small_data()
    )
    path = tmp_path / "family.toml"
    path.write_text(FAMILY)
    out = tmp_path / "entries"
    out.mkdir()
    recipes = read_family(path)
    made = list(train_family(recipes, out, features_dir=tmp_path / "features"))
    assert len(loads) == 1  # for both
    return out, recipes, made


def test_entries_hold_heads_alone_and_are_right(entries, tmp_path):
    out, recipes, made = entries
    assert [entry.name for entry in made] == ["dhn_shades_8", "itq_shades_8"]
    data = small_data()
    for entry, recipe in zip(made, recipes, strict=True):
        assert entry.shared_backbone is not None
        assert entry.files["model.safetensors"]["size"] < 100_000
        assert (entry.path / "recipe.toml").read_text() == recipe.text
        assert zoo.verify(entry.path)[0].problems == []
        # From the images, not from the features that it was made with.
        codes = kh.encode(zoo.load(entry.path), data.database.images)
        assert np.array_equal(codes, zoo.codes(entry.path).database_codes)
        assert [row["row"] for row in entry.comparisons][:3] == [
            *("outputs_cosine", "outputs_inner", "frozen_cosine")
        ]
    assert list(train_family(recipes, out, features_dir=tmp_path / "features")) == []


def test_another_backbone_file_is_refused(entries, tmp_path, monkeypatch):
    entry = entries[2][0]
    other = tmp_path / "efficientnet_lite0.safetensors"
    other.write_bytes(b"other")
    monkeypatch.setattr("keras_hashing.resources.zoo_path", lambda *parts: other)
    with pytest.raises(ValueError, match="does not hold the weights that dhn_shades_8 was made"):
        zoo.load(entry.path)
