"""Vectors found by the digest of the photo they were computed from."""

import numpy as np

from keras_hashing.photos import storage

_CHECKPOINT = 128  # photos encoded between two writes of what is done


class Vectors:
    """What a model gave for photos: rows on disk, and rows computed since.

    Equal files have one row, and a file that was moved or renamed keeps its own.

    Args:
        directory: path-like, the index.
        encoder: `Encoder` that new rows come from.
        stored: `PhotoContents` of the index, or None for a new one.
    """

    def __init__(self, directory, encoder, stored):
        self._directory = directory
        self._encoder = encoder
        self._blocks = []  # arrays of one width
        self._places = {}  # digest -> (block, row)
        self._unsaved = {}  # digest -> row, computed since the last checkpoint
        self.encoded = 0
        if stored:
            self._add(stored.digests, storage.read_vectors(directory))
        on_disk = len(self._places)
        for made_with, digests, block in storage.read_pending(directory):
            if made_with == (stored.model if stored else encoder.description):
                self._add(digests, block)
        self.resumed = len(self._places) - on_disk

    def __contains__(self, digest):
        return digest in self._places

    def encode(self, images):
        """Encode new photos; what is done is written every 128 of them.

        Args:
            images: dict, digest to float32 array `(size, size, 3)`; all of one size.
        """
        if not images:
            return
        block = self._encoder.vectors(np.stack(list(images.values())))
        self._add(images, block)
        self.encoded += len(images)
        self._unsaved.update(zip(images, block, strict=True))
        if len(self._unsaved) >= _CHECKPOINT:
            self.keep()

    def keep(self):
        """Write what was encoded since the last checkpoint, for a run that goes on from here."""
        if self._unsaved:
            block = np.stack(list(self._unsaved.values()))
            model = self._encoder.description
            storage.write_pending(self._directory, model, list(self._unsaved), block)
            self._unsaved = {}

    def write(self, path, digests):
        """Write the rows of `digests` as one .npy file, without holding them all in memory.

        Args:
            path: path-like of the new file.
            digests: list of known digests, at least one.
        """
        first = self._blocks[self._places[digests[0]][0]]
        shape = (len(digests), first.shape[1])
        written = np.lib.format.open_memmap(path, mode="w+", dtype=first.dtype, shape=shape)
        for row, digest in enumerate(digests):
            block, place = self._places[digest]
            written[row] = self._blocks[block][place]
        written.flush()

    def _add(self, digests, block):
        for row, digest in enumerate(digests):
            self._places.setdefault(digest, (len(self._blocks), row))
        self._blocks.append(block)
