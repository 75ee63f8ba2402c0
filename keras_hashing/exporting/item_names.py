"""What an index's ids mean, kept with an export: `assets.extra/names.json`, id to name."""

import json
import pathlib

PATH = pathlib.PurePath("assets.extra", "names.json")


def write(folder, ids, names):
    """Keep names beside a saved version.

    Args:
        folder: `pathlib.Path` of the version.
        ids: int64 array `(items,)`.
        names: list of str, one an id.
    """
    path = folder / PATH
    path.parent.mkdir(exist_ok=True)
    named = {str(item): name for item, name in zip(ids.tolist(), names, strict=True)}
    path.write_text(json.dumps(named, indent=0) + "\n", encoding="utf-8")


def read(folder):
    """Id -> name of a version; None if it was exported without names.

    Args:
        folder: str or path-like of the version.

    Raises:
        ValueError: the file is damaged.
    """
    path = pathlib.Path(folder, PATH)
    if not path.is_file():
        return None
    try:
        found = {int(item): name for item, name in json.loads(path.read_bytes()).items()}
        if not all(isinstance(name, str) for name in found.values()):
            raise ValueError("a name is not text")
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: {error}. Export the model again.") from error
    return found
