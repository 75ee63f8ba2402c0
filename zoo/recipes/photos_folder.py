"""Write photos of two collections as one folder: 2,000 of CIFAR-10 and Oxford's 17 flowers.

    python zoo/recipes/photos_folder.py DIR/photos --data-dir DIR

DIR holds CIFAR-10 in TensorFlow Datasets' form and flowers17/CLASS/*.jpg. For
`zoo/recipes/itq_photos_128.toml`: an entry for photos of any kind has to see more than one.
"""

import argparse
import pathlib
import shutil

import numpy as np
from PIL import Image

from keras_hashing import data, files

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
EACH = 200  # of a class of CIFAR-10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    small = data.load("cifar10", "cifar10-s1", arguments.data_dir).train
    with files.atomic_path(arguments.folder) as temporary:
        for number, name in enumerate(CLASSES):
            (temporary / name).mkdir(parents=True)
            for place in np.flatnonzero(small.labels == number)[:EACH]:
                Image.fromarray(small.images[place]).save(temporary / name / f"{place:04d}.png")
        for flower in sorted((arguments.data_dir / "flowers17").iterdir()):
            shutil.copytree(flower, temporary / flower.name)
    print(f"Wrote {sum(1 for path in arguments.folder.glob('*/*'))} photos.")


if __name__ == "__main__":
    main()
