"""A new version under load: no request lost, none mixed up, none answered by the old one after."""

import pathlib
import shutil
import time

import pytest
import requests

from tests.serving.conftest import ServerProcess
from tests.serving.traffic import Traffic, questions

CLIENTS = 32


def wait_until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def states(url):
    rows = requests.get(url, timeout=180).json()["model_version_status"]
    return {row["version"]: row["state"] for row in rows}


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_version_is_swapped_in_under_load(two_versions, tmp_path, count):
    folder, versions = two_versions
    asked = questions(versions)
    assert len(asked) > 100
    shutil.copytree(folder / "1", tmp_path / "m" / "1")
    staged = shutil.copytree(folder / "2", tmp_path / "staged")
    server = ServerProcess(tmp_path / "m")
    url = f"{server.url}/v1/models/model"
    with Traffic(f"{url}:predict", asked, CLIENTS) as traffic:
        wait_until(lambda: len(traffic.seen) >= count // 3)
        pathlib.Path(staged).rename(tmp_path / "m" / "2")
        wait_until(lambda: any(seen[3] == {2} for seen in traffic.seen[count // 3 :]))
        more = len(traffic.seen) + count // 3
        wait_until(lambda: len(traffic.seen) >= max(count, more))
    seen = traffic.seen
    # Every request got an answer, and it was its own.
    assert not [question for *_, question, versions in seen if not versions]
    assert {1} in [versions for *_, versions in seen]
    swapped = min(end for _, end, _, versions in seen if versions == {2})
    assert not [question for start, _, question, by in seen if start > swapped and 2 not in by]
    assert states(url) == {"2": "AVAILABLE", "1": "END"}
    assert server.stop() == 0


def test_a_version_that_does_not_match_its_manifest_is_not_served(two_versions, tmp_path):
    folder, _ = two_versions
    shutil.copytree(folder / "1", tmp_path / "m" / "1")
    staged = pathlib.Path(shutil.copytree(folder / "2", tmp_path / "staged"))
    graph = staged / "saved_model.pb"
    graph.write_bytes(graph.read_bytes() + b"\x00")
    server = ServerProcess(tmp_path / "m")
    url = f"{server.url}/v1/models/model"
    staged.rename(tmp_path / "m" / "2")
    lines = iter(server.process.stdout)
    assert any(line.startswith("Loading model, version 2") for line in lines)
    time.sleep(1)
    assert states(url) == {"2": "LOADING", "1": "AVAILABLE"}  # it is tried again in a minute
    assert requests.get(f"{url}/metadata", timeout=180).json()["model_spec"]["version"] == "1"
    assert server.stop() == 0
