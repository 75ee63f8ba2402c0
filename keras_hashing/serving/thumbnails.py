"""Small pictures of the images that an index was made from, by their ids."""

import functools
import io
import os
import pathlib
import re

from PIL import Image

from keras_hashing.data import images
from keras_hashing.serving.errors import ApiError

SIZE = 320  # pixels on the longer side

_KEPT = 1024  # thumbnails in memory, some 15 MB
_ID = re.compile(r"[0-9]{1,19}")


class Thumbnails:
    """Pictures of the images below one folder, and of nothing else.

    An id stands for the name that the model was exported with; for a model without names it is
    the image's place in the sorted list of the folder's images, as it was when this was made.

    Args:
        folder: path-like.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder.
    """

    def __init__(self, folder):
        self._folder = images.existing_folder(folder).resolve()
        self._listed = [
            path.relative_to(self._folder).as_posix() for path in images.find_images(self._folder)
        ]
        self._picture = functools.lru_cache(_KEPT)(_picture)

    def read(self, item, names=None):
        """A thumbnail, decoded unless it is kept from before; blocks.

        Args:
            item: str, an id as it stands in a URL.
            names: dict, id -> path below the folder; None for the folder's own list.

        Returns:
            (bytes of a JPEG file of at most 320 x 320 pixels, the image's path below the folder).

        Raises:
            ApiError: 404, no such id, the image is gone or cannot be read, or it lies outside
                the folder.
        """
        name = self._name(item, names)
        path = self._inside(name)
        if path is None:
            raise ApiError(404, f"There is no image with the id {item[:20]}")
        try:
            return self._picture(path, path.stat().st_mtime_ns), name
        except (OSError, ValueError):
            raise ApiError(404, f"The image with the id {item[:20]} cannot be read") from None

    def _name(self, item, names):
        if not _ID.fullmatch(item):
            return None
        if names is not None:
            return names.get(int(item))
        return self._listed[int(item)] if int(item) < len(self._listed) else None

    def _inside(self, name):
        """The file of that name; None if links or dots lead out of the folder, or to no file."""
        if not name or "\0" in name:
            return None
        path = pathlib.Path(os.path.realpath(self._folder / name))
        return path if path.is_relative_to(self._folder) and path.is_file() else None


def _picture(path, changed):
    """JPEG bytes; `changed`, the file's time of change, tells old and new contents apart."""
    image = Image.fromarray(images.read_image(path))
    image.thumbnail((SIZE, SIZE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()
