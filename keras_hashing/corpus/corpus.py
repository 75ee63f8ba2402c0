"""Read a corpus back: shards to arrays, all of them checked first."""

import copy
import dataclasses
import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_hashing import checks, files, html
from keras_hashing.corpus import manifest as manifests
from keras_hashing.corpus import shards
from keras_hashing.types import Int32Array, Int64Array, Path, UInt8Array


@dataclasses.dataclass(frozen=True)
class Shard:
    """Arrays of one shard, read from its file for this object alone; some cannot be written.

    Args:
        ids: int64 array `(n,)`, places in the sorted list of the source; broken images left out.
        codes: uint8 array `(n, ceil(bits / 8))`.
        labels: int32 array `(n,)`, or None.

    Example:
        >>> shard = Shard(np.arange(2), np.zeros((2, 6), np.uint8), None)
        >>> shard.codes.shape
        (2, 6)
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
        folder: `pathlib.Path`.
        bits: int.

    Raises:
        FileNotFoundError: no corpus, or a shard is missing; names it.
        ValueError: a shard that is cut short, of another model, or of another width; names it.

    `docs/encode.md` fills an index from it, shard by shard.

    Example:
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pathlib.Path("photos").mkdir()
        >>> for number in range(3):
        ...     Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(f"photos/{number}.png")
        >>> model = kh.zoo.load("dhn_fashion_48")
        >>> summary = kh.corpus.encode(model, "photos", "codes", verbose=0)
        >>> corpus = Corpus("codes")
        >>> len(corpus), corpus.bits, corpus.ids.tolist()
        (3, 48, [0, 1, 2])
    """

    def __init__(self, folder: Path) -> None:
        self.folder = pathlib.Path(folder)
        self._manifest = manifests.read(self.folder)
        self.bits = checks.bits(self._manifest["bits"])
        numbers = range(len(manifests.ranges(self._manifest)))
        self._paths = [shards.path_of(self.folder, number) for number in numbers]
        self._counts = [shards.footer(self.folder, self._manifest, n)[0] for n in numbers]

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[Shard]:
        return (self.shard(number) for number in range(len(self._paths)))

    def __repr__(self):
        return html.lines(self._facts(), self._title)

    def _repr_html_(self):
        return html.table(self._facts(), caption=self._title)

    @property
    def manifest(self) -> dict[str, Any]:
        """Dict, a copy: what the corpus was made of and with."""
        return copy.deepcopy(self._manifest)

    @property
    def paths(self) -> list[pathlib.Path]:
        """List of `pathlib.Path`, the shards in order."""
        return list(self._paths)

    def shard(self, number: int) -> Shard:
        """The `Shard` of a number, from 0 on."""
        names = ["id", "code"] + ["label"] * (self._manifest["label"] is not None)
        found = shards.read(self.folder, self._manifest, number, names)
        checks.codes(f"code of {self._paths[number]}", found["code"], self.bits)
        return Shard(found["id"], found["code"], found.get("label"))

    @property
    def ids(self) -> Int64Array:
        """int64 array `(n,)`, read-only, ascending."""
        return self._everything.ids

    @property
    def codes(self) -> UInt8Array:
        """uint8 array `(n, ceil(bits / 8))`, read-only."""
        return self._everything.codes

    @property
    def labels(self) -> Int32Array | None:
        """int32 array `(n,)`, read-only, or None where the corpus has none."""
        return self._everything.labels

    def column(self, name: str) -> np.ndarray:
        """A column of all shards, which is not kept: "source" or "features".

        Raises:
            ValueError: the corpus has no such column.
        """
        names = ["source"] + ["features"] * (self._manifest["features"] is not None)
        checks.one_of("name", name, names, "Encode with `features=` to keep features.")
        parts = [
            shards.read(self.folder, self._manifest, number, [name])[name]
            for number in range(len(self._paths))
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @property
    def _title(self):
        return f"Corpus {files.printable(self.folder)}"

    def _facts(self):
        manifest = self._manifest
        facts = {
            "codes": f"{len(self):,} of {self.bits} bits",
            "shards": len(self._paths),
            "without a code": f"{manifest['items'] - len(self):,} of {manifest['items']:,} images",
            "labels": "none" if manifest["label"] is None else manifest["label"],
            "features": manifest["features"] or "none",
            "model": manifest["model"],
            "source": manifest.get("source", ""),
        }
        return facts.items()

    @functools.cached_property
    def _everything(self):
        """All shards as one, read-only; without a copy where there is only one."""
        parts = list(self)
        labels = [part.labels for part in parts if part.labels is not None]
        return Shard(
            _joined([part.ids for part in parts]),
            _joined([part.codes for part in parts]),
            _joined(labels) if labels else None,
        )


def _joined(arrays):
    joined = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    joined.flags.writeable = False
    return joined
