"""Bring a photo index up to date with its folder."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_hashing import files, html
from keras_hashing.data import images
from keras_hashing.photos import agreement, projection, reading, storage
from keras_hashing.photos.encoder import Encoder
from keras_hashing.photos.vectors import Vectors
from keras_hashing.types import Path

_BATCH = 32


@dataclasses.dataclass(frozen=True, repr=False)
class Summary:
    """What an update did.

    Args:
        photos: int, photos in the index now.
        new, changed, deleted: int, photos against the last update.
        encoded: int, distinct photos that went through the model.
        resumed: int, distinct photos that an unfinished run before had encoded.
        projection: str, "itq", "superbit", or "model" for a hashing model's own codes.
        fitted: bool, whether the projection was fitted in this update.
        bits: int.
        unreadable: list of (path, problem), what was passed over.

    Example:
        >>> from keras_hashing.photos import Summary
        >>> counts = {"photos": 3, "new": 3, "changed": 0, "deleted": 0, "encoded": 3, "resumed": 0}
        >>> print(Summary(**counts, projection="superbit", fitted=True, bits=64, unreadable=[]))
        Summary
          photos: 3 in codes of 64 bits
          new, changed, deleted: 3, 0, 0
          encoded: 3, and 0 by an unfinished run before
          projection: superbit, fitted now
          unreadable: 0; `unreadable` says which and why
    """

    photos: int
    new: int
    changed: int
    deleted: int
    encoded: int
    resumed: int
    projection: str
    fitted: bool
    bits: int
    unreadable: list

    def __repr__(self):
        return html.lines(self._facts(), type(self).__name__)

    def _repr_html_(self):
        return html.table(self._facts(), caption=type(self).__name__)

    def _facts(self):
        fitted = ", fitted now" if self.fitted else ""
        return [
            ("photos", f"{self.photos:,} in codes of {self.bits} bits"),
            ("new, changed, deleted", f"{self.new:,}, {self.changed:,}, {self.deleted:,}"),
            ("encoded", f"{self.encoded:,}, and {self.resumed:,} by an unfinished run before"),
            ("projection", f"{self.projection}{fitted}"),
            ("unreadable", f"{len(self.unreadable):,}; `unreadable` says which and why"),
        ]


def update(
    directory: Path,
    folder: Path,
    encoder: Encoder,
    bits: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Summary:
    """Make or renew the index of a folder of photos.

    A photo is encoded if its content is new: a file of another size or time of change is read,
    and encoded unless the index has a photo with the same SHA-256. Files that are gone are
    dropped; files that cannot be read are listed, and tried again when they change. What a run
    has encoded is kept every 128 photos, so that the next goes on where one was cut off. The
    projection is fitted by the rule of `projection.due`.

    Args:
        directory: path-like, the index; made if it does not exist.
        folder: path-like, the photos' folder; sub-folders belong to it.
        encoder: `Encoder`.
        bits: int, code length. Default: the index's own, or the hashing model's, or 64.
        progress: function of (photos read, photos to read), called after each.

    Returns:
        `Summary`.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder.
        ValueError: no image there, none that can be read, a damaged index, or one of another
            folder, model or bit length.

    Example:
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pathlib.Path("photos").mkdir()
        >>> for number in range(3):
        ...     Image.new("RGB", (32, 32), (80 * number, 0, 0)).save(f"photos/{number}.png")
        >>> name = "dhn_fashion_48"
        >>> encoder = kh.photos.Encoder(name, lambda: kh.zoo.load(name), hashing=True)
        >>> update("photos.khindex", "photos", encoder).new
        3
        >>> (answer,) = kh.photos.PhotoIndex("photos.khindex").search(["photos/1.png"], k=1)
        >>> answer.neighbours
        [Neighbour(path='1.png', distance=0, relation='query')]
    """
    directory = pathlib.Path(directory)
    folder = images.existing_folder(folder).resolve()
    found = reading.list_photos(folder)
    with storage.locked(directory):
        return _Update(directory, folder, encoder, bits).run(found, progress)


class _Update:
    """One update; holds what its steps share."""

    def __init__(self, directory, folder, encoder, bits):
        self.directory = directory
        self.folder = folder
        self.encoder = encoder
        self.stored = storage.read(directory) if storage.modified_ns(directory) else None
        self.bits = agreement.agreed_bits(bits, directory, self.stored, folder, encoder)
        self.known = {}  # PhotoFile -> digest, of the last update
        self.passed_over = {}  # PhotoFile -> (PhotoFile, digest, problem), of the last update
        if self.stored:
            digests = self.stored.digests
            self.known = {photo: digests[row] for photo, row in self.stored.photos}
            self.passed_over = {item[0]: item for item in self.stored.unreadable if item[1]}
        self.photos = {}  # PhotoFile -> digest, from here on
        self.unreadable = []

    def run(self, found, progress):
        todo = [photo for photo in found if not self._take_over(photo)]
        if not self.stored:
            self.bits = agreement.check_model(self.bits, self.directory, None, self.encoder)
        vectors = Vectors(self.directory, self.encoder, self.stored)
        try:
            self._read(todo, vectors, progress)
        finally:
            vectors.keep()
        self.unreadable.sort(key=lambda item: item[0].path)
        if not self.photos:
            photo, _, problem = self.unreadable[0]
            raise ValueError(
                f"None of the {len(self.unreadable)} image file(s) in {self.folder} can be read; "
                f"the first is {photo.path}: {problem}"
            )
        if self._nothing_new():
            storage.touch(self.directory)
            return self._summary(self.stored, vectors, fitted=False)
        contents, fitted = self._write(vectors)
        return self._summary(contents, vectors, fitted)

    def _take_over(self, photo):
        """Keep what the last update knows of a file of the same size and time of change."""
        if photo in self.known:
            self.photos[photo] = self.known[photo]
        elif photo in self.passed_over:
            self.unreadable.append(self.passed_over[photo])
        else:
            return False
        return True

    def _nothing_new(self):
        stored = self.stored
        return (
            stored is not None
            and pathlib.Path(stored.folder) == self.folder
            and self.photos == self.known
            and self.unreadable == stored.unreadable
        )

    def _read(self, todo, vectors, progress):
        """Read photos and encode those of new content, batch by batch."""
        model = self.stored.model if self.stored else self.encoder.description
        batch = {}  # digest -> image
        readings = reading.read_photos(self.folder, todo, model["image_size"], vectors)
        for done, item in enumerate(readings, 1):
            if item.problem:
                self.unreadable.append((item.photo, item.digest, item.problem))
            else:
                self.photos[item.photo] = item.digest
                if item.image is not None and item.digest not in vectors:
                    batch[item.digest] = item.image
            if len(batch) == _BATCH or (batch and done == len(todo)):
                agreement.check_model(self.bits, self.directory, self.stored, self.encoder)
                vectors.encode(batch)
                batch = {}
            if progress:
                progress(done, len(todo))

    def _write(self, vectors):
        """Write the index of `self.photos`; return `PhotoContents` and whether it was fitted."""
        stored, order = self.stored, sorted(self.photos, key=lambda photo: photo.path)
        digests = list(dict.fromkeys(self.photos[photo] for photo in order))
        rows = {digest: row for row, digest in enumerate(digests)}
        generation = stored.generation + 1 if stored else 1
        path = storage.vectors_path(self.directory, generation)
        with files.atomic_path(path) as temporary:
            vectors.write(temporary, digests)
        kept = np.load(path, mmap_mode="r")
        if self.encoder.hashing:
            projected = projection.of_codes(kept)
        else:
            projected = projection.of_features(kept, digests, stored, self.bits)
        contents = storage.PhotoContents(
            folder=str(self.folder),
            bits=self.bits,
            model=stored.model if stored else self.encoder.description,
            projection=projected.kind,
            digests=digests,
            fitted=projected.fitted,
            photos=[(photo, rows[self.photos[photo]]) for photo in order],
            unreadable=self.unreadable,
            codes=projected.codes,
            weights=projected.weights,
            generation=generation,
        )
        storage.write(self.directory, contents, path)
        return contents, projected.new

    def _summary(self, contents, vectors, fitted):
        before = {photo.path: digest for photo, digest in self.known.items()}
        now = {photo.path: digest for photo, digest in self.photos.items()}
        return Summary(
            photos=len(now),
            new=len(now.keys() - before.keys()),
            changed=sum(before[path] != now[path] for path in before.keys() & now.keys()),
            deleted=len(before.keys() - now.keys()),
            encoded=vectors.encoded,
            resumed=vectors.resumed,
            projection=contents.projection,
            fitted=fitted,
            bits=contents.bits,
            unreadable=[(photo.path, problem) for photo, _, problem in self.unreadable],
        )
