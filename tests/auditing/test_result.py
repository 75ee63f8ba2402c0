"""The audit's names for programs."""

import json

import numpy as np
import pytest
from PIL import Image

import keras_hashing as kh


@pytest.fixture
def audit():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 64, (120, 1)).astype(np.uint8)
    return kh.audit(codes, 7, labels=rng.integers(0, 3, 120), ids=np.arange(120))


def test_json_holds_everything(audit):
    said = json.loads(json.dumps(audit.to_dict()))
    assert said["dead_bits"] == [6] == list(audit.dead_bits)
    assert said["balance"] == audit.balance.tolist()
    assert said["entropy"]["per_bit"] == np.mean(said["bit_entropy"])
    assert said["duplicates"]["distinct"] == audit.duplicates.distinct
    assert said["correlation"]["most"] == audit.of_bits.correlation_most
    assert [at["cutoff"] for at in said["ties"]] == [100, None]
    assert said["tie_range"]["map@all"]["best"] == audit.tie_range["map@all"].best
    assert [row["name"] for row in said["conventions"]] == [row.name for row in audit.conventions]
    assert all(row["used_by"] for row in said["conventions"])
    assert said["leaks"] is None and said["faults"] == list(audit.faults)
    assert said["queries"] == said["items"] == 120


def test_entropy_of_few_bits_is_bounded_by_them(audit):
    assert audit.entropy["codes_most"] == pytest.approx(np.log2(120))
    small = kh.audit(np.array([[0], [1]] * 50, np.uint8), 1)
    assert small.entropy == {"per_bit": 1.0, "codes": 1.0, "codes_most": 1.0}


def test_plot(audit, tmp_path):
    audit.plot(tmp_path / "audit.png")
    assert Image.open(tmp_path / "audit.png").format == "PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["audit.png"]


def test_repr_is_a_few_lines(audit):
    lines = repr(audit).split("\n")
    assert lines[0] == "Audit of 120 codes of 7 bits; 120 queries, " + audit.queries_are
    assert lines[1:] == [f"! {s}" for s in audit.faults] + [f"- {s}" for s in audit.remarks]
    sound = kh.audit(np.arange(256, dtype=np.uint8)[:, None])
    assert repr(sound).endswith("\nNo fault was found.")


def test_a_notebook_gets_tables_and_picture(audit, tmp_path):
    shown = audit._repr_html_()
    assert shown.startswith("<h1>Audit</h1>") and "<svg" in shown and "map@all" in shown
    assert "<body" not in shown and "<style>\n" not in shown
    audit.to_html(tmp_path / "audit.html", "mine")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "<h1>mine</h1>" in page
    with pytest.raises(ValueError, match="`ending of path` got the unknown value '.png'"):
        audit.to_html(tmp_path / "audit.png")
