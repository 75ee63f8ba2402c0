"""Entries that are fetched from another place and kept: whole and checked, or not there.

The place, a folder or a URL, is given by `KERAS_HASHING_ZOO`. It has `index.json`, with the
SHA-256 of each entry's `metadata.json`, and the folders `entries/<name>`. Entries are kept in
`KERAS_HASHING_CACHE`, or in the user's cache folder.
"""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import warnings

import platformdirs
from tqdm.auto import tqdm

from keras_hashing import files
from keras_hashing.zoo import metadata as entries
from keras_hashing.zoo import remote as bases

BASE_VARIABLE = "KERAS_HASHING_ZOO"
CACHE_VARIABLE = "KERAS_HASHING_CACHE"
INDEX = "index.json"

_MOST_JSON = 1 << 20


def root():
    """Folder of the cache, which need not exist."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return pathlib.Path(chosen) if chosen else platformdirs.user_cache_path("keras_hashing")


def names():
    """Names of kept entries and of those that the base has; a warning if it is out of reach."""
    found = {path.parent.name for path in root().glob(f"entries/*/{entries.METADATA}")}
    if os.environ.get(BASE_VARIABLE):
        try:
            found |= _index(os.environ[BASE_VARIABLE]).keys()
        except (OSError, ValueError) as error:
            warnings.warn(f"entries of the base are not listed: {error}", stacklevel=3)
    return found


def metadata(name):
    """`Entry` of a name without its other files; its `path` is None unless it is kept.

    Raises:
        KeyError: neither the cache nor the base has it.
        ValueError, OSError: as `whole`.
    """
    kept = root() / "entries" / name
    if (kept / entries.METADATA).is_file():
        return entries.read_entry(kept)
    part = _part(name)
    with _locked(name):
        _fetch_metadata(name, part)
        return entries.read_entry(part, keep_path=False)


def whole(name, hashed=True):
    """`Entry` with all its files in the folder `path`, fetched if it is not kept whole.

    Two processes may ask at once; one fetches, the other waits.

    Args:
        name: str.
        hashed: bool, whether the files' hashes are compared; their sizes alone for a caller that
            compares hashes when it reads them.

    Raises:
        KeyError: neither the cache nor the base has it.
        FileNotFoundError: the base lacks one of its files.
        OSError: the base cannot be reached or stops half-way, or the disk is full. What came
            is kept, and the next call goes on.
        ValueError: a file is not what the index and the metadata say; it is fetched again next
            time.
    """
    kept = root() / "entries" / name
    with _locked(name):
        if found := _whole_entry(kept, hashed):
            return found
        part = _part(name)
        entry = _fetch_metadata(name, part)
        sizes = [facts["size"] for facts in entry.files.values()]
        with tqdm(total=sum(sizes), unit="B", unit_scale=True, desc=name, disable=None) as bar:
            for file, facts in entry.files.items():
                bases.fetch(
                    _base(), f"entries/{name}/{file}", part / file, facts["size"], bar.update
                )
                if files.sha256(part / file) != facts["sha256"]:
                    (part / file).unlink()
                    raise ValueError(
                        f"{file} of {name} at {_base()} is not what metadata.json says. Run it "
                        "again; if it stays so, tell whoever keeps that zoo."
                    )
        with files.atomic_path(kept) as place:
            part.rename(place)
    return dataclasses.replace(entry, path=kept)


def mend(name):
    """Fetch a kept entry again if a file of it is damaged and the base has it; whether it did.

    Raises:
        OSError, ValueError: as `whole`.
    """
    kept = root() / "entries" / name
    if not os.environ.get(BASE_VARIABLE) or _whole_entry(kept, hashed=True):
        return False
    try:
        whole(name)
    except KeyError:
        return False
    return True


def write_index(folder):
    """Make a folder with `entries/` a base: write its `index.json`.

    Args:
        folder: path-like.

    Returns:
        Number of entries.

    Raises:
        FileNotFoundError: the folder has no entries.
        ValueError: one of them is damaged.
    """
    folder = pathlib.Path(folder)
    paths = sorted(folder.glob(f"entries/*/{entries.METADATA}"))
    if not paths:
        raise FileNotFoundError(f"{folder}/entries has no entries. Put their folders there.")
    listed = {}
    for path in paths:
        entry = entries.read_entry(path.parent)
        facts = {key: getattr(entry, key) for key in ("method", "dataset", "bits")}
        listed[path.parent.name] = {"sha256": files.sha256(path), **facts}
    content = {"format": entries.FORMAT, "entries": listed}
    with files.atomic_path(folder / INDEX) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return len(paths)


def facts(name):
    """Method, data set and bits of an entry of the base, a dict; KeyError for another."""
    return _index(_base())[name]


@functools.lru_cache(maxsize=4)
def _index(base):
    """Dict of name to the SHA-256 of its metadata, method, data set and bits."""
    try:
        content = json.loads(bases.read(base, INDEX, _MOST_JSON))
        entries.check_format(bases.place(base, INDEX), content)
        listed = content["entries"]
        for name, facts in listed.items():
            entries.check_name(name)
            if not {"sha256", "method", "dataset", "bits"} <= facts.keys():
                raise ValueError(f"{name} lacks something")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{bases.place(base, INDEX)} is not an index of entries ({error}). Check "
            f"{BASE_VARIABLE}; `keras-hashing zoo index FOLDER` writes one."
        ) from error
    return listed


def _base():
    base = os.environ.get(BASE_VARIABLE)
    if not base:
        raise KeyError(BASE_VARIABLE)
    return base


def _part(name):
    return root() / "partial" / name


def _locked(name):
    return files.locked(root() / "locks" / f"{name}.lock")


def _fetch_metadata(name, part):
    """The entry whose metadata the index names; files of another version of it are dropped."""
    wanted = _index(_base())[name]["sha256"]
    path = part / entries.METADATA
    if not path.is_file() or files.sha256(path) != wanted:
        text = bases.read(_base(), f"entries/{name}/{entries.METADATA}", _MOST_JSON)
        if hashlib.sha256(text).hexdigest() != wanted:
            raise ValueError(
                f"metadata.json of {name} at {_base()} is not what its index says. Run it again; "
                "if it stays so, tell whoever keeps that zoo."
            )
        for old in part.glob("*"):
            old.unlink()
        with files.atomic_path(path) as temporary:
            temporary.write_bytes(text)
    return entries.read_entry(part)


def _whole_entry(folder, hashed):
    """The entry that is kept in a folder with every file as it should be, or None."""
    try:
        entry = entries.read_entry(folder)
    except (ValueError, OSError):
        return None
    right = all(
        (folder / file).is_file()
        and (folder / file).stat().st_size == facts["size"]
        and (not hashed or files.sha256(folder / file) == facts["sha256"])
        for file, facts in entry.files.items()
    )
    return entry if right else None
