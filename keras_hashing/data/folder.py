"""A folder of photos as a data set: sub-folders for classes and splits, or none at all."""

import pathlib
import warnings
from collections.abc import Sequence

import numpy as np

from keras_hashing import checks
from keras_hashing.data import drawing, folder_tree, label_fields, photo_files
from keras_hashing.data import images as image_files
from keras_hashing.data.image_set import ImageSet
from keras_hashing.data.loading import Data
from keras_hashing.types import Path


def from_folder(
    folder: Path,
    validation: float = 0.1,
    query: float = 0.1,
    seed: int = 0,
    image_size: int = 224,
    check: bool = True,
    *,
    classes: Sequence[str] | None = None,
) -> Data:
    """Cut one's own photos into train, validation, query and database.

    Each sub-folder that holds images is a class, its label the place of its name in
    alphabetical order; a folder without such sub-folders is unlabelled. Of every class a share
    is drawn for queries and one for validation; the rest is for training. The database is all
    but the queries, so **training images are in it**, as in `cifar10-s1b`: figures from it are
    higher than with new images only.

    Sub-folders that are all called `train`, `test`, `validation` and the like (as for Hugging
    Face's `imagefolder`, torchvision and Keras) are splits, with the class folders in them:
    `test` are the queries, and a split that is not there is drawn from `train`. The database is
    the training and validation images, unless there is a folder `database` or `gallery`. Classes
    are numbered over all splits. A `metadata.csv`, `.jsonl` or `.parquet` beside the images, with
    the columns `file_name` and `label`, tells the classes in place of folders.

    Files that cannot be read, copies of another file of the class and files outside the class
    folders are left out, listed in `.passed_over`, and a warning tells their number. An image
    that is in two splits stays in both; a warning tells it, and `.repeated` lists such images.

    Args:
        folder: str or path-like.
        validation, query: floats in [0, 1), the shares of each class; together below 1. A share
            above 0 is at least one image. 0 leaves the part empty. Of a split that has its own
            folder no share is drawn; with `validation` 0 its images are for training.
        seed: int, at least 0, of the draw.
        image_size: int, pixels, to which `.dataset()` resizes; use the model's.
        check: bool, decode every file once now; False finds an unreadable file only when a
            batch needs it, as an error.
        classes: what folders below class folders mean. None: an error that shows them; "path":
            every folder that holds images is a class, called by its path, `animal/cat`; "top":
            they are part of the class above them, `animal`.

    Returns:
        `Data`; ids are paths below `folder`, files are decoded when a batch needs them.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder.
        ValueError: no image that can be read, a class too small for its shares, the same image
            in two classes, or folders that can be understood in more than one way.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from PIL import Image
        >>> import keras_hashing as kh
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for shade in range(12):
        ...     place = folder / ("test" if shade < 4 else "train") / ("cat", "dog")[shade % 2]
        ...     place.mkdir(parents=True, exist_ok=True)
        ...     Image.new("L", (8, 8), shade).save(place / f"{shade}.png")
        >>> data = kh.data.from_folder(folder, validation=0.25, image_size=8)
        >>> data.class_names, len(data.train), len(data.validation), len(data.query)
        (['cat', 'dog'], 6, 2, 4)
    """
    folder = image_files.existing_folder(folder)
    drawing.check_shares(validation, query)
    checks.whole("seed", seed, 0, None, "Use 0, for example.")
    trees = folder_tree.read(folder, classes)
    if not any(tree.paths for tree in trees.values()):
        image_files.list_images(folder)  # says what it looked for
    if trees.keys() - {""} and "train" not in trees:
        raise ValueError(
            f"{folder} has no folder `train`, only {', '.join(sorted(trees))}. Pass one of these "
            "folders alone to have it cut into parts."
        )
    passed_over = [entry for tree in trees.values() for entry in tree.passed_over]
    arrays, names = _number(trees)
    sets = {
        split: ImageSet(
            paths=tree.paths,
            ids=[path.relative_to(folder).as_posix() for path in tree.paths],
            labels=array,
            image_size=image_size,
            class_names=names,
        )
        for (split, tree), array in zip(trees.items(), arrays, strict=True)
    }
    if check:
        sets, unreadable = _readable(sets, folder)
        passed_over += unreadable
    sets, copies, repeated = _without_copies(sets)
    passed_over += copies
    _tell_missing_classes(sets)
    parts = drawing.complete(
        {split or "train": images for split, images in sets.items()}, validation, query, seed
    )
    photo_files.warn_passed_over(passed_over, "`.passed_over` of the result.")
    return Data(
        name=pathlib.Path(folder).resolve().name,
        seed=seed,
        class_names=names,
        passed_over=passed_over,
        repeated=repeated,
        **parts,
    )


def _number(trees):
    """Label arrays of all splits by one map, and the names of the classes."""
    labels = [tree.labels for tree in trees.values()]
    names = sorted({name for part in labels if part.named for name in part.class_names})
    return label_fields.number(labels, names or None)


def _readable(sets, folder):
    paths = [path for images in sets.values() for path in images.paths]
    readable, passed_over = photo_files.split_readable(paths)
    if not readable:
        path, reason = passed_over[0]
        raise ValueError(f"No image in {folder} can be read; the first, {path}: {reason}")
    keep = set(readable)
    return _only(sets, keep), passed_over


def _only(sets, keep):
    """Of each set the images whose paths are in `keep`."""
    return {
        split: images.subset([i for i, path in enumerate(images.paths) if path in keep])
        for split, images in sets.items()
    }


def _without_copies(sets):
    """Drop copies inside a split; refuse copies with other labels; list those between splits."""
    place = {
        path: (split, i) for split, images in sets.items() for i, path in enumerate(images.paths)
    }
    groups: dict[object, dict] = {}  # first file -> split -> first file there
    copies = []
    for path, first in photo_files.same_content(list(place)).items():
        if not np.array_equal(*(_label(sets, place[file]) for file in (first, path))):
            raise ValueError(
                f"{first} and {path} are the same image in two classes. Delete one of them, or "
                "use `from_list` with several labels an image."
            )
        known = groups.setdefault(first, {place[first][0]: first})
        kept = known.setdefault(place[path][0], path)
        if kept is not path:
            copies.append((path, f"it is a copy of {kept}."))
    repeated = []
    for known in groups.values():
        if "query" not in known:
            known.pop("database", None)  # training images may well be in the database
        found = list(known.values())
        repeated += [(found[0], other) for other in found[1:]]
    if repeated:
        first, path = repeated[0]
        warnings.warn(
            f"{len(repeated)} image(s) are in two splits, the first: {first} and {path}. Figures "
            "will be too good; all are listed in `.repeated` of the result.",
            stacklevel=3,
        )
    kept = place.keys() - {path for path, _ in copies}
    return _only(sets, kept) if copies else sets, copies, repeated


def _label(sets, place):
    labels = sets[place[0]].labels
    return -1 if labels is None else labels[place[1]]


def _tell_missing_classes(sets):
    """Warn about classes that are in one split only."""
    if len(sets) < 2 or any(images.labels is None for images in sets.values()):
        return
    found = {
        split: set(np.flatnonzero(images.labels.any(axis=0)))
        if images.labels.ndim == 2
        else set(images.labels.tolist())
        for split, images in sets.items()
    }
    for split, others in (("train", "query"), ("query", "train")):
        lone = sorted(found.get(split, set()) - found.get(others, set()))
        if lone and others in found:
            names = sets[split].class_names or [str(label) for label in range(max(lone) + 1)]
            listed = ", ".join(names[label] for label in lone[:5])
            folders = {"train": "the training split", "query": "the test split"}
            warnings.warn(
                f"{len(lone)} class(es) are in {folders[split]} but not in {folders[others]}: "
                f"{listed}{', …' if len(lone) > 5 else ''}.",
                stacklevel=3,
            )
