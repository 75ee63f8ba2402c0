"""Read a corpus back: shards to arrays, all of them checked first."""

import dataclasses
import functools
import pathlib

import numpy as np

from keras_hashing import checks
from keras_hashing.corpus import manifest as manifests
from keras_hashing.corpus import shards


@dataclasses.dataclass(frozen=True)
class Shard:
    """Arrays of one shard.

    Args:
        ids: int64 array `(n,)`, places in the sorted list of the source; broken images left out.
        codes: uint8 array `(n, ceil(bits / 8))`.
        labels: int32 array `(n,)`, or None.
    """

    ids: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None


class Corpus:
    """The shards that `encode` wrote; iterating gives a `Shard` after the other.

    Every shard's footer is compared with the manifest when the corpus is opened, and its pages'
    checksums when it is read.

    Args:
        folder: str or path-like.

    Attributes:
        bits: int.
        manifest: dict, what the corpus was made of and with.
        paths: list of `pathlib.Path`, the shards in order.

    Raises:
        FileNotFoundError: no corpus, or a shard is missing; names it.
        ValueError: a shard that is cut short, of another model, or of another width; names it.

    `docs/encode.md` fills an index from it, shard by shard.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.manifest = manifests.read(self.folder)
        self.bits = checks.bits(self.manifest["bits"])
        numbers = range(len(manifests.ranges(self.manifest)))
        self.paths = [shards.path_of(self.folder, number) for number in numbers]
        self._counts = [shards.footer(self.folder, self.manifest, n)[0] for n in numbers]

    def __len__(self):
        return sum(self._counts)

    def __iter__(self):
        return (self.shard(number) for number in range(len(self.paths)))

    def shard(self, number):
        """The `Shard` of a number, from 0 on."""
        names = ["id", "code"] + ["label"] * (self.manifest["label"] is not None)
        found = shards.read(self.folder, self.manifest, number, names)
        checks.codes(f"code of {self.paths[number]}", found["code"], self.bits)
        return Shard(found["id"], found["code"], found.get("label"))

    @property
    def ids(self):
        """int64 array `(n,)`, ascending."""
        return self._everything.ids

    @property
    def codes(self):
        """uint8 array `(n, ceil(bits / 8))`."""
        return self._everything.codes

    @property
    def labels(self):
        """int32 array `(n,)`, or None where the corpus has none."""
        return self._everything.labels

    def column(self, name):
        """A column of all shards, which is not kept: "source" or "features".

        Raises:
            ValueError: the corpus has no such column.
        """
        names = ["source"] + ["features"] * (self.manifest["features"] is not None)
        checks.one_of("name", name, names, "Encode with `features=` to keep features.")
        parts = [
            shards.read(self.folder, self.manifest, number, [name])[name]
            for number in range(len(self.paths))
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @functools.cached_property
    def _everything(self):
        """All shards as one; without a copy where there is only one."""
        parts = list(self)
        if len(parts) == 1:
            return parts[0]
        labels = None
        if self.manifest["label"] is not None:
            labels = np.concatenate([part.labels for part in parts])
        return Shard(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.codes for part in parts]),
            labels,
        )
