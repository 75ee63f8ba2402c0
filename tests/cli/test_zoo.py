# ruff: noqa: F811 (fixtures of another folder are imported by name)
import json
import statistics

import pytest

from keras_hashing import zoo
from tests.training.test_train_family import entries  # noqa: F401
from tests.zoo.conftest import edit_json, entry, saved, zoo_root  # noqa: F401


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal in which no cell is folded."""
    monkeypatch.setenv("COLUMNS", "200")


def test_list(call, entry):
    result = call("zoo", "list")
    assert result.exit_code == 0
    assert "dhn_shades_12" in result.stdout
    assert f"{zoo.info(entry).metrics['map(expected)']:.4f}" in result.stdout
    assert "dhn_shades_12" in call("zoo", "list", "--method", "dhn", "--dataset", "shades").stdout


def test_list_as_json(call, entry):
    (document,) = json.loads(call("zoo", "list", "--json").stdout)
    assert document["name"] == "dhn_shades_12"
    assert document["path"] == str(entry)


def test_list_of_a_value_that_no_entry_has(fails, entry):
    said = fails("zoo", "list", "--bits", "24")
    assert said == "`bits` must be a length that an entry has: 12; got 24."
    assert "allowed: 'dhn'" in fails("zoo", "list", "--method", "dhnn")


def test_info(call, entry):
    result = call("zoo", "info", "dhn_shades_12")
    assert result.exit_code == 0
    for text in ("dhn, variant dhn", "small_cnn, 8 px", "mAP, ties in random order", str(entry)):
        assert text in result.stdout
    document = json.loads(call("zoo", "info", str(entry), "--json").stdout)
    assert document["metrics"] == zoo.info(entry).metrics


def test_unknown_name(fails, entry):
    line = fails("zoo", "info", "dhn_shade_12")
    assert line.startswith("unknown entry 'dhn_shade_12'; the nearest are dhn_shades_12.")


def test_verify(call, entry):
    for words in ((), ("dhn_shades_12",)):
        result = call("zoo", "verify", *words)
        assert result.exit_code == 0, result.output
        assert "dhn_shades_12: hashes and figures are right." in result.stdout
        assert "map(expected)" in result.stdout
    (document,) = json.loads(call("zoo", "verify", "--json").stdout)
    assert document["problems"] == []


def test_verify_of_a_damaged_entry(call, entry):
    (entry / "codes.npz").write_bytes(b"")
    result = call("zoo", "verify", "dhn_shades_12")
    assert result.exit_code == 1
    assert "codes.npz is damaged or was changed" in result.stderr
    assert json.loads(call("zoo", "verify", "--json").stdout)[0]["problems"]


def test_verify_of_nothing(call, zoo_root):
    edit_json(zoo_root / "entries" / "dhn_shades_12" / "metadata.json", dict)
    (zoo_root / "entries" / "dhn_shades_12" / "metadata.json").unlink()
    assert "The zoo has no entries." in call("zoo", "verify").stdout


def test_reencode_without_a_protocol(fails, entry):
    assert "`reencode` needs a protocol" in fails("zoo", "verify", "dhn_shades_12", "--reencode")


def test_reproduce(call, entries, tmp_path):
    card = entries[0] / "dhn_shades_8"
    options = ("--out", tmp_path / "again", "--features-dir", tmp_path / "features")
    result = call("zoo", "reproduce", card, "--seeds", "3", *options)
    assert result.exit_code == 0, result.output
    found = [zoo.info(tmp_path / "again" / f"seed_{seed}" / card.name) for seed in (4, 5, 6)]
    values = [made.metrics["map(expected)"] for made in found]
    cells = (values[0], *values, statistics.mean(values))
    line = next(line for line in result.stdout.splitlines() if "ties in random order" in line)
    assert [cell.split()[0] for cell in line.split("│")[2:-1]] == [f"{v:.4f}" for v in cells]
    assert f"± {statistics.stdev(values):.4f}" in line
    assert zoo.info(card).reruns == {}
    result = call("zoo", "reproduce", card, "--seeds", "3", *options, "--record")
    assert f"Recorded in {card}." in result.stdout.replace("\n", "")
    assert list(zoo.info(card).reruns.values()) == values
