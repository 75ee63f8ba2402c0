"""A folder of photos as a data set: a sub-folder per class, or no classes at all."""

import numpy as np

from keras_hashing import checks
from keras_hashing.data import images as image_files
from keras_hashing.data import photo_files
from keras_hashing.data.image_set import ImageSet
from keras_hashing.data.loading import Data


def from_folder(folder, validation=0.1, query=0.1, seed=0, image_size=224, check=True):
    """Cut one's own photos into train, validation, query and database.

    Each sub-folder that holds images is a class, its label the place of its name in
    alphabetical order; a folder without such sub-folders is unlabelled. Of every class a share
    is drawn for queries and one for validation; the rest is for training. The database is all
    but the queries, so **training images are in it**, as in `cifar10-s1b`: figures from it are
    higher than with new images only.

    Files that cannot be read, copies of another file of the class and files outside the class
    folders are left out, listed in `.passed_over`, and a warning tells their number.

    Args:
        folder: str or path-like.
        validation, query: floats in [0, 1), the shares of each class; together below 1. A share
            above 0 is at least one image. 0 leaves the part empty.
        seed: int, at least 0, of the draw.
        image_size: int, pixels, to which `.dataset()` resizes; use the model's.
        check: bool, decode every file once now; False finds an unreadable file only when a
            batch needs it, as an error.

    Returns:
        `Data`; ids are paths below `folder`, files are decoded when a batch needs them.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder.
        ValueError: no image that can be read, a class too small for its shares, or the same
            image in two classes.
    """
    folder = image_files.existing_folder(folder)
    _check_shares(validation, query)
    checks.whole("seed", seed, 0, None, "Use 0, for example.")
    classes, passed_over = _classes(folder)
    labelled = bool(classes)
    if not labelled:
        classes = {"": image_files.list_images(folder)}
    if check:
        classes, unreadable = _readable(classes, folder)
        passed_over += unreadable
    classes, copies = _without_copies(classes)
    passed_over += copies
    paths = [path for members in classes.values() for path in members]
    everything = ImageSet(
        paths=paths,
        ids=[path.relative_to(folder).as_posix() for path in paths],
        labels=np.repeat(np.arange(len(classes)), [len(m) for m in classes.values()])
        if labelled
        else None,
        image_size=image_size,
    )
    parts = _draw(classes, validation, query, seed)
    photo_files.warn_passed_over(passed_over, "`.passed_over` of the result.")
    return Data(
        name=folder.resolve().name,
        seed=seed,
        class_names=list(classes) if labelled else [],
        passed_over=passed_over,
        **{name: everything.subset(indices) for name, indices in parts.items()},
    )


def _check_shares(validation, query):
    checks.between("validation", validation, 0.0, 1.0, "Pass a share such as 0.1.")
    checks.between("query", query, 0.0, 1.0, "Pass a share such as 0.1.")
    if validation + query >= 1:
        raise ValueError(
            f"`validation` and `query` together must be below 1; got {validation} and {query}. "
            "Leave something to train on."
        )


def _classes(folder):
    """Dict class name -> paths, sorted; and what lies beside the class folders."""
    children = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
    found = {child.name: image_files.find_images(child) for child in children if child.is_dir()}
    classes = {name: paths for name, paths in found.items() if paths}
    if not classes:
        return {}, []
    outside = [path for path in image_files.find_images(folder) if path.parent == folder]
    passed_over = [(path, "it lies outside the class folders.") for path in outside]
    empty = [(folder / name, "it holds no image.") for name in found if name not in classes]
    return classes, passed_over + empty


def _readable(classes, folder):
    paths = [path for members in classes.values() for path in members]
    readable, passed_over = photo_files.split_readable(paths)
    if not readable:
        path, reason = passed_over[0]
        raise ValueError(f"No image in {folder} can be read; the first, {path}: {reason}")
    keep = set(readable)
    classes = {name: [p for p in members if p in keep] for name, members in classes.items()}
    return classes, passed_over


def _without_copies(classes):
    """Drop copies inside a class; refuse copies between classes."""
    owner = {path: name for name, members in classes.items() for path in members}
    copies = photo_files.same_content(list(owner))
    for path, first in copies.items():
        if owner[path] != owner[first]:
            raise ValueError(
                f"{first} and {path} are the same image in two classes. Delete one of them, or "
                "use `from_list` with several labels an image."
            )
    classes = {name: [p for p in members if p not in copies] for name, members in classes.items()}
    return classes, [(path, f"it is a copy of {first}.") for path, first in copies.items()]


def _draw(classes, validation, query, seed):
    """Indices of the four parts, ascending; one generator, the classes in order."""
    generator = np.random.Generator(np.random.PCG64(seed))
    parts = {"train": [], "validation": [], "query": [], "database": []}
    start = 0
    for name, members in classes.items():
        num_query = _share(query, len(members))
        end = num_query + _share(validation, len(members))
        if len(members) <= end:
            kind = f"class {name!r}" if name else "the folder"
            raise ValueError(
                f"{kind} has {len(members)} usable image(s); with `query={query}` and "
                f"`validation={validation}` it needs {end + 1} or more. Add images, take the "
                "class away, or set a share to 0."
            )
        order = start + generator.permutation(len(members))
        start += len(members)
        parts["query"].append(order[:num_query])
        parts["validation"].append(order[num_query:end])
        parts["train"].append(order[end:])
        parts["database"].append(order[num_query:])
    return {part: np.sort(np.concatenate(chosen)) for part, chosen in parts.items()}


def _share(share, count):
    return max(1, round(share * count)) if share > 0 else 0
