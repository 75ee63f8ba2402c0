"""What a report says of itself."""

import xml.etree.ElementTree as tree

import numpy as np

import keras_hashing as kh
from keras_hashing.evaluation import display

CODES = np.arange(8, dtype=np.uint8)[:, None]
NUMBERS = np.arange(8)


def report():
    return kh.evaluate(
        CODES[:4],
        [0, 1, 0, 7],
        CODES,
        [0, 1] * 4,
        bits=3,
        at=(2, 50),
        query_ids=[0, 1, 2, 99],
        database_ids=NUMBERS,
        exclude_self=True,
    )


def test_text():
    found = report()
    lines = repr(found).splitlines()
    assert lines[0] == "Report: 4 queries, 8 items, 3 bits"
    assert lines[1].startswith(f"  mAP (expected ties): {found.map:.4f}; {found.map_worst:.4f} to")
    assert (
        f"  mAP@2 (hits): {found.map_at[2]:.4f}; precision {found.precision_at[2]:.4f}" in lines[2]
    )
    assert "  nothing relevant: 1 queries, left out" in lines
    assert "  own item left out: for 3 queries" in lines
    assert sum(line.startswith("  note: ") for line in lines) == 2
    assert len(lines) < 15


def test_html_is_well_formed_and_holds_the_curve():
    found = report()
    root = tree.fromstring(f"<div>{found._repr_html_()}</div>")
    assert found._repr_html_() == display.html(found)
    text = "".join(root.itertext())
    assert f"{found.map:.4f}" in text and "4 queries, 8 items, 3 bits" in text
    line = root.find(".//{http://www.w3.org/2000/svg}polyline")
    assert len(line.get("points").split()) == 4  # radius 0 to 3
    last = line.get("points").split()[-1].split(",")
    assert float(last[0]) == 24 + 220  # recall 1 at the right edge
