"""How many images a second do the zoo's backbones encode here?

    python -m benchmarks.encode_speed zoo/encode_speed.csv

Each backbone and image size among the published entries, with decoded arrays of that size, 64 a
step; heads cost next to nothing beside them. The median of several passes; `keras-hashing zoo
table` puts the figures into the tables.
"""

import argparse
import csv
import io
import os
import pathlib
import platform
import statistics
import time

import numpy as np

import keras_hashing as kh
from keras_hashing import files

IMAGES, RUNS = 256, 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", nargs="?", type=pathlib.Path, help="write the figures there")
    path = parser.parse_args().csv
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    entries = [kh.zoo.info(name) for name in kh.zoo.list()]
    places = sorted({(entry.backbone, entry.image_size): entry.name for entry in entries}.items())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["backbone", "image_size", "images_per_second"])
    for (backbone, size), name in places:
        found = speed(kh.zoo.load(name), size)
        print(f"{backbone} at {size} px: {found:.0f} images/s")
        writer.writerow([backbone, size, f"{found:.0f}"])
    if path:
        with files.atomic_path(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")


def speed(model, size):
    """Images a second, the median of `RUNS`, after one to compile."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, size, size, 3), dtype=np.uint8)
    seconds = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        kh.encode(model, images, verbose=False)
        seconds.append(time.perf_counter() - started)
    return IMAGES / statistics.median(seconds[1:])


if __name__ == "__main__":
    main()
