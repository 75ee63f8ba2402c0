import dataclasses
import shutil

import numpy as np
import pytest

from keras_hashing import zoo
from keras_hashing.zoo import verification
from tests.zoo.conftest import edit_json, rehash, small_data


def test_a_sound_entry(entry):
    (found,) = zoo.verify("dhn_shades_12")
    assert found.problems == []
    assert found.figures["map(expected)"][0] == pytest.approx(found.figures["map(expected)"][1])
    assert found.equal_bits is None


def test_all_entries(entry):
    other = entry.with_name("dhn_shades_13")
    shutil.copytree(entry, other)
    edit_json(other / "metadata.json", lambda content: content.update(name="dhn_shades_13"))
    (other / "recipe.toml").write_text("changed")
    first, second = zoo.verify()
    assert (first.name, first.problems) == ("dhn_shades_12", [])
    assert second.name == "dhn_shades_13"
    assert "recipe.toml is damaged or was changed" in second.problems[0]


@pytest.mark.parametrize(
    "name",
    ["README.md", "codes.npz", "config.json", "labels.npz", "model.safetensors", "recipe.toml"],
)
def test_every_file_is_watched(entry, name):
    with (entry / name).open("ab") as file:
        file.write(b" ")
    (found,) = zoo.verify(entry)
    assert f"{name} is damaged or was changed" in found.problems[0]
    (entry / name).unlink()
    (found,) = zoo.verify(entry)
    assert f"{name} is missing" in found.problems[0]


def test_a_file_that_does_not_belong(entry):
    (entry / "extra.pkl").write_bytes(b"x")
    (found,) = zoo.verify(entry)
    assert "does not list: ['extra.pkl']" in found.problems[0]


def test_a_figure_that_the_codes_do_not_give(entry):
    edit_json(
        entry / "metadata.json",
        lambda content: content["metrics"].update({"map(expected)": 0.987654}),
    )
    (found,) = zoo.verify(entry)
    assert "map(expected): the card says 0.987654, the codes give 0." in found.problems[0]


def test_a_missing_figure(entry):
    edit_json(entry / "metadata.json", lambda content: content["metrics"].pop("map(best)"))
    (found,) = zoo.verify(entry)
    assert "map(best): the card says None" in found.problems[0]


def test_codes_of_another_model(entry):
    codes = dict(np.load(entry / "codes.npz"))
    codes["query_codes"] = codes["query_codes"][::-1]
    np.savez(entry / "codes.npz", **codes)
    rehash(entry, "codes.npz")
    (found,) = zoo.verify(entry)
    assert found.problems


def test_damaged_metadata_is_a_problem_and_not_an_error(entry):
    (entry / "metadata.json").write_text("{")
    (found,) = zoo.verify(entry)
    assert "is not readable JSON" in found.problems[0]


def test_an_unknown_name_is_an_error(entry):
    with pytest.raises(ValueError, match="the nearest are dhn_shades_12"):
        zoo.verify("dhn_shades_11")


def test_encoding_again_needs_a_protocol(entry):
    with pytest.raises(ValueError, match="`reencode` needs a protocol"):
        zoo.verify(entry, reencode=True)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_encoding_again(entry, monkeypatch, share):
    protocol = {"name": "shades-s1", "seed": 0, "digests": {}, "labels_sha256": None}
    edit_json(entry / "metadata.json", lambda content: content.update(protocol=protocol))
    data = small_data()
    if share < 1:
        black = data.database.images * np.uint8(0)
        database = type(data.database)(black, data.database.labels, data.database.ids)
        data = dataclasses.replace(data, database=database)
    asked = []
    monkeypatch.setattr("keras_hashing.data.load", lambda *a, **k: asked.append((a, k)) or data)
    (found,) = zoo.verify(entry, reencode=True, data_dir="somewhere")
    assert asked == [(("shades", "shades-s1", "somewhere"), {"seed": 0})]
    if share == 1.0:
        assert (found.equal_bits, found.problems) == (1.0, [])
    else:
        assert found.equal_bits < verification.LEAST_EQUAL_BITS
        assert "bits came out alike when encoded again" in found.problems[0]


@pytest.mark.parametrize("name", zoo.shipped())
def test_a_shipped_entry_is_sound(name):
    (found,) = zoo.verify(name)
    assert found.problems == []
    assert max(abs(stated - value) for stated, value in found.figures.values()) <= 1e-6


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.shipped())
def test_a_shipped_entrys_codes_come_out_of_the_images(name, real_data):
    (found,) = zoo.verify(name, reencode=True, data_dir=real_data)
    assert found.problems == []
    assert found.equal_bits >= 0.999
