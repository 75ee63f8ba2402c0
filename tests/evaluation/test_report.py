"""The report's names for JSON, and its picture."""

import json

import numpy as np
import pytest
from PIL import Image

import keras_hashing as kh


@pytest.fixture
def report():
    codes = np.arange(8, dtype=np.uint8)[:, None]
    return kh.evaluate(codes[:4], [0, 1, 0, 1], codes, [0, 1] * 4, bits=3, at=(2, 50), radius=1)


def test_every_name_holds_its_convention(report):
    named = json.loads(json.dumps(report.to_dict()))
    assert named["map(expected)"] == report.map
    for cutoff in (2, 50):
        for convention in ("hits", "min", "total"):
            values = getattr(report, f"map_at_{convention}")
            assert named[f"map@{cutoff}({convention})"] == values[cutoff]
        assert named[f"precision@{cutoff}"] == report.precision_at[cutoff]
        assert named[f"hit_rate@{cutoff}"] == report.hit_rate_at[cutoff]
        assert named[f"acg@{cutoff}"] == report.acg_at[cutoff]
        assert named[f"weighted_map@{cutoff}(hits)"] == report.weighted_map_at[cutoff]
        assert named[f"ndcg_linear@{cutoff}(expected)"] == report.ndcg_linear_at[cutoff]
    assert named["map@r(expected)"] == report.map_at_r
    assert named["r_precision(expected)"] == report.r_precision
    assert named["without_relevant"] == "left out" and named["own_left_out"] == 0
    assert named["precision@radius1"] == report.precision_radius
    assert named["notes"] == ["cutoff 50 is above the database's size and became 8"]
    assert "map" not in named


@pytest.mark.parametrize("name", ["curve.png", "curve.svg"])
def test_plot(report, tmp_path, name):
    report.plot(tmp_path / name)
    if name.endswith("png"):
        width, height = Image.open(tmp_path / name).size
        assert width > 600 and height > 300
    else:
        assert "<svg" in (tmp_path / name).read_text()
    assert [path.name for path in tmp_path.iterdir()] == [name]
