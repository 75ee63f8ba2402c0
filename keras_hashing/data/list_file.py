"""Lists of images in any form that the literature uses: text, CSV, MATLAB, COCO."""

import dataclasses
import os
import pathlib
import posixpath
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.data import coco_file, label_fields, list_table, mat_file, photo_files
from keras_hashing.data.image_set import ImageSet
from keras_hashing.types import Path


def from_list(
    path: Path,
    root: Path | None = None,
    image_size: int = 224,
    check: bool = True,
    *,
    labels: Any = None,
    class_names: Sequence[str] | None = None,
) -> ImageSet:
    """Read a list of images and their labels.

    A text list has a line for each image: `path 0 1 0 ...` with a flag for each class, as
    HashNet, DeepHash-pytorch, OrthoHash and CSQ write it; `path 7`, one class number; `path 3,7`,
    several; `path cat` or `path cat,dog`, names; or `path`. Fields are separated by spaces, tabs,
    commas or semicolons. Paths may hold spaces if they end in an image's extension, or stand in
    quotes; names hold no comma, semicolon or bar. Empty lines are skipped. CSV may have a header:
    `file_name,label`, or the path and a column of flags for each class, which names it. Also
    read: JSON lines of `file_name` and `label`; COCO's annotations (`.json`, a column for each
    category in the order of ids); MATLAB files (`.mat`) of names or images, as those of DCMH.

    Names become numbers in alphabetical order. Lists that belong together need one numbering:
    read them with `from_lists`, or pass `class_names`.

    Args:
        path: str or path-like of the list; text in UTF-8.
        root: folder below which relative paths lie; None is the list's own folder.
        image_size: int, pixels, to which `.dataset()` resizes; use the model's.
        check: bool, decode every file once now and pass over the unreadable ones; False finds
            them only when a batch needs them, as an error.
        labels: where the labels are not in the list: a file with a line for each image, in the
            list's order; a `.mat` or `.npy` file; a folder or sequence of files, one for each
            class (NUS-WIDE's `Labels_*.txt`), with a flag in each line; or an array.
        class_names: optional sequence of str, by label. Names in the list must be among them.

    Returns:
        `ImageSet` in the order of the list; ids are the paths as written, but for `./` and such.
        Labels are uint8 `(n, classes)` for flags and where an image may have several, int64
        `(n,)` for one number or name an image, None for paths alone. Files left out are listed
        in `.passed_over`.

    Raises:
        FileNotFoundError: no such list, or images of it are missing.
        ValueError: an empty list, a line with another number of fields than the first, a flag
            other than 0 and 1, a label that is no whole number among numbers, or a path twice.
            Names the line.

    Example:
        >>> import pathlib, tempfile
        >>> from PIL import Image
        >>> import keras_hashing as kh
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("my cat.png", "b.png"):
        ...     Image.new("RGB", (8, 8)).save(folder / name)
        >>> _ = (folder / "pets.txt").write_text("my cat.png 0,2\\nb.png 1\\n")
        >>> pets = kh.data.from_list(folder / "pets.txt", class_names=["cat", "dog", "pet"])
        >>> pets.ids.tolist(), pets.labels.tolist()
        (['my cat.png', 'b.png'], [[1, 0, 1], [0, 1, 0]])
    """
    listed = read(path, root, labels)
    try:
        (array,), class_names = label_fields.number([listed.labels], class_names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return image_set(listed, array, class_names, image_size, check)


@dataclasses.dataclass(frozen=True)
class Listed:
    """What a list says, its labels not yet numbered.

    Attributes:
        path: `pathlib.Path` of the list.
        ids: list of str.
        labels: `label_fields.Labels`.
        paths: list of `pathlib.Path`, or None where the list holds the images.
        images: uint8 array, or None.
    """

    path: pathlib.Path
    ids: list
    labels: label_fields.Labels
    paths: list | None = None
    images: np.ndarray | None = None


def read(path, root=None, labels=None):
    """Read a list of any form as `Listed`; arguments and errors as of `from_list`."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; a list is a file. Use `from_folder`.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no list file {path}. Check the path.")
    if path.suffix.lower() == ".mat":
        content = mat_file.read(path)
        own = label_fields.Labels()
        if content.labels is not None:
            own = _of_array(path, content.labels)
        count = len(content.images if content.images is not None else content.names or ())
        if content.images is not None and content.names is None:
            ids = [f"{place:05d}" for place in range(count)]
            return Listed(path, ids, _labels(path, own, labels, count), images=content.images)
        if not count:
            raise ValueError(
                f"{path} holds no images and no file names, only labels. Pass it as `labels=` of "
                "the file that does."
            )
        table = list_table.Table(content.names, list(range(1, count + 1)), own)
        if content.images is not None:
            return Listed(
                path, content.names, _labels(path, own, labels, count), images=content.images
            )
    elif path.suffix.lower() == ".json":
        table = coco_file.read(path)
        _tell_empty(path, table.labels.flags)
    else:
        table = list_table.read(path)
    parsed = _labels(path, table.labels, labels, len(table.names))
    root = path.parent if root is None else pathlib.Path(root)
    ids = [_tidy(name) for name in table.names]
    paths = [root / name for name in ids]
    _check_unique(path, table, paths)
    _check_there(path, table, paths)
    return Listed(path, ids, parsed, paths=paths)


def image_set(listed, array, class_names, image_size=224, check=True):
    """The `ImageSet` of a list whose labels have been numbered."""
    everything = ImageSet(
        images=listed.images,
        paths=listed.paths,
        labels=array,
        ids=listed.ids,
        image_size=image_size,
        class_names=class_names,
    )
    if not check or listed.paths is None:
        return everything
    readable, passed_over = photo_files.split_readable(listed.paths)
    if not readable:
        raise ValueError(f"No image of {listed.path} can be read; the first: {passed_over[0][1]}")
    keep = set(readable)
    chosen = everything.subset([i for i, file in enumerate(listed.paths) if file in keep])
    chosen.passed_over = passed_over
    photo_files.warn_passed_over(passed_over, "`.passed_over` of the result.")
    return chosen


def _labels(path, own, given, count):
    """The list's own labels, or those given beside it."""
    if given is None:
        labels = own
    elif own.items is not None or own.flags is not None:
        raise ValueError(f"{path} has labels of its own. Leave out `labels`.")
    else:
        labels = _given_labels(given)
    found = labels.items if labels.flags is None else labels.flags
    if found is not None:
        where = path if given is None or isinstance(given, np.ndarray) else given
        if len(found) != count:
            raise ValueError(
                f"{path} lists {count} image(s), but there are labels for {len(found)} in {where}. "
                "Every image needs a line, in one order."
            )
    return labels


def _given_labels(given):
    """`Labels` of `labels=`: one file, one for each class, or an array."""
    if isinstance(given, np.ndarray):
        return _of_array("labels", given)
    if isinstance(given, (str, os.PathLike)):
        path = pathlib.Path(given)
        if path.is_dir():
            return _of_classes(sorted(path.glob("*.txt")), path)
        if not path.is_file():
            raise FileNotFoundError(f"There is no file of labels {path}. Check the path.")
        if path.suffix.lower() == ".npy":
            return _of_array(path, np.load(path, allow_pickle=False))
        if path.suffix.lower() == ".mat":
            labels = mat_file.read(path).labels
            if labels is None:
                raise ValueError(f"{path} holds no labels, such as `LAll`.")
            return _of_array(path, labels)
        return list_table.read_labels(path)
    given = list(given)
    if given and all(isinstance(item, (str, os.PathLike)) for item in given):
        return _of_classes([pathlib.Path(item) for item in given], "labels")
    return _of_array("labels", np.asarray(given))


def _of_array(where, array):
    if array.dtype.kind in "US":
        return label_fields.of_values(array.tolist())
    checked = relevance.labels(str(where), array)
    if checked.ndim == 2:
        return label_fields.Labels(flags=checked.astype(np.uint8))
    return label_fields.of_values(checked)


def _of_classes(paths, where):
    """A file of flags for each class; what all their names begin and end with is cut off."""
    if not paths:
        raise ValueError(f"{where} holds no .txt file; one for each class is needed.")
    columns = []
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"There is no file of labels {path}. Check the path.")
        parsed = list_table.read_labels(path)
        flags = [item[0] if len(item) == 1 else None for item in parsed.items or [()]]
        if any(flag not in (0, 1) for flag in flags):
            raise ValueError(f"{path} must have one flag, 0 or 1, in each line.")
        checks.same_length(str(path), flags, str(paths[0]), columns[0] if columns else flags)
        columns.append(flags)
    names = _names_of_classes([path.stem.split("_") for path in paths])
    if len(columns) < 2:
        raise ValueError(f"{where}: two classes or more are needed, a file each.")
    table = np.ascontiguousarray(np.array(columns, np.uint8).T)
    return label_fields.Labels(flags=table, class_names=names)


def _names_of_classes(stems):
    """NUS-WIDE's Labels_sky_Train: the words that all have, at the start and end, are cut off."""
    for end in (0, -1):
        while min(map(len, stems)) > 1 and len({words[end] for words in stems}) == 1:
            stems = [words[1:] if end == 0 else words[:-1] for words in stems]
    return ["_".join(words) for words in stems]


def _tidy(name):
    """`./a.jpg` and Windows' `x\\a.jpg` in the one form that ids have."""
    return posixpath.normpath(name.strip().replace("\\", "/"))


def _check_unique(path, table, paths):
    first_line: dict[str, int] = {}
    for name, line, file in zip(table.names, table.lines, paths, strict=True):
        before = first_line.setdefault(os.path.normpath(file), line)
        if before != line:
            raise ValueError(
                f"{path}, line {line}: {name} was on line {before} already. "
                "Delete one of the two lines."
            )


def _check_there(path, table, paths):
    missing = [i for i, file in enumerate(paths) if not file.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of the {len(paths)} images of {path} are missing, the first on line "
            f"{table.lines[missing[0]]}: {paths[missing[0]]}. Pass `root=`, the folder that the "
            "paths start from."
        )


def _tell_empty(path, flags):
    empty = int((flags.sum(axis=1) == 0).sum())
    if empty:
        warnings.warn(
            f"{path}: {empty} of {len(flags)} image(s) have no annotation; they keep a row "
            "without a class, and are similar to nothing.",
            stacklevel=4,
        )
