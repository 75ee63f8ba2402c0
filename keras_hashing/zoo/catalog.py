"""Which entries there are, and where one is."""

import builtins
import pathlib

from keras_hashing import checks, resources
from keras_hashing.types import Path
from keras_hashing.zoo import cache
from keras_hashing.zoo import metadata as entries


def list(
    *, method: str | None = None, dataset: str | None = None, bits: int | None = None
) -> builtins.list[str]:
    """Names of the entries of the package, of the cache, and of the base, sorted.

    Args:
        method: optional str, only entries of this method.
        dataset: optional str, only of this data set.
        bits: optional int, only of this code length.

    Returns:
        List of str; empty where entries have each of these values, but none has all of them, and
        where there are no entries at all.

    Raises:
        TypeError: a method or data set that is no str, or bits that are no whole number.
        ValueError: a value that no entry has, with the nearest ones.

    Example:
        >>> import keras_hashing as kh
        >>> kh.zoo.list(method="dhn", dataset="fashion")
        ['dhn_fashion_16', 'dhn_fashion_48']
    """
    for name, value in (("method", method), ("dataset", dataset)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"`{name}` must be a str; got {value!r} ({type(value).__name__}).")
    wanted = {
        "method": method,
        "dataset": dataset,
        "bits": None if bits is None else checks.bits(bits),
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    names = sorted({*_shipped(), *cache.names()})
    if not wanted or not names:
        return names
    facts = _facts(names)
    for key, value in wanted.items():
        _check_known(key, value, sorted({some[key] for some in facts.values()}))
    return [name for name, some in facts.items() if wanted.items() <= some.items()]


def shipped() -> builtins.list[str]:
    """Names of the entries that are part of the package, sorted.

    Example:
        >>> "dhn_fashion_48" in shipped()
        True
    """
    return sorted(_shipped())


def info(name: Path) -> entries.Entry:
    """What is known of an entry.

    Args:
        name: str, a name of `list()`, or the path of an entry's folder.

    Returns:
        `Entry`; its `path` is None while its files are at the base of `KERAS_HASHING_ZOO` only.

    Raises:
        FileNotFoundError: a path without an entry.
        OSError: the base does not answer.
        ValueError: an unknown name, with the nearest ones; or a damaged `metadata.json`.

    Example:
        >>> import keras_hashing as kh
        >>> entry = kh.zoo.info("dhn_fashion_48")
        >>> entry.backbone, entry.counts["database"], round(entry.metrics["map(expected)"], 4)
        ('small_cnn', 64000, 0.7009)
    """
    folder = _local(name)
    if folder is None:
        try:
            return cache.metadata(str(name))
        except KeyError:
            raise _unknown(str(name)) from None
    return _entry_in(folder)


def find(name: Path) -> pathlib.Path:
    """Folder of an entry, by name or path, fetched where needed; errors as of `info`.

    Example:
        >>> find("dhn_fashion_48").name
        'dhn_fashion_48'
    """
    return _local(name) or _kept(name).path


def complete(name):
    """As `info`, with all files of the entry in the folder `path`; fetches what is not here."""
    folder = _local(name)
    return _kept(name) if folder is None else _entry_in(folder)


def read(name, reader):
    """What a reader makes of an entry's files, which it checks as it reads them.

    So nothing is hashed twice. A kept entry whose files turn out to be damaged is fetched again.

    Args:
        name: as of `info`.
        reader: function of an `Entry` with all its files; it raises ValueError or
            FileNotFoundError for a damaged or missing one.
    """
    folder = _local(name)
    if folder is not None:
        return reader(_entry_in(folder))
    entry = _kept(name, hashed=False)
    try:
        return reader(entry)
    except (ValueError, FileNotFoundError):
        if not cache.mend(entry.name):
            raise
    return reader(_kept(name, hashed=False))


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


def _entry_in(folder):
    entry = entries.read_entry(folder)
    if entry.name != folder.resolve().name:
        raise ValueError(
            f"{folder} holds the entry {entry.name!r}. Give the folder that name again."
        )
    return entry


def _kept(name, hashed=True):
    """Entry of the cache, fetched if it is not kept; errors as of `info`."""
    try:
        return cache.whole(str(name), hashed)
    except KeyError:
        raise _unknown(str(name)) from None


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


def _facts(names):
    """Dict of name to the method, data set and bits of an entry."""
    shipped, found = _shipped(), {}
    for name in names:
        if name in shipped:
            entry = entries.read_entry(resources.zoo_path("entries", name))
        elif (cache.root() / "entries" / name).is_dir():
            entry = cache.metadata(name)
        else:
            found[name] = cache.facts(name)
            continue
        found[name] = {"method": entry.method, "dataset": entry.dataset, "bits": entry.bits}
    return found


def _check_known(key, value, known):
    """Raise ValueError unless an entry has this value."""
    if key != "bits":
        checks.one_of(key, value, known, "`keras-hashing zoo list` shows all entries.")
    elif value not in known:
        lengths = ", ".join(map(str, known))
        raise ValueError(f"`bits` must be a length that an entry has: {lengths}; got {value}.")


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
