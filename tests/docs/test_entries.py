"""The zoo's entries on the methods' pages."""

import json

from docs.hooks import entries


def entry(name, method, value):
    return {
        "name": name,
        "method": method,
        "bits": 48,
        "backbone": "small_cnn",
        "image_size": 28,
        "protocol": {"name": "fashion-s1"},
        "metrics": {"map(expected)": value},
    }


def test_a_row_for_each_entry_of_the_method(tmp_path):
    for made in (entry("b", "dhn", 0.70091), entry("a", "dhn", 0.5), entry("c", "csq", 0.6)):
        (tmp_path / made["name"]).mkdir()
        (tmp_path / made["name"] / "metadata.json").write_text(json.dumps(made), encoding="utf-8")
    found = entries.read_entries(tmp_path)
    assert entries.of_method(found, "dhn").splitlines()[2:] == [
        "| [`a`](../zoo/a.md) | `fashion-s1` | small_cnn, 28 px | 48 | 0.5000 |",
        "| [`b`](../zoo/b.md) | `fashion-s1` | small_cnn, 28 px | 48 | 0.7009 |",
    ]
    assert entries.of_method(found, "itq") == ""


def test_an_entry_of_ones_own_photos_has_their_name():
    made = {**entry("a", "dhn", 0.5), "protocol": None, "dataset": "flowers17"}
    assert "| `flowers17` |" in entries.of_method([made], "dhn")


def test_every_entry_of_the_zoo_is_on_a_page():
    from keras_hashing import methods

    found = entries.read_entries()
    assert len(found) > 40
    shown = "".join(entries.of_method(found, name) for name in methods.NAMES)
    assert all(f"[`{entry['name']}`]" in shown for entry in found)
