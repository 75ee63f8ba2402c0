"""The table in a list file: which field of a line is the path, which ones are labels."""

import dataclasses
import json
import re
import warnings

import numpy as np

from keras_hashing.data import label_fields, list_lines
from keras_hashing.data.list_lines import BETWEEN

# Headers of CSV files, in lower case and with underscores.
PATH_COLUMNS = (
    "file_name",
    "filename",
    "file",
    "path",
    "filepath",
    "file_path",
    "image",
    "image_path",
    "image_name",
    "image_file",
    "img",
    "img_path",
    "img_name",
)
LABEL_COLUMNS = (
    "label",
    "labels",
    "class",
    "classes",
    "class_name",
    "category",
    "categories",
    "tag",
    "tags",
    "target",
    "class_id",
    "label_id",
    "category_id",
    "label_name",
)


@dataclasses.dataclass(frozen=True)
class Table:
    """What a list file says.

    Attributes:
        names: list of str, the paths as written.
        lines: list of int, the line of each, from 1 on.
        labels: `label_fields.Labels`.
    """

    names: list
    lines: list
    labels: label_fields.Labels


def read(path):
    """Read a list file, `pathlib.Path`, as a `Table`; the errors are those of `from_list`."""
    lines = list_lines.read(path)
    if not lines:
        raise ValueError(f"{path} is empty; a line for each image is needed: path, then labels.")
    if path.suffix.lower() == ".jsonl":
        return _from_json_lines(path, lines)
    rows = list_lines.fields(path, lines)
    header = _header(rows)
    if header is None:
        names = [fields[0] for _, fields in rows]
        labels = of_fields(path, [(line, fields[1:]) for line, fields in rows])
        return Table(names, [line for line, _ in rows], labels)
    return _by_header(path, header, rows[1:])


def read_labels(path):
    """A file with the labels alone, a line for each image, as `Labels`."""
    lines = list_lines.read(path, keep_empty=True)
    if not any(text.strip() for _, text in lines):
        raise ValueError(f"{path} is empty; a line for each image is needed, with its labels.")
    return of_fields(path, [(line, list_lines.labels_of(text)) for line, text in lines])


def from_records(where, records, lines):
    """A `Table` of dicts, as of JSON lines, or of the rows of a Parquet or CSV file.

    Args:
        where: path, for messages.
        records: list of dict; each has a path column, and perhaps one of labels.
        lines: list of int.
    """
    columns = list(dict.fromkeys(key for record in records for key in record))
    path_column = _find(columns, PATH_COLUMNS)
    if path_column is None:
        raise ValueError(f"{where} has no column `file_name`, only {', '.join(columns)}.")
    label_column = _find(columns, LABEL_COLUMNS)
    rest = [column for column in columns if column not in (path_column, label_column)]
    if label_column is None and rest:
        raise ValueError(
            f"{where} has the columns {', '.join(columns)}, of which none is `label`. Name the "
            "column of the labels so."
        )
    _tell_unread(where, rest)
    names = [record.get(path_column) for record in records]
    wrong = next((i for i, name in enumerate(names) if not isinstance(name, str)), None)
    if wrong is not None:
        raise ValueError(f"{where}, line {lines[wrong]}: there is no `{path_column}`.")
    if label_column is None:
        return Table(names, lines, label_fields.Labels())
    values = [record.get(label_column) for record in records]
    try:
        return Table(names, lines, label_fields.of_values(values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}, column `{label_column}`: {error}") from error


def of_fields(path, rows):
    """`Labels` of the label fields, str, of each line.

    Args:
        path: the file, for messages.
        rows: list of (line, list of fields).
    """
    line, first = rows[0]
    single = all(len(fields) <= 1 for _, fields in rows)
    joined = single and any(BETWEEN.search(fields[0]) for _, fields in rows if fields)
    for number, fields in rows:
        if len(fields) != len(first) and not joined:
            raise ValueError(
                f"{path}, line {number}: {len(fields)} label field(s), but line {line} has "
                f"{len(first)}. Every line needs as many; join several classes of an image by "
                "commas, `a.jpg 3,7`."
            )
    if single:
        return _of_one_field(path, rows, joined)
    for number, fields in rows:
        wrong = next((flag for flag in fields if flag not in ("0", "1")), None)
        if wrong is not None:
            raise ValueError(
                f"{path}, line {number}: the flag {wrong!r} is not 0 or 1. Write one flag for "
                "each class, a single class number, or several joined by commas, `a.jpg 3,7`."
            )
    digits = "".join("".join(fields) for _, fields in rows).encode()
    flags = np.frombuffer(digits, np.uint8).reshape(len(rows), -1) - ord("0")
    return label_fields.Labels(flags=flags)


def _of_one_field(path, rows, joined):
    """Labels where a line has one field at most: a number, a name, or several."""
    if not any(fields for _, fields in rows):
        return label_fields.Labels()
    split = []
    for number, fields in rows:
        found = [part for part in BETWEEN.split(fields[0].strip()) if part] if fields else []
        if not found and not joined:
            raise ValueError(f"{path}, line {number}: the label is missing.")
        split.append((number, found))
    if all(_is_whole(label) for _, found in split for label in found):
        items = [tuple(int(label) for label in found) for _, found in split]
        return _items(path, items, joined)
    if any(list_lines.is_number(label) for _, found in split for label in found):
        number, label = next(
            (number, label) for number, found in split for label in found if not _is_whole(label)
        )
        raise ValueError(
            f"{path}, line {number}: the label {label!r} is not a whole number from 0 on, as "
            "others are. Write numbers on all lines, or names on all."
        )
    return _items(path, [tuple(found) for _, found in split], joined)


def _items(path, items, several):
    try:
        return label_fields.of_items(items, several)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _is_whole(text):
    return text.isascii() and text.isdigit()


def _header(rows):
    """The first row if it is a header, else None."""
    first = rows[0][1]
    if len(rows) < 2 or any(list_lines.is_image(field) for field in first):
        return None
    known = {_plain(field) for field in first} & {*PATH_COLUMNS, *LABEL_COLUMNS}
    beneath = any(list_lines.is_image(field) for field in rows[1][1])
    return first if known and (beneath or len(known) > 1 or len(first) == 1) else None


def _by_header(path, header, rows):
    """A `Table` of rows under a header; columns of flags are classes of their names."""
    for line, fields in rows:
        if len(fields) != len(header):
            raise ValueError(
                f"{path}, line {line}: {len(fields)} field(s), but the header has {len(header)}."
            )
    path_column = _find(header, PATH_COLUMNS)
    if path_column is None:
        path_column = next(
            (n for n, field in zip(header, rows[0][1], strict=True) if list_lines.is_image(field)),
            header[0],
        )
    place = header.index(path_column)
    names, lines = [fields[place] for _, fields in rows], [line for line, _ in rows]
    label_column = _find([name for name in header if name != path_column], LABEL_COLUMNS)
    if label_column is not None:
        _tell_unread(path, [n for n in header if n and n not in (path_column, label_column)])
        column = header.index(label_column)
        return Table(names, lines, of_fields(path, [(n, [f[column]]) for n, f in rows]))
    columns = [i for i, name in enumerate(header) if name and i != place]
    flags = all(fields[i] in ("0", "1") for _, fields in rows for i in columns)
    if columns and (not flags or len(columns) == 1):
        raise ValueError(
            f"{path} has the columns {', '.join(header)}, of which none is `label`, nor are all "
            "but the path flags of 0 and 1. Name the column of the labels so."
        )
    labels = of_fields(path, [(line, [fields[i] for i in columns]) for line, fields in rows])
    named = [header[i] for i in columns]
    return Table(names, lines, dataclasses.replace(labels, class_names=named))


def _from_json_lines(path, lines):
    records = []
    for line, text in lines:
        try:
            record = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{path}, line {line} is not JSON: {error}.") from error
        if not isinstance(record, dict):
            raise ValueError(f"{path}, line {line} must be an object with `file_name`.")
        records.append(record)
    return from_records(path, records, [line for line, _ in lines])


def _find(columns, known):
    """The column with the first of the known names that there is, or None."""
    plain = {_plain(column): column for column in reversed(columns)}
    return next((plain[name] for name in known if name in plain), None)


def _plain(column):
    return re.sub(r"[\s-]+", "_", column.strip().lower())


def _tell_unread(where, columns):
    if columns:
        warnings.warn(f"{where}: the columns {', '.join(columns)} are not read.", stacklevel=4)
