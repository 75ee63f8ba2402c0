"""An entry's files as `metadata.json` lists them: described when written, checked when read."""

import hashlib

from keras_hashing import files
from keras_hashing.zoo import metadata as entries


def describe(folder):
    """Dict of file name to size in bytes and hex SHA-256, for each file that an entry may have."""
    return {
        name: {"size": (folder / name).stat().st_size, "sha256": files.sha256(folder / name)}
        for name in entries.FILES
        if (folder / name).is_file()
    }


def read(entry, name):
    """Bytes of an entry's file, whose size and SHA-256 are those of `metadata.json`.

    The file is opened once, so what is parsed afterwards is what was hashed.

    Args:
        entry: `Entry` with a `path`.
        name: str, the file's name.

    Raises:
        FileNotFoundError: missing.
        ValueError: damaged, changed, or not listed.
    """
    path = entry.path / name
    listed = entry.files.get(name)
    if listed is None:
        raise ValueError(f"{entry.path}: metadata.json does not list {name}.")
    if not path.is_file() or path.is_symlink():
        raise FileNotFoundError(
            f"{path} is missing, so {entry.name} is not whole. Get the entry again."
        )
    size = path.stat().st_size
    content = path.read_bytes() if size == listed["size"] else None
    if content is None or hashlib.sha256(content).hexdigest() != listed["sha256"]:
        raise ValueError(
            f"{path} is damaged or was changed: it has {size:,} bytes, metadata.json says "
            f"{listed['size']:,}, with SHA-256 {listed['sha256'][:12]}... . Get the entry again."
        )
    return content
