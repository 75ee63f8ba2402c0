"""The demo as a newcomer runs it: figures that agree, a page, a served answer, a clean end."""

import re
import subprocess
import sys

import numpy as np
from PIL import Image


def test_demo(tmp_path, repository):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        Image.fromarray(np.full((20, 30, 3), 80 * number, np.uint8)).save(photos / f"{number}.jpg")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "keras_hashing",
            "demo",
            "--out",
            tmp_path / "out",
            "--images",
            photos,
        ],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    card, recomputed = re.findall(r"mAP (?:on its card|recomputed) +(\d\.\d+)", done.stdout)
    assert abs(float(card) - float(recomputed)) <= 1e-6
    assert "It is the code that the model gave in this process." in done.stdout
    assert "The server shut down with exit code 0." in done.stdout
    for name in ("index.html", "model/1/saved_model.pb", "photos.html"):
        assert (tmp_path / "out" / name).stat().st_size > 1000
