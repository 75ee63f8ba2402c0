"""From what a user names as the source to a list of images that is the same every time."""

import hashlib
import os
from typing import Any

from keras_hashing.corpus.folder_source import FolderSource
from keras_hashing.corpus.listing import list_files
from keras_hashing.corpus.parquet_source import ParquetSource
from keras_hashing.corpus.tfrecord_source import TFRecordSource

_KINDS: dict[str, Any] = {
    "images": FolderSource,
    "parquet": ParquetSource,
    "tfrecord": TFRecordSource,
}


def open_source(source, column=None, label=None):
    """List the images of a source; none is read yet.

    Args:
        source: str or path-like: a folder of images, of parquet or of TFRecord files, one such
            file, or an fsspec URL of any of these.
        column: str, the parquet column or TFRecord feature with the images; None for `image` and
            other usual names.
        label: str, the column or feature with the class numbers; "folder" for a folder of images
            whose sub-folders are classes; None for no labels.

    Returns:
        `FolderSource`, `ParquetSource` or `TFRecordSource`.

    Raises:
        FileNotFoundError: nothing is there.
        ImportError: the URL's file system needs a package.
        ValueError: nothing of these kinds, or no such column.
    """
    listing = list_files(source)
    opened = _KINDS[listing.kind].open(listing, column, label)
    if not len(opened):
        raise ValueError(f"{source} holds no image: its files have no rows. Check the path.")
    return opened


def digest(source):
    """Hex SHA-256 over a source's list, names and order; not over the images' bytes."""
    found = hashlib.sha256()
    for text in source.identity():
        found.update(os.fsencode(text) + b"\0")
    return found.hexdigest()
