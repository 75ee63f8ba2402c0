"""Several lists, or one, as a data set with its parts."""

import numbers
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_hashing.data import drawing, label_fields, list_file
from keras_hashing.data.loading import Data
from keras_hashing.types import Path


def from_lists(
    train: Any,
    query: Any,
    database: Any,
    validation: Any = None,
    *,
    root: Path | None = None,
    image_size: int = 224,
    check: bool = True,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> Data:
    """Read the lists of a protocol, numbering their classes by one map.

    Args:
        train, query, database: each a list as `from_list` reads it, or a pair (list, labels)
            where the labels lie in another file.
        validation: a list, or a share of the training images to draw, of each class where an
            image has one; None leaves the part empty.
        root: folder below which relative paths lie; None is each list's own folder.
        image_size: int, pixels, to which `.dataset()` resizes; use the model's.
        check: bool, decode every file once now and pass over the unreadable ones.
        class_names: optional sequence of str, by label.
        seed: int, of the validation images that are drawn.

    Returns:
        `Data`, named after the folder of the training list.

    Raises:
        FileNotFoundError: no such list, or images of it are missing.
        ValueError: as of `from_list`; labels of different kinds; or other labels in one list than
            in another for the same image.

    Example:
        >>> import pathlib, tempfile
        >>> from PIL import Image
        >>> import keras_hashing as kh
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> lists = {"train": "0.png sea,sky", "test": "1.png sea", "database": "2.png sky"}
        >>> for number, (name, line) in enumerate(lists.items()):
        ...     Image.new("L", (8, 8), number).save(folder / f"{number}.png")
        ...     _ = (folder / f"{name}.txt").write_text(line)
        >>> data = kh.data.from_lists(*[folder / f"{name}.txt" for name in lists])
        >>> data.class_names, data.query.labels.tolist()
        (['sea', 'sky'], [[1, 0]])
    """
    given = {"train": train, "query": query, "database": database}
    share = None if isinstance(validation, numbers.Real) else 0.0
    if validation is not None and share is not None:
        given["validation"] = validation
    if share is None:
        drawing.check_shares(validation, 0.0)
    listed = {name: _read(name, item, root) for name, item in given.items()}
    arrays, names = label_fields.number([item.labels for item in listed.values()], class_names)
    _check_kinds(listed, arrays)
    sets = {
        name: list_file.image_set(listed[name], array, names, image_size, check)
        for name, array in zip(listed, arrays, strict=True)
    }
    if share is None:
        drawn = drawing.complete({"train": sets["train"]}, validation, 0.0, seed, "the list")
        sets |= {part: drawn[part] for part in ("train", "validation")}
    sets.setdefault("validation", sets["train"].subset([]))
    _check_agreement(sets)
    first = next(iter(listed.values())).path
    return Data(
        name=first.resolve().parent.name,
        seed=seed,
        class_names=names,
        passed_over=[entry for part in sets.values() for entry in part.passed_over],
        **sets,
    )


def cut_list(path, validation=0.1, query=0.1, seed=0, **arguments):
    """One list cut by shares, as `from_folder` cuts a folder.

    Args:
        path: as of `from_list`.
        validation, query, seed: as of `from_folder`.
        arguments: the others of `from_list`.

    Returns:
        `Data`; the database is all but the queries.
    """
    drawing.check_shares(validation, query)
    images = list_file.from_list(path, **arguments)
    return Data(
        name=pathlib.Path(path).stem,
        seed=seed,
        class_names=images.class_names,
        passed_over=images.passed_over,
        **drawing.complete({"train": images}, validation, query, seed, "the list"),
    )


def _read(name, item, root):
    if isinstance(item, (tuple, list)):
        if len(item) != 2:
            raise ValueError(
                f"`{name}` must be a list file, or a pair of it and its labels; got {len(item)} "
                "items."
            )
        return list_file.read(item[0], root, item[1])
    return list_file.read(item, root)


def _check_kinds(listed, arrays):
    """All lists must have labels, or none."""
    without = [name for name, array in zip(listed, arrays, strict=True) if array is None]
    if without and len(without) != len(listed):
        raise ValueError(
            f"the list for `{without[0]}`, {listed[without[0]].path}, has no labels; others have. "
            "Give it labels, or pass a pair (list, labels)."
        )


def _check_agreement(sets):
    """Labels of an image must be the same in all lists; overlaps that flatter are told."""
    keys = {name: _keys(images) for name, images in sets.items()}
    seen: dict[str, tuple] = {}
    for name, images in sets.items():
        for place, key in enumerate(keys[name]):
            label = None if images.labels is None else images.labels[place]
            before, other = seen.setdefault(key, (label, name))
            if label is not None and not np.array_equal(before, label):
                raise ValueError(
                    f"{images.ids[place]} has other labels in the list for `{name}` than in that "
                    f"for `{other}`. Correct one of the two."
                )
    for one, other, advice in (
        ("query", "database", "Leave each out of its own search: evaluate(exclude_self=True)."),
        ("query", "train", "Figures will be too good."),
        ("validation", "train", "Validation will be too good."),
    ):
        shared = len(set(keys[one]) & set(keys[other]))
        if shared:
            warnings.warn(
                f"{shared} of {len(keys[one])} {one} image(s) are in {other} too. {advice}",
                stacklevel=3,
            )


def _keys(images):
    """What tells an image: its file, since ids of different folders may be equal."""
    if images.paths is None:
        return []  # images of MATLAB files are numbered, and tell nothing
    here = pathlib.Path.cwd()
    return [os.path.normpath(here / path) for path in images.paths]
