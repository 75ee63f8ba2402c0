"""Parquet files as a source: a column of image files' bytes, or of their paths."""

import bisect
import collections
import dataclasses
import functools
import itertools
import pathlib
import threading

import fsspec
import pyarrow
import pyarrow.parquet

from keras_hashing import checks, files
from keras_hashing.corpus.listing import Item

COLUMNS = ("image", "bytes", "path")  # what is taken if no column is named


@dataclasses.dataclass(frozen=True)
class ParquetSource:
    """Rows of parquet files, one item each.

    A column of strings holds paths: URLs, absolute, or relative to the folder of the source. A
    column of structs has a field `bytes` and may have `path`, as Hugging Face's data sets do.

    Args:
        url: str, the folder of the files.
        runs: list of (file name, first row, number of rows).
        column: str, the images' column.
        label: str, the class numbers' column, or None.
    """

    url: str
    runs: list
    column: str
    label: str | None = None
    classes = None

    @classmethod
    def open(cls, listing, column=None, label=None):
        """The rows of a `Listing`; arguments as of `sources.open_source`.

        Raises:
            ValueError: a file that is no parquet or lacks a column, or a column of another type.
        """
        runs = []
        for name in listing.names:
            with _Files(listing.url).opened(name) as file:
                schema = file.schema_arrow
                if column is None:
                    column = next((known for known in COLUMNS if known in schema.names), None)
                for wanted, option in ((column, "column"), (label, "label")):
                    if option == "column" or wanted is not None:
                        _check_column(f"{listing.url}/{name}", schema, wanted, option)
                runs.append((name, 0, file.metadata.num_rows))
        return cls(listing.url, runs, column, label)

    def __len__(self):
        return sum(rows for _, _, rows in self.runs)

    def identity(self):
        """Iterator of str that are equal for equal lists of images."""
        return (f"{name}#{first}+{rows}" for name, first, rows in self.runs)

    def cut(self, start, stop):
        """The items from `start` to before `stop`, as a source of their own."""
        runs, before = [], 0
        for name, first, rows in self.runs:
            low, high = max(start - before, 0), min(stop - before, rows)
            if low < high:
                runs.append((name, first + low, high - low))
            before += rows
        return dataclasses.replace(self, runs=runs)

    def read(self, place):
        """Read one row; from any thread. As `FolderSource.read`.

        Raises:
            OSError, ValueError: the source itself fails; a label that is no int32.
        """
        ends = self._ends
        run = bisect.bisect_right(ends, place)
        name, first, rows = self.runs[run]
        row = first + place - (ends[run] - rows)
        columns = [self.column] if self.label is None else [self.column, self.label]
        image, *labels = self._files.row(name, row, columns)
        where = f"{files.printable(name)}#{row}"
        label = class_number(where, labels[0]) if labels else None
        return self._item(where, label, image)

    def _item(self, where, label, image):
        if isinstance(image, dict):
            image = image["bytes"] if image.get("bytes") is not None else image.get("path")
        if image is None:
            return Item(where, label, problem="its row is null.")
        if isinstance(image, bytes):
            return Item(where, label, image)
        try:
            return Item(files.printable(image), label, self._content(image))
        except (FileNotFoundError, PermissionError) as error:
            why = "there is no such file." if isinstance(error, FileNotFoundError) else str(error)
            return Item(files.printable(image), label, problem=why)

    def _content(self, path):
        if "://" not in path and not pathlib.PurePath(path).is_absolute():
            path = f"{self.url.rstrip('/')}/{path}"
        filesystem, path = fsspec.core.url_to_fs(path)
        return filesystem.cat_file(path)

    @functools.cached_property
    def _ends(self):
        return list(itertools.accumulate(rows for _, _, rows in self.runs))

    @functools.cached_property
    def _files(self):
        return _Files(self.url)


class _Files:
    """Rows by number: the last two row groups are kept, as neighbours are read together."""

    def __init__(self, url):
        self.filesystem, self.root = fsspec.core.url_to_fs(url)
        self.lock = threading.Lock()
        self.groups = collections.OrderedDict()  # (name, group's first row) -> Table
        self.starts = {}  # name -> first row of each row group

    def opened(self, name):
        """The file `name` as a `pyarrow.parquet.ParquetFile`; raises ValueError if it is none."""
        path = f"{self.root.rstrip('/')}/{name}"
        try:
            return pyarrow.parquet.ParquetFile(self.filesystem.open(path, "rb"))
        except pyarrow.ArrowInvalid as error:
            raise ValueError(_unreadable(path, error)) from error

    def row(self, name, row, columns):
        """Values of `columns` in one row."""
        with self.lock:
            starts = self.starts.get(name)
            group = None if starts is None else bisect.bisect_right(starts, row) - 1
            if group is None or (name, group) not in self.groups:
                group = self._load(name, row, columns)
            table = self.groups[name, group]
            first = self.starts[name][group]
        return [table.column(column)[row - first].as_py() for column in columns]

    def _load(self, name, row, columns):
        with self.opened(name) as file:
            counts = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            self.starts[name] = [0, *itertools.accumulate(counts)][:-1]
            group = bisect.bisect_right(self.starts[name], row) - 1
            try:
                self.groups[name, group] = file.read_row_group(group, columns)
            except (pyarrow.ArrowException, OSError) as error:
                raise ValueError(_unreadable(f"{self.root}/{name}", error)) from error
        while len(self.groups) > 2:
            self.groups.popitem(last=False)
        return group


def class_number(where, value):
    """A label as int; raises ValueError unless it is a whole number from 0 to 2**31 - 1."""
    hint = f"It is the label of {where}; number the classes from 0 on."
    try:
        return checks.whole("label", value, 0, 2**31 - 1, hint)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _check_column(path, schema, name, option):
    if name not in schema.names:
        raise ValueError(
            f"{path} has no column {name or ' or '.join(COLUMNS)!r}; it has "
            f"{', '.join(schema.names)}. Name the right one with `{option}`."
        )
    form, types = schema.field(name).type, pyarrow.types
    if option == "label":
        fits, wanted = types.is_integer(form), "whole numbers"
    else:
        fits = any(
            test(form)
            for test in (
                types.is_binary,
                types.is_large_binary,
                types.is_string,
                types.is_large_string,
            )
        ) or (types.is_struct(form) and form.get_field_index("bytes") >= 0)
        wanted = "bytes of image files, or paths"
    if not fits:
        raise ValueError(f"{path}: the column {name!r} must hold {wanted}; it holds {form}.")


def _unreadable(path, error):
    return (
        f"{path} cannot be read as parquet: {error}. Get the file again; the same command then "
        "goes on."
    )
