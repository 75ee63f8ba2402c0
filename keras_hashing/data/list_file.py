"""List files of the hashing literature: a line for each image, its path and its labels."""

import pathlib

import numpy as np

from keras_hashing.data import photo_files
from keras_hashing.data.image_set import ImageSet


def from_list(path, root=None, image_size=224, check=True):
    """Read a list file: `path 0 1 0 ...` with a flag for each class, or `path 7`, or `path`.

    The lists of HashNet, DeepHash-pytorch, OrthoHash and CSQ have this form. Fields are
    separated by spaces or tabs, so paths hold none; empty lines are skipped.

    Args:
        path: str or path-like of the list, UTF-8.
        root: folder below which relative paths lie; None is the list's own folder.
        image_size: int, pixels, to which `.dataset()` resizes; use the model's.
        check: bool, decode every file once now and pass over the unreadable ones; False finds
            them only when a batch needs them, as an error.

    Returns:
        `ImageSet` in the order of the list; ids are the paths as written. Labels are uint8
        `(n, classes)` for flags, int64 `(n,)` for one number a line, None for paths alone. Files
        left out are listed in `.passed_over`.

    Raises:
        FileNotFoundError: no such list, or images of it are missing.
        ValueError: an empty list, a line with another number of fields than the first, a flag
            other than 0 and 1, a label that is no whole number, or a path twice. Names the line.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no list file {path}. Check the path.")
    rows = _rows(path)
    ids = [fields[0] for _, fields in rows]
    labels = _labels(path, rows)
    root = path.parent if root is None else pathlib.Path(root)
    paths = [root / name for name in ids]
    _check_there(path, rows, paths)
    everything = ImageSet(paths=paths, labels=labels, ids=ids, image_size=image_size)
    if not check:
        return everything
    readable, passed_over = photo_files.split_readable(paths)
    if not readable:
        raise ValueError(f"No image of {path} can be read; the first: {passed_over[0][1]}")
    keep = set(readable)
    chosen = everything.subset([i for i, file in enumerate(paths) if file in keep])
    chosen.passed_over = passed_over
    photo_files.warn_passed_over(passed_over, "`.passed_over` of the result.")
    return chosen


def _rows(path):
    """List of (line number, fields), checked for equal width and unique paths."""
    rows: list[tuple[int, list[str]]] = []
    first_line: dict[str, int] = {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file in UTF-8: {error}.") from error
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        if rows and len(fields) != len(rows[0][1]):
            raise ValueError(
                f"{path}, line {number}: {len(fields) - 1} label field(s), but line {rows[0][0]} "
                f"has {len(rows[0][1]) - 1}. Every line needs as many; paths hold no spaces."
            )
        if fields[0] in first_line:
            raise ValueError(
                f"{path}, line {number}: {fields[0]} was on line {first_line[fields[0]]} already. "
                "Delete one of the two lines."
            )
        first_line[fields[0]] = number
        rows.append((number, fields))
    if not rows:
        raise ValueError(f"{path} is empty; a line for each image is needed: path, then labels.")
    return rows


def _labels(path, rows):
    """Flags as uint8 `(n, classes)`, single labels as int64 `(n,)`, or None."""
    width = len(rows[0][1]) - 1
    if width == 0:
        return None
    if width == 1:
        return np.array([_class_number(path, *row) for row in rows], np.int64)
    for number, fields in rows:
        wrong = next((flag for flag in fields[1:] if flag not in ("0", "1")), None)
        if wrong is not None:
            raise ValueError(
                f"{path}, line {number}: the flag {wrong!r} is not 0 or 1. Write one flag for "
                "each class, or a single class number."
            )
    return np.array([fields[1:] for _, fields in rows], np.uint8)


def _class_number(path, number, fields):
    if not (fields[1].isascii() and fields[1].isdigit()):
        raise ValueError(
            f"{path}, line {number}: the label {fields[1]!r} is not a whole number from 0 on."
        )
    return int(fields[1])


def _check_there(path, rows, paths):
    missing = [i for i, file in enumerate(paths) if not file.is_file()]
    if missing:
        number = rows[missing[0]][0]
        raise FileNotFoundError(
            f"{len(missing)} of the {len(paths)} images of {path} are missing, the first on line "
            f"{number}: {paths[missing[0]]}. Pass `root=`, the folder that the paths start from."
        )
