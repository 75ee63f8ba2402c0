"""What a source holds: its files, in an order that is the same everywhere, and an item of it."""

import dataclasses
import os
import pathlib

import fsspec

from keras_hashing.data import images


@dataclasses.dataclass(frozen=True)
class Listing:
    """The files of a source that are of one kind.

    Args:
        url: str, the folder they lie in, as fsspec opens it; local paths are absolute.
        kind: "images", "parquet" or "tfrecord".
        names: list of str, paths below the folder with `/`, sorted part by part.
    """

    url: str
    kind: str
    names: list


@dataclasses.dataclass(frozen=True)
class Item:
    """What reading one image's bytes gave.

    Args:
        name: str, where the image is: a path below the source, or a file and a row, `a.parquet#3`.
        label: int, class number; None without labels.
        content: bytes of the image file; None if they could not be read.
        problem: str, why there is nothing to decode; None if all is well.
    """

    name: str
    label: int | None = None
    content: bytes | None = None
    problem: str | None = None


def list_files(source):
    """Find what a source holds.

    Hidden files and folders (a leading dot) are left out; links to folders are not followed.

    Args:
        source: str or path-like: a folder, a parquet or TFRecord file, or an fsspec URL of one.

    Returns:
        `Listing`.

    Raises:
        FileNotFoundError: nothing is there.
        ImportError: the URL's file system needs a package, which the message names.
        ValueError: no image, parquet or TFRecord file in it, or files of several kinds.
    """
    filesystem, root = fsspec.core.url_to_fs(os.fspath(source))
    if not filesystem.exists(root):
        raise FileNotFoundError(f"There is nothing at {source}. Check the path.")
    if filesystem.isfile(root):
        root, _, name = root.rpartition("/")
        names = [name]
    else:
        names = sorted(_below(filesystem, root), key=lambda name: name.split("/"))
    kinds = {}
    for name in names:
        if kind := _kind(name):
            kinds.setdefault(kind, []).append(name)
    if not kinds:
        raise ValueError(
            f"No image, parquet or TFRecord file found in {source}; looked for "
            f"{' '.join(sorted(images.EXTENSIONS))} .parquet .tfrecord. Check the path."
        )
    if len(kinds) > 1:
        raise ValueError(
            f"{source} holds files of several kinds: {', '.join(sorted(kinds))}. "
            "Pass a folder or a file of one kind."
        )
    ((kind, names),) = kinds.items()
    return Listing(filesystem.unstrip_protocol(root), kind, names)


def _below(filesystem, root):
    """Paths below `root`, without hidden ones."""
    root = root.rstrip("/")
    if isinstance(filesystem, fsspec.implementations.local.LocalFileSystem):
        for place, folders, names in os.walk(root or "/"):
            folders[:] = [name for name in folders if not name.startswith(".")]
            inside = os.path.relpath(place, root or "/")
            before = "" if inside == "." else f"{inside}/"
            yield from (before + name for name in names if not name.startswith("."))
        return
    for path in filesystem.find(root):
        name = path.removeprefix(root).lstrip("/")
        if not any(part.startswith(".") for part in name.split("/")):
            yield name


def _kind(name):
    last = name.rpartition("/")[2]
    suffix = pathlib.PurePath(last).suffix.lower()
    if suffix in images.EXTENSIONS:
        return "images"
    if suffix == ".parquet":
        return "parquet"
    return "tfrecord" if ".tfrecord" in last else None
