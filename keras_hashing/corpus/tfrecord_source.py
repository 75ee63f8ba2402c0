"""TFRecord files of `tf.train.Example` as a source, as TensorFlow Datasets writes them."""

import bisect
import dataclasses
import functools
import itertools
import struct
import threading
from typing import Any

import fsspec
import numpy as np

from keras_hashing import files
from keras_hashing.corpus.listing import Item
from keras_hashing.corpus.parquet_source import class_number

FEATURES = ("image", "image/encoded", "image_raw")  # what is taken if no feature is named
_HEADER, _FOOTER = 12, 4  # length and its checksum before a record, the record's checksum after


@dataclasses.dataclass(frozen=True)
class TFRecordSource:
    """Records of TFRecord files, one item each.

    Args:
        url: str, the folder of the files.
        runs: list of (file name, first record, int64 array of the records' places in bytes).
        column: str, the feature with the image file's bytes.
        label: str, the feature with the class number, or None.
    """

    url: str
    runs: list
    column: str
    label: str | None = None
    classes = None

    @classmethod
    def open(cls, listing, column=None, label=None):
        """The records of a `Listing`; arguments as of `sources.open_source`.

        Raises:
            ValueError: a file cut short or compressed, or whose first record lacks a feature.
        """
        files = _Files(listing.url)
        runs = [(name, 0, files.places(name)) for name in listing.names]
        first = next(((name, places[0]) for name, _, places in runs if len(places)), None)
        if first is not None:
            features = _features(f"{listing.url}/{first[0]}#0", files.record(*first))
            if column is None:
                column = next((known for known in FEATURES if known in features), None)
            for wanted, option in ((column, "column"), (label, "label")):
                if (option == "column" or wanted is not None) and wanted not in features:
                    raise ValueError(
                        f"{listing.url}/{first[0]} has no feature "
                        f"{wanted or ' or '.join(FEATURES)!r}; it has "
                        f"{', '.join(sorted(features))}. Name the right one with `{option}`."
                    )
        return cls(listing.url, runs, column, label)

    def __len__(self):
        return sum(len(places) for _, _, places in self.runs)

    def identity(self):
        """Iterator of str that are equal for equal lists of images."""
        return (f"{name}#{first}+{len(places)}" for name, first, places in self.runs)

    def cut(self, start, stop):
        """The items from `start` to before `stop`, as a source of their own."""
        runs, before = [], 0
        for name, first, places in self.runs:
            low, high = max(start - before, 0), min(stop - before, len(places))
            if low < high:
                runs.append((name, first + low, places[low:high]))
            before += len(places)
        return dataclasses.replace(self, runs=runs)

    def read(self, place):
        """Read one record; from any thread. As `FolderSource.read`.

        Raises:
            OSError, ValueError: the source itself fails; a label that is no int32.
        """
        ends = self._ends
        run = bisect.bisect_right(ends, place)
        name, first, places = self.runs[run]
        inside = place - (ends[run] - len(places))
        where = f"{files.printable(name)}#{first + inside}"
        try:
            features = _features(where, self._files.record(name, places[inside]))
        except ValueError as error:
            return Item(where, problem=str(error))
        label = None
        if self.label is not None:
            numbers = features[self.label].int64_list.value if self.label in features else ()
            label = class_number(where, numbers[0] if numbers else None)
        images = features[self.column].bytes_list.value if self.column in features else ()
        if not images:
            return Item(where, label, problem=f"its feature {self.column!r} is empty.")
        return Item(where, label, images[0])

    @functools.cached_property
    def _ends(self):
        return list(itertools.accumulate(len(places) for _, _, places in self.runs))

    @functools.cached_property
    def _files(self):
        return _Files(self.url)


class _Files:
    """Records by their place; the last file stays open."""

    def __init__(self, url):
        self.filesystem, self.root = fsspec.core.url_to_fs(url)
        self.lock = threading.Lock()
        self.name = None
        self.file: Any = None

    def record(self, name, place):
        """Bytes of the record at a place."""
        with self.lock:
            if name != self.name:
                self.close()
                self.file = self.filesystem.open(self._path(name), "rb")
                self.name = name
            self.file.seek(place)
            (length,) = struct.unpack("<Q", self.file.read(_HEADER)[:8])
            return self.file.read(length)

    def close(self):
        if self.file is not None:
            self.file.close()

    def places(self, name):
        """Where each record of a file begins, without reading what is in them."""
        path, places, place = self._path(name), [], 0
        size = self.filesystem.size(path)
        with self.filesystem.open(path, "rb") as file:
            while place < size:
                file.seek(place)
                header = file.read(_HEADER)
                (length,) = struct.unpack("<Q", header[:8].ljust(8, b"\xff"))
                if place + _HEADER + length + _FOOTER > size:
                    raise ValueError(
                        f"{path} is cut short or no plain TFRecord file: record {len(places)} "
                        f"ends beyond its {size} bytes. Get the file again, or decompress it."
                    )
                places.append(place)
                place += _HEADER + length + _FOOTER
        return np.array(places, np.int64)

    def _path(self, name):
        return f"{self.root.rstrip('/')}/{name}"


def _features(path, record):
    """Name -> `tf.train.Feature` of a serialized example."""
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        return tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        raise ValueError(f"{path} is no tf.train.Example. Get the file again.") from error
