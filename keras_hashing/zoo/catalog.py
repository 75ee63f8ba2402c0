"""Which entries there are, and where one is."""

import pathlib

from keras_hashing import checks, resources
from keras_hashing.zoo import entry as entries


def list(method=None, dataset=None, bits=None):
    """Names of the published entries, sorted.

    Args:
        method: optional str, only entries of this method.
        dataset: optional str, only of this data set.
        bits: optional int, only of this code length.

    Returns:
        List of str.
    """
    wanted = {"method": method, "dataset": dataset, "bits": bits}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    return [
        name
        for name in _names()
        if not wanted or all(getattr(info(name), key) == value for key, value in wanted.items())
    ]


def info(name):
    """What is known of an entry.

    Args:
        name: str, a name of `list()`, or the path of an entry's folder.

    Returns:
        `Entry`.

    Raises:
        FileNotFoundError: a path without an entry.
        ValueError: an unknown name, with the nearest ones; or a damaged `metadata.json`.
    """
    folder = find(name)
    entry = entries.read_entry(folder)
    if entry.name != folder.resolve().name:
        raise ValueError(
            f"{folder} holds the entry {entry.name!r}. Give the folder that name again."
        )
    return entry


def find(name):
    """Folder of an entry, by name or path; `ValueError` or `FileNotFoundError` as in `info`."""
    text = str(name)
    known = _names()
    if text in known:
        return resources.zoo_path("entries", text)
    path = pathlib.Path(name)
    if path.is_dir():
        return path
    if isinstance(name, pathlib.Path) or len(path.parts) != 1:
        raise FileNotFoundError(
            f"there is no entry's folder {text}. `keras-hashing zoo list` shows the names."
        )
    entries.check_name(text)
    if not known:
        raise ValueError(f"unknown entry {text!r}: the zoo at {_zoo_place()} has no entries yet.")
    near = checks.nearest(text, known) or known[:3]
    raise ValueError(
        f"unknown entry {text!r}; the nearest are {', '.join(near)}. "
        "`keras-hashing zoo list` shows all; the path of an entry's folder works too."
    )


def _names():
    try:
        folder = resources.zoo_path("entries")
    except FileNotFoundError:
        return []
    return sorted(path.parent.name for path in folder.glob(f"*/{entries.METADATA}"))


def _zoo_place():
    try:
        return resources.zoo_root()
    except FileNotFoundError:
        return "keras_hashing/_zoo"
