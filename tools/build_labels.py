"""Make `zoo/protocols/<dataset>.npz` from the data set itself.

python -m tools.build_labels cifar10 zoo/protocols --data-dir DIR
"""

import argparse
import pathlib

import numpy as np

from keras_hashing import files
from keras_hashing.data import protocols
from keras_hashing.zoo.protocol_labels import SETS


def write(path, dataset, train_labels, test_labels):
    """Write a data set's labels and the sets of all its protocols, seed 0.

    Args:
        path: path-like.
        dataset: str, "cifar10", "mnist" or "fashion".
        train_labels, test_labels: int arrays of classes, in the original order.
    """
    arrays = {
        "labels": np.concatenate([train_labels, test_labels]).astype(np.uint8),
        "train_count": np.array(len(train_labels)),
    }
    for protocol in protocols.NAMES:
        if not protocol.startswith(f"{dataset}-"):
            continue
        split = protocols.split(protocol, train_labels, test_labels)
        flags = np.zeros(len(arrays["labels"]), np.uint8)
        for bit, part in enumerate(SETS):
            flags[getattr(split, part)] |= np.uint8(1 << bit)
        arrays[protocol] = flags
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def main():
    from keras_hashing import data

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=("cifar10", "mnist", "fashion"))
    parser.add_argument("folder", type=pathlib.Path, help="such as zoo/protocols")
    parser.add_argument("--data-dir", help="folder of TFDS; default: its usual one")
    arguments = parser.parse_args()
    original = data.load(arguments.dataset, f"{arguments.dataset}-orig", arguments.data_dir)
    path = arguments.folder / f"{arguments.dataset}.npz"
    write(path, arguments.dataset, original.database.labels, original.query.labels)
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
