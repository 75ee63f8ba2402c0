"""Labels and sets of a data set's protocols, stored once for all entries.

`zoo/protocols/<dataset>.npz` holds every image's class in the order of global indices (train
split, then test split), and one byte of flags an image for each protocol with seed 0.
"""

import hashlib
import pathlib

import numpy as np

from keras_hashing import resources

# Bit 0, 1, ... of an image's flags says whether it is in this set.
SETS = ("query", "training", "validation", "database")


class ProtocolLabels:
    """What `zoo/protocols/<dataset>.npz` holds.

    Args:
        path: path-like of the file.

    Attributes:
        labels: uint8 `(n,)`, classes in the order of global indices.
        train_count: int, images of the train split.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        with np.load(self.path, allow_pickle=False) as stored:
            self.labels = stored["labels"]
            self.train_count = int(stored["train_count"])
            self._flags = {key: stored[key] for key in stored.files if "-" in key}

    def indices(self, protocol, part):
        """Global indices of a part, int64, ascending.

        Raises:
            ValueError: the file does not know the protocol.
        """
        return np.flatnonzero(self._sets(protocol) & (1 << SETS.index(part)))

    def digest(self, protocol):
        """Hex SHA-256 over labels and sets of a protocol, however the file is compressed.

        Raises:
            ValueError: the file does not know the protocol.
        """
        content = hashlib.sha256(f"{self.train_count},{len(self.labels)},".encode())
        content.update(self.labels.tobytes() + self._sets(protocol).tobytes())
        return content.hexdigest()

    def ids(self, indices):
        """Ids of images, as `keras_hashing.data.load` gives them."""
        return np.array(
            [
                f"train_{i:05d}" if i < self.train_count else f"test_{i - self.train_count:05d}"
                for i in indices
            ],
            dtype=str,
        )

    def holds(self, protocol, part, images):
        """Whether an `ImageSet` is exactly a part of a protocol, labels and order included."""
        if protocol not in self._flags:
            return False
        indices = self.indices(protocol, part)
        return np.array_equal(self.ids(indices), images.ids) and np.array_equal(
            self.labels[indices], images.labels
        )

    def _sets(self, protocol):
        if protocol not in self._flags:
            raise ValueError(f"{self.path} does not hold the protocol {protocol!r}.")
        return self._flags[protocol]


def find(dataset):
    """The stored labels of a data set, or None where there are none."""
    try:
        path = resources.zoo_path("protocols", f"{pathlib.PurePath(dataset).name}.npz")
    except FileNotFoundError:
        return None
    return ProtocolLabels(path)
