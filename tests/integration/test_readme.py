"""The README's snippets, run as a newcomer would, in an empty folder with a few photos.

The Python blocks of a page in `docs` are one program.
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import requests
from PIL import Image

PAGES = sorted((pathlib.Path(__file__).parents[2] / "docs").glob("*.md"))

# Need engines that few have, or several processes; `tests/serving/test_databases.py`,
# `tests/integration/test_large_collections.py` and `test_several_devices.py` run them.
ELSEWHERE = ("databases.md", "large_collections.md", "several_devices.md")


def blocks(text):
    """(language, code) of every fenced block of the languages that are run."""
    return re.findall(r"^```(python|sh)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return str(bound.getsockname()[1])


@pytest.fixture
def folder(tmp_path):
    """Two classes of small photos, told apart by their colour."""
    rng = np.random.default_rng(0)
    for name, colour in (("roses", (200, 30, 60)), ("violets", (60, 40, 190))):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(24):
            pixels = np.array(colour) + rng.integers(-30, 30, (40, 50, 3))
            image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
            image.save(tmp_path / "photos" / name / f"{number}.jpg")
    return tmp_path


def test_every_snippet_runs(repository, folder):
    found = blocks((repository / "README.md").read_text(encoding="utf-8"))
    languages = " ".join(language for language, _ in found)
    assert languages == "sh python sh python python sh python"
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(repository), "TF_CPP_MIN_LOG_LEVEL": "2"}
    running = []
    try:
        for language, code in found:
            code = code.replace("8501", port).replace("epochs=10", "epochs=1")
            if language == "python":
                done = run([sys.executable, "-c", code], folder, environment)
                assert done.returncode == 0, done.stderr[-3000:]
                continue
            for line in code.strip().splitlines():
                command = line.replace("keras-hashing", f"{sys.executable} -m keras_hashing", 1)
                if line.endswith("&"):
                    running.append(start(command.rstrip("& "), folder, environment, port))
                    continue
                done = run(command.split(), folder, environment)
                assert done.returncode == 0, done.stderr[-3000:]
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=60) for process in running] in ([], [0])
    assert (folder / "neighbours.html").stat().st_size > 1000
    assert (folder / "photos.keras").is_file()
    assert (folder / "served/photos/1/saved_model.pb").is_file()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda page: page.name
)
def test_every_page_of_docs_runs(repository, tmp_path, page):
    found = blocks(page.read_text(encoding="utf-8"))
    assert {language for language, _ in found} <= {"python"}
    program = "\n".join(code for _, code in found)
    environment = {**os.environ, "PYTHONPATH": str(repository), "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = run([sys.executable, "-c", program], tmp_path, environment)
    assert done.returncode == 0, done.stderr[-3000:]


def test_links_lead_to_files(repository):
    readme = repository / "README.md"
    for page in (readme, *PAGES):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"
    linked = readme.read_text(encoding="utf-8")
    assert all(f"](docs/{page.name})" in linked for page in PAGES)


def run(command, folder, environment):
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def start(command, folder, environment, port):
    process = subprocess.Popen(
        command.split(), cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            requests.get(f"http://127.0.0.1:{port}/v1/models/model", timeout=5)
            return process
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError("the server did not start")
