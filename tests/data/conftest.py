"""Small made photos for the tests of files and folders."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def save_photo():
    """A function that saves one noise image; another `seed` is another image."""

    def save(path, seed=0, size=(12, 10), **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(path, **options)
        return pixels

    return save


@pytest.fixture
def photo_folder(tmp_path, save_photo):
    """Three classes of 10, 12 and 20 PNG photos."""
    folder = tmp_path / "photos"
    seed = 0
    for name, count in (("bird", 10), ("cat", 12), ("ant", 20)):
        for number in range(count):
            save_photo(folder / name / f"{number:02d}.png", seed)
            seed += 1
    return folder
