"""What the sub-folders of a folder of images mean: splits, classes, or an error that asks."""

import dataclasses
import os
import pathlib

from keras_hashing import checks
from keras_hashing.data import images as image_files
from keras_hashing.data import label_fields, list_table

# The names by which Hugging Face's `imagefolder` knows splits, and those of retrieval.
SPLITS = dict.fromkeys(("train", "training"), "train")
SPLITS |= dict.fromkeys(("validation", "valid", "val", "dev"), "validation")
SPLITS |= dict.fromkeys(("test", "testing", "eval", "evaluation", "query", "queries"), "query")
SPLITS |= dict.fromkeys(("database", "gallery"), "database")

CLASSES = (None, "path", "top")
_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_LISTED = 10  # folders in an error


@dataclasses.dataclass
class Tree:
    """Images of one split, or of a folder without splits.

    Attributes:
        paths: list of `pathlib.Path`, class by class, sorted within.
        labels: `label_fields.Labels`; `items` is None where there are no classes.
        passed_over: list of (path, reason).
    """

    paths: list
    labels: label_fields.Labels
    passed_over: list


def read(folder, classes=None):
    """Find the splits and classes of a folder.

    Args:
        folder: `pathlib.Path`, existing.
        classes: None, "path" or "top", as of `from_folder`.

    Returns:
        Dict "train", "validation", "query", "database" -> `Tree`; without split folders only
        "" -> `Tree`.

    Raises:
        ValueError: images below class folders while `classes` is None; split folders beside
            others, or two for one split, or some with classes and some without; or metadata
            that fit no image. Says what lies where.
    """
    checks.one_of("classes", classes, CLASSES)
    top = _with_images(folder)
    roles: dict[str, list] = {}
    for child in top:
        roles.setdefault(SPLITS.get(child.name.lower(), ""), []).append(child)
    if not roles or "" in roles:
        if len(roles) > 2 and classes is None:
            known = [child.name for role, found in roles.items() if role for child in found]
            raise ValueError(
                f"{folder} has the split folders {', '.join(known)}, and beside them "
                f"{', '.join(child.name for child in roles[''])}. Take those away, or pass "
                "`classes='top'` if all are classes.\n" + _shape(folder)
            )
        return {"": _classes(folder, classes)}
    for role, found in roles.items():
        if len(found) > 1:
            names = " and ".join(child.name for child in found)
            raise ValueError(f"{folder} has {names}, which are both {role} images. Join them.")
    metadata = _metadata(folder)
    order = [role for role in dict.fromkeys(SPLITS.values()) if role in roles]
    trees = {role: _classes(roles[role][0], classes, metadata) for role in order}
    bare = [role for role, tree in trees.items() if tree.labels.items is None]
    bare = [role for role in bare if trees[role].labels.flags is None]
    if bare and len(bare) < len(trees):
        raise ValueError(
            f"{roles[bare[0]][0]} holds images without class folders, the other splits have "
            f"classes. Sort them, or take the folder away.\n{_shape(folder)}"
        )
    first = next(iter(trees.values()))
    first.passed_over += [
        (path, "it lies outside the split folders.") for path in _directly_in(folder)
    ]
    return trees


def _classes(base, how, metadata=None):
    """The `Tree` of a folder whose sub-folders are classes, or which metadata describe."""
    children = _with_images(base)
    metadata, unread = _own_metadata(base, bool(children)) if metadata is None else (metadata, [])
    if metadata is not None:
        return _by_metadata(base, metadata)
    if not children:
        return Tree(_directly_in(base), label_fields.Labels(), unread)
    found = [(child, path) for child in children for path in image_files.find_images(child)]
    if how is None and any(path.parent != child for child, path in found):
        raise ValueError(
            f"{base} has images in folders below its class folders. Pass `classes='path'` to "
            "make each folder that holds images a class, `classes='top'` to make the upper ones "
            f"the classes, or pass a folder further down.\n{_shape(base)}"
        )
    named = [
        (path.parent.relative_to(base).as_posix() if how == "path" else child.name, path)
        for child, path in found
    ]
    named.sort(key=lambda item: item[0])  # stable: sorted by path within a class
    passed_over = [(path, "it lies outside the class folders.") for path in _directly_in(base)]
    passed_over += [
        (child, "it holds no image.")
        for child in sorted(base.iterdir())
        if child.is_dir() and child not in children and not child.name.startswith(".")
    ]
    names = sorted({name for name, _ in named})
    labels = label_fields.Labels(items=[(name,) for name, _ in named], class_names=names)
    return Tree([path for _, path in named], labels, passed_over + unread)


def _with_images(folder):
    """Sub-folders, sorted, that hold an image at any depth."""
    return [
        child
        for child in sorted(folder.iterdir())
        if child.is_dir() and not child.name.startswith(".") and image_files.find_images(child)
    ]


def _directly_in(folder):
    return [path for path in image_files.find_images(folder) if path.parent == folder]


def _own_metadata(base, has_classes):
    """(metadata, passed_over); metadata without labels are no matter where folders are classes."""
    try:
        return _metadata(base), []
    except ValueError as error:
        if not has_classes:
            raise
        file = next(base / name for name in _METADATA if (base / name).is_file())
        return None, [(file, f"the folders are the classes: {error}")]


def _metadata(folder):
    """(file, dict path -> place, `Labels`) of `metadata.csv` and the like, or None."""
    file = next((folder / name for name in _METADATA if (folder / name).is_file()), None)
    if file is None:
        return None
    if file.suffix == ".parquet":
        import pyarrow.parquet

        records = pyarrow.parquet.read_table(file).to_pylist()
        table = list_table.from_records(file, records, list(range(1, len(records) + 1)))
    else:
        table = list_table.read(file)
    if table.labels.items is None and table.labels.flags is None:
        raise ValueError(f"{file} has no column `label`.")
    places: dict[str, int] = {}
    for place, (name, line) in enumerate(zip(table.names, table.lines, strict=True)):
        path = os.path.normpath(folder / name.replace("\\", "/"))
        if not pathlib.Path(path).is_file():
            raise FileNotFoundError(f"{file}, line {line}: there is no image {path}.")
        if places.setdefault(path, place) != place:
            raise ValueError(f"{file}, line {line}: {name} has a line already. Delete one.")
    return file, places, table.labels


def _by_metadata(base, metadata):
    file, places, labels = metadata
    paths = image_files.find_images(base)
    missing = [path for path in paths if os.path.normpath(path) not in places]
    if missing:
        raise ValueError(
            f"{file} has no line for {len(missing)} image(s) of {base}, the first: {missing[0]}. "
            "Add them, or take the images away."
        )
    rows = [places[os.path.normpath(path)] for path in paths]
    return Tree(paths, labels.chosen(rows), [])


def _shape(folder):
    """The folders that hold images, a line each."""
    counts: dict[pathlib.Path, int] = {}
    for path in image_files.find_images(folder):
        counts[path.parent] = counts.get(path.parent, 0) + 1
    lines = [
        f"  {place.relative_to(folder).as_posix()}: {count} image(s)"
        for place, count in counts.items()
    ]
    more = [f"  and {len(lines) - _LISTED} more folders"] if len(lines) > _LISTED else []
    return "\n".join([f"{folder} holds:", *lines[:_LISTED], *more])
