import dataclasses
import json

import pytest

from keras_hashing import zoo
from keras_hashing.zoo import metadata as entries
from tests.zoo.conftest import edit_json


def test_what_is_written_is_read(entry, tmp_path):
    found = entries.read_entry(entry)
    (tmp_path / "metadata.json").write_text(found.to_json())
    assert entries.read_entry(tmp_path) == found
    assert found.path == entry
    assert "path" not in json.loads(found.to_json())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(format=2), "has format 2; this version of keras_hashing reads up to 1"),
        (lambda c: c.update(format="1"), "`format` must be a whole number from 1 on; got '1'"),
        (lambda c: c.pop("format"), "`format` must be a whole number from 1 on; got None"),
        (lambda c: c.update(format=True), "got True"),
        (lambda c: c.pop("bits"), "missing ['bits'], unknown nothing"),
        (lambda c: c.update(path="/etc"), "unknown ['path']"),
        (lambda c: c.update(hook="x"), "missing nothing, unknown ['hook']"),
        (lambda c: c.update(bits="48"), "`bits` must be a whole number; got '48'"),
        (lambda c: c.update(bits=0), "`bits` must be between 1 and 4096; got 0"),
        (lambda c: c.update(metrics=[1]), "`metrics` must be"),
        (lambda c: c["metrics"].update(map="0.9"), "must be a number; got '0.9'"),
        (lambda c: c.update(name="../x"), "an entry's name has letters"),
        (lambda c: c.update(comparisons=[{"row": 1}]), "`comparisons` must hold dicts"),
        (
            lambda c: c.update(comparisons=[{"row": "", "text": "", "map": "0.9", "ties": ""}]),
            "`map of comparisons` must be a number; got '0.9'",
        ),
        (lambda c: c.update(protocol={"name": "x"}), "`protocol` must have"),
        (lambda c: c["files"].pop("codes.npz"), "`files` must list codes.npz"),
        (lambda c: c["files"].update({"../x": {}}), "unknown value '../x'"),
        (lambda c: c["files"]["codes.npz"].update(size=-1), "must be at least 0; got -1"),
        (lambda c: c["files"]["codes.npz"].update(sha256="../"), "no SHA-256 of 64 hex digits"),
        (lambda c: c["files"]["codes.npz"].pop("size"), "must have `size` and `sha256`"),
    ],
)
def test_every_field_is_checked(entry, change, words):
    edit_json(entry / "metadata.json", change)
    with pytest.raises(ValueError) as caught:
        zoo.info(entry)
    assert words in str(caught.value)
    assert "metadata.json" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not readable JSON"),
        ("[" * 100_000, "is not readable JSON"),
        ("[]", "must hold a JSON object"),
        ('{"format": 1e999}', "1e999 is not a number that JSON knows"),
        ('{"format": NaN}', "NaN is not a number that JSON knows"),
        ('{"x": "' + "a" * (1 << 20) + '"}', "is larger than 1 MiB"),
    ],
)
def test_text_that_is_no_entry(entry, text, words):
    (entry / "metadata.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        zoo.info(entry)


def test_bytes_that_are_no_text(entry):
    (entry / "metadata.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not readable JSON"):
        zoo.info(entry)


def test_missing_metadata(entry):
    (entry / "metadata.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"metadata.json is missing, so .* is not a whole"):
        zoo.info(entry)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\n", "-x", "é", "x" * 101, 7])
def test_names_that_are_none(name):
    with pytest.raises(ValueError, match="an entry's name has letters"):
        entries.check_name(name)


def test_repr_says_what_one_wants_to_know(entry):
    found = zoo.info(entry)
    megabytes = sum(path.stat().st_size for path in entry.iterdir()) / 1e6
    megabytes -= (entry / "metadata.json").stat().st_size / 1e6
    assert repr(found).splitlines() == [
        "Entry dhn_shades_12",
        "  method    dhn",
        "  bits      12",
        "  backbone  small_cnn at 8 px",
        "  protocol  none, on shades",
        f"  mAP       {found.metrics['map(expected)']:.4f}, ties in random order",
        f"  size      {megabytes:.1f} MB, {entry}",
    ]
    protocol = {"name": "cifar10-s1", "seed": 0, "digests": {}, "labels_sha256": None}
    changed = dataclasses.replace(found, protocol=protocol, variant="q", metrics={}, path=None)
    for words in ("dhn, variant q", "cifar10-s1", "not measured", "MB, not fetched yet"):
        assert words in repr(changed)


def test_a_notebook_shows_a_table(entry):
    found = dataclasses.replace(zoo.info(entry), dataset="<b>shades</b>")
    text = found._repr_html_()
    assert "<caption>dhn_shades_12</caption>" in text
    assert "<tr><th>bits</th><td>12</td></tr>" in text
    assert "&lt;b&gt;shades" in text and "<b>" not in text
