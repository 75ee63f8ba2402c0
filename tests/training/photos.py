"""A folder of small photos, one sub-folder a class, told apart by their colour."""

import numpy as np
from PIL import Image

COLOURS = {"roses": (200, 30, 60), "violets": (60, 40, 190), "ferns": (40, 150, 50)}


def make_folder(folder, count=10, classes=3, size=20):
    """Write `count` photos of each class; return the folder."""
    rng = np.random.default_rng(0)
    for name, colour in list(COLOURS.items())[:classes]:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.array(colour) + rng.integers(-30, 30, (size, size, 3))
            image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
            image.save(folder / name / f"{number}.png")
    return folder
