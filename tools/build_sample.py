"""Make the bundled sample of Fashion-MNIST.

python -m tools.build_sample zoo/samples/fashion_mnist_2000.npz --data-dir DIR
"""

import argparse
import pathlib

import numpy as np

from keras_hashing import files
from keras_hashing.data.loading import load

PER_CLASS = 200


def choose(test, training_ids):
    """Positions, ascending, of the first 200 of each class that are not training images.

    Args:
        test: `ImageSet` of a test split.
        training_ids: str array, ids that must not be taken.

    Returns:
        int array `(classes * 200,)`.
    """
    free = ~np.isin(test.ids, training_ids)
    classes = np.unique(test.labels)
    chosen = [np.flatnonzero(free & (test.labels == label))[:PER_CLASS] for label in classes]
    return np.sort(np.concatenate(chosen))


def build(out, data_dir=None):
    """Write the sample of Fashion-MNIST to `out`, an `.npz` file.

    Args:
        out: str or path-like.
        data_dir: folder of TFDS, or None for its usual one.
    """
    test = load("fashion", "fashion-orig", data_dir).query
    training = load("fashion", "fashion-s1", data_dir, validation=False).train
    positions = choose(test, training.ids)
    chosen = test.subset(positions)
    with files.atomic_path(out) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            images=chosen.images,
            labels=chosen.labels.astype(np.uint8),
            positions=positions.astype(np.uint16),
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path, help="the .npz file to write")
    parser.add_argument("--data-dir", help="folder of TFDS; default: its usual one")
    arguments = parser.parse_args()
    build(arguments.out, arguments.data_dir)
    print(arguments.out, arguments.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
