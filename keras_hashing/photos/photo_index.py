"""Ask a photo index for the neighbours of photos."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_hashing import checks, files, html
from keras_hashing.index import Index
from keras_hashing.photos import projection, reading, storage
from keras_hashing.photos.encoder import Encoder
from keras_hashing.types import Path, UInt8Array

if TYPE_CHECKING:
    import keras

_CHUNK = 32  # queries read and encoded together


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """A photo of the index, as an answer.

    Args:
        path: str, below the index's folder.
        distance: int, bits in which its code and the query's differ.
        relation: "query" if it is the query itself, "copy" if its file has the same bytes, or "".

    Example:
        >>> Neighbour("roses/0.jpg", distance=3)
        Neighbour(path='roses/0.jpg', distance=3, relation='')
    """

    path: str
    distance: int
    relation: str = ""


@dataclasses.dataclass(frozen=True)
class Answer:
    """A query and its neighbours, nearest first; or the problem why there are none.

    Args:
        query: str, the path as given.
        neighbours: list of `Neighbour`.
        problem: str, or None.

    Example:
        >>> Answer("new.jpg", [Neighbour("roses/0.jpg", 3)]).neighbours[0].path
        'roses/0.jpg'
    """

    query: str
    neighbours: list
    problem: str | None = None


class PhotoIndex:
    """A photo index on disk, opened for search.

    Args:
        directory: path-like, made by `update`.

    Attributes:
        directory: `pathlib.Path`, the index.
        folder: `pathlib.Path`, the photos.
        bits: int.
        projection: str, "itq", "superbit", or "model" for a hashing model's own codes.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged.

    Example:
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pathlib.Path("photos").mkdir()
        >>> for number in range(3):
        ...     Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(f"photos/{number}.png")
        >>> name = "dhn_fashion_48"
        >>> encoder = kh.photos.Encoder(name, lambda: kh.zoo.load(name), hashing=True)
        >>> summary = kh.photos.update("photos.khindex", "photos", encoder)
        >>> photo_index = PhotoIndex("photos.khindex")
        >>> len(photo_index), photo_index.bits, photo_index.codes.shape
        (3, 48, (3, 6))
    """

    def __init__(self, directory: Path) -> None:
        self._contents = storage.read(directory)
        self.directory = pathlib.Path(directory)
        self.folder = pathlib.Path(self._contents.folder)
        self.bits = self._contents.bits
        self.projection = self._contents.projection
        self._paths = [photo.path for photo, _ in self._contents.photos]
        self._rows = np.array([row for _, row in self._contents.photos])
        self._searcher = Index(self.bits)
        self._searcher.add(self.codes)
        self._row_of = {digest: row for row, digest in enumerate(self._contents.digests)}

    def __len__(self) -> int:
        return len(self._paths)

    def __repr__(self):
        return html.lines(self._facts(), self._title)

    def _repr_html_(self):
        return html.table(self._facts(), caption=self._title)

    @property
    def model(self) -> dict[str, Any]:
        """Dict, a copy: `Encoder.description` of the model."""
        return dict(self._contents.model)

    @property
    def paths(self) -> list[str]:
        """List of str, a copy: the photos below `folder`, in order of path."""
        return list(self._paths)

    @property
    def codes(self) -> UInt8Array:
        """uint8 array `(photos, ceil(bits / 8))`, a copy, in the order of `paths`."""
        return self._contents.codes[self._rows]

    def check_encoder(self, encoder: Encoder) -> None:
        """Raise ValueError unless an `Encoder` has the model that the index was made with."""
        if encoder.description != self.model:
            raise ValueError(
                f"The model {encoder.name} is not the one that {self.directory} was made with. "
                "Index the photos again, with --out for another place."
            )

    def projection_layer(self, channels: int) -> "keras.layers.Layer":
        """The layer from features `(n, channels)` to outputs, for an index of features."""
        return projection.restore(self.projection, self._contents.weights, self.bits, channels)

    def search(
        self, queries: Sequence[Path], k: int = 10, encoder: Encoder | None = None
    ) -> list[Answer]:
        """Nearest photos of each query, by Hamming distance and then by path.

        A query that is in the index, itself or as a copy, is answered from its stored code, and
        comes first among its own neighbours.

        Args:
            queries: list of paths of image files.
            k: int, neighbours of each; fewer if the index has fewer photos.
            encoder: `Encoder` of the index's model, for queries that are not in the index.

        Returns:
            List of `Answer`, one per query; one that cannot be read has its `problem` set.

        Raises:
            ValueError: `k` below 1, or the encoder's model is not the index's.
        """
        checks.whole("k", k, 1, None, "Ask for one neighbour at least.")
        answers = []
        for start in range(0, len(queries), _CHUNK):
            answers += self._answers(queries[start : start + _CHUNK], k, encoder)
        return answers

    @property
    def _title(self):
        return f"PhotoIndex {files.printable(self.directory)}"

    def _facts(self):
        return [
            ("photos", f"{len(self):,} in {files.printable(self.folder)}"),
            ("codes", f"{self.bits} bits, projection {self.projection!r}"),
            ("model", self._contents.model["name"]),
        ]

    def _answers(self, queries, k, encoder):
        photos = [reading.PhotoFile(str(query), 0, 0) for query in queries]
        size = self.model["image_size"]
        readings = list(reading.read_photos(".", photos, size, self._row_of))
        readable = [item for item in readings if not item.problem]
        answers = {}
        if readable:
            fronts = [self._same_photo(item) for item in readable]
            wanted = min(len(self), k + max(len(front) for front in fronts))
            found = self._searcher.search(self._codes(readable, encoder), k=wanted)
            for item, front, distances, ids in zip(readable, fronts, *found, strict=True):
                rest = zip(distances.tolist(), ids.tolist(), strict=True)
                others = [(i, distance) for distance, i in rest if i not in front]
                answers[item.photo.path] = [
                    *(Neighbour(self._paths[i], 0, relation) for i, relation in front.items()),
                    *(Neighbour(self._paths[i], distance) for i, distance in others),
                ][:k]
        return [
            Answer(item.photo.path, answers.get(item.photo.path, []), item.problem)
            for item in readings
        ]

    def _same_photo(self, item):
        """Places of photos with the query's very bytes, itself first: place -> relation."""
        path = pathlib.Path(item.photo.path)
        if item.digest not in self._row_of:
            return {}
        row = self._row_of[item.digest]
        own = path.parent.resolve() / path.name
        relations = {
            place: "query" if self.folder / self._paths[place] == own else "copy"
            for place in np.flatnonzero(self._rows == row).tolist()
        }
        return dict(sorted(relations.items(), key=lambda pair: pair[1] != "query"))

    def _codes(self, readings, encoder):
        """Codes of queries: stored ones where the index has the photo, else the model's."""
        unknown = [item for item in readings if item.image is not None]
        encoded = iter(self._encode(unknown, encoder) if unknown else [])
        stored, row_of = self._contents.codes, self._row_of
        return np.stack(
            [
                stored[row_of[item.digest]] if item.image is None else next(encoded)
                for item in readings
            ]
        )

    def _encode(self, readings, encoder):
        if encoder is None:
            raise ValueError(
                f"{readings[0].photo.path} is not in the index {self.directory}; pass `encoder`, "
                f"made from {self.model['name']}, to encode it."
            )
        self.check_encoder(encoder)
        vectors = encoder.vectors(np.stack([item.image for item in readings]))
        if encoder.hashing:
            return vectors
        return projection.encode(self.projection_layer(vectors.shape[1]), vectors)
