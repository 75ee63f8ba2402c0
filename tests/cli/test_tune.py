import json
import tomllib

import pytest

from keras_hashing import training
from keras_hashing.training import Trial
from keras_hashing.training.usual_settings import head_recipe, head_settings
from tests.training.photos import make_folder


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """The search replaced: what it was called with."""
    found = []

    def trial(source, method, rate, val_map, problem=None):
        model, settings = head_settings(method, 16)
        return Trial(
            head_recipe(source, model, {**settings, "learning_rate": rate}), val_map, problem
        )

    def tune(source, *, data_dir, run_dir, features_dir, **options):
        found.append((source, data_dir, str(run_dir), str(features_dir), options))
        good = [] if options["trials"] == 1 else [trial(source, "dhn", 2e-3, 0.75)]
        return [*good, trial(source, "orthohash", 0.01, None, "ValueError: too small")]

    monkeypatch.setattr(training, "tune", tune)
    monkeypatch.chdir(tmp_path)
    return found


def test_a_folder(call, calls, tmp_path):
    make_folder(tmp_path / "photos", count=1)
    result = call(
        *("tune", "photos", "--method", "dhn", "--method", "orthohash", "--bits", "16"),
        *("--trials", "2", "--seed", "3", "--out", "found.toml"),
    )
    assert result.exit_code == 0, result.output
    options = {"methods": ["dhn", "orthohash"], "bits": [16], "trials": 2, "seed": 3}
    source = {"folder": "photos", "seed": 3}
    assert calls == [(source, tmp_path, "runs", "runs/features", options)]
    row = next(line for line in result.stdout.splitlines() if "0.7500" in line)
    assert row.split() == ["0.7500", "dhn", "16", "0.002", "cosine", "0.02"]
    assert "2 trial(s), 1 failed." in result.stdout
    assert "orthohash_photos_16: ValueError: too small" in result.stdout
    written = tomllib.loads((tmp_path / "found.toml").read_text())
    assert (written["data"], written["training"]["learning_rate"]) == (source, 2e-3)
    last = result.stdout.replace("\n", " ")
    assert f"train found.toml --out dhn_photos_16 --data-dir {tmp_path}" in last


def test_a_data_set_as_json(call, calls, tmp_path):
    result = call("tune", "fashion", "--data-dir", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    ((source, data_dir, *_),) = calls
    assert (source, data_dir) == ({"dataset": "fashion", "protocol": "fashion-s1"}, tmp_path)
    facts = json.loads(result.stdout)
    assert [one["val_map"] for one in facts] == [0.75, None]
    assert facts[1]["problem"] == "ValueError: too small"
    assert "quantization_weight" in facts[0]


def test_no_trial_came_to_its_end(fails, calls, tmp_path):
    line = fails("tune", "fashion", "--trials", "1")
    assert line == "no trial came to its end; the last: ValueError: too small"
    assert not (tmp_path / "best.toml").exists()
