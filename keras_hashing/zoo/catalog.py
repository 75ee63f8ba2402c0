"""Which entries there are, and where one is."""

import pathlib

from keras_hashing import checks, resources
from keras_hashing.zoo import cache
from keras_hashing.zoo import metadata as entries


def list(method=None, dataset=None, bits=None):
    """Names of the entries of the package, of the cache, and of the base, sorted.

    Args:
        method: optional str, only entries of this method.
        dataset: optional str, only of this data set.
        bits: optional int, only of this code length.

    Returns:
        List of str.
    """
    wanted = {"method": method, "dataset": dataset, "bits": bits}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    names = sorted({*_shipped(), *cache.names()})
    return [name for name in names if not wanted or _fits(name, wanted)]


def shipped():
    """Names of the entries that are part of the package, sorted."""
    return sorted(_shipped())


def info(name):
    """What is known of an entry.

    Args:
        name: str, a name of `list()`, or the path of an entry's folder.

    Returns:
        `Entry`; its `path` is None while its files are at the base of `KERAS_HASHING_ZOO` only.

    Raises:
        FileNotFoundError: a path without an entry.
        OSError: the base does not answer.
        ValueError: an unknown name, with the nearest ones; or a damaged `metadata.json`.
    """
    folder = _local(name)
    if folder is None:
        try:
            return cache.metadata(str(name))
        except KeyError:
            raise _unknown(str(name)) from None
    entry = entries.read_entry(folder)
    if entry.name != folder.resolve().name:
        raise ValueError(
            f"{folder} holds the entry {entry.name!r}. Give the folder that name again."
        )
    return entry


def whole(name):
    """As `info`, with all files of the entry in the folder `path`; fetches what is not here."""
    folder = _local(name)
    return info(find(name) if folder is None else folder)


def find(name):
    """Folder of an entry, by name or path, fetched where needed; errors as of `info`."""
    folder = _local(name)
    if folder is not None:
        return folder
    try:
        return cache.whole(str(name))
    except KeyError:
        raise _unknown(str(name)) from None


def _local(name):
    """Folder of an entry of the package or at a path; None for a name that is neither."""
    text = str(name)
    if text in _shipped():
        return resources.zoo_path("entries", text)
    path = pathlib.Path(name)
    if path.is_dir():
        return path
    if isinstance(name, pathlib.Path) or len(path.parts) != 1:
        raise FileNotFoundError(
            f"there is no entry's folder {text}. `keras-hashing zoo list` shows the names."
        )
    entries.check_name(text)
    return None


def _unknown(text):
    known = sorted({*_shipped(), *cache.names()})
    if not known:
        return ValueError(f"unknown entry {text!r}: the zoo at {_zoo_place()} has no entries yet.")
    near = checks.nearest(text, known) or known[:3]
    return ValueError(
        f"unknown entry {text!r}; the nearest are {', '.join(near)}. "
        "`keras-hashing zoo list` shows all; the path of an entry's folder works too, and "
        f"{cache.BASE_VARIABLE} may name a folder or URL with more."
    )


def _fits(name, wanted):
    if _is_here(name):
        entry = info(name)
        return all(getattr(entry, key) == value for key, value in wanted.items())
    facts = cache.facts(name)
    return all(facts[key] == value for key, value in wanted.items())


def _is_here(name):
    return name in _shipped() or (cache.root() / "entries" / name).is_dir()


def _shipped():
    try:
        folder = resources.zoo_path("entries")
    except FileNotFoundError:
        return set()
    return {path.parent.name for path in folder.glob(f"*/{entries.METADATA}")}


def _zoo_place():
    try:
        return resources.zoo_root()
    except FileNotFoundError:
        return "keras_hashing/_zoo"
