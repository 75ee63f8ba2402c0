"""Small pictures of a source's images, wherever they lie."""

import numpy as np

from keras_hashing.callbacks import retrieval_images

_SIDE = 64  # pixels
_MOST = 20_000  # pictures of a stream, 246 MB


class Pictures:
    """Pictures of images by their places; of a stream, of those of its last pass.

    Args:
        source: `batches.Source`.
    """

    def __init__(self, source):
        self._source = source
        self._kept: list | None = None if source.placed else []
        self._count = 0

    def keep(self, images):
        """Keep the pictures of a batch, where images cannot be asked for by their places."""
        if self._kept is None or images.ndim != 4:
            return
        self._count += len(images)
        if self._count > _MOST:
            self._kept = []
            return
        self._kept.append(retrieval_images.thumbnails(images, range(len(images)), _SIDE))

    def of(self, places, size=_SIDE):
        """Pictures at some places.

        Args:
            places: int array.
            size: int, side in pixels, at most 64 for those of a stream.

        Returns:
            uint8 array `(len(places), size, size, 3)`; None for features, and for a stream of
            more than 20,000 images.
        """
        if self._kept is not None:
            if not self._kept:
                return None
            images = np.concatenate(self._kept)[places]
        else:
            images = self._source.at(places)
            if isinstance(images, np.ndarray) and images.ndim != 4:
                return None
            if isinstance(images, list) and any(np.ndim(image) == 1 for image in images):
                return None
        return retrieval_images.thumbnails(images, range(len(places)), size)
