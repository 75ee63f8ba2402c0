"""Many recipes in one file: entries that differ in method and bits, and share all else."""

import pathlib
import tomllib
from typing import TYPE_CHECKING

import tomli_w

from keras_hashing import checks
from keras_hashing.training.recipe import parse_recipe
from keras_hashing.types import Path

if TYPE_CHECKING:
    from keras_hashing.training.recipe import Recipe

_KEYS = ("name", "seed", "bits", "data", "groups")
_GROUP = ("model", "training", "entries")


def is_family(path: Path) -> bool:
    """Whether a TOML file describes many recipes; False also for one that cannot be read.

    Example:
        >>> pathlib.Path("one.toml").write_text('name = "itq_photos_48"', encoding="utf-8")
        22
        >>> is_family("one.toml")
        False
    """
    try:
        return "groups" in tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def read_family(path: Path) -> "list[Recipe]":
    """All recipes of a family, by entry, then by bits.

    The file has `name` with the places `{entry}` and `{bits}`, `bits` as a list, `seed`, `data`,
    and `groups`. A group has `model` and `training` for all its `entries`; an entry has what it
    sets besides in `model`, and perhaps a `training` of its own.

    Args:
        path: str or path-like, a TOML file.

    Returns:
        List of `Recipe`; the text of each is that of a whole recipe.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not TOML, an unknown key, or a recipe that `read_recipe` would refuse.

    Example:
        >>> text = '''
        ... name = "{entry}_photos_{bits}"
        ... seed = 0
        ... bits = [16, 32]
        ... data = {folder = "photos"}
        ... [[groups]]
        ... model = {backbone = "small_cnn", image_size = 28}
        ... training = {epochs = 5}
        ... entries.dhn = {method = "dhn"}
        ... entries.csq = {method = "csq"}
        ... '''
        >>> path = pathlib.Path("photos.toml")
        >>> path.write_text(text, encoding="utf-8") > 0
        True
        >>> [recipe.name for recipe in read_family(path)]
        ['dhn_photos_16', 'dhn_photos_32', 'csq_photos_16', 'csq_photos_32']
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no recipe {path}.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for key in content:
            checks.one_of("key", key, _KEYS)
        missing = [key for key in _KEYS if key not in content]
        if missing:
            raise ValueError(f"a family of recipes must have {', '.join(missing)}.")
        return [
            _recipe(content, group, entry, bits)
            for group in content["groups"]
            for entry in _entries(group)
            for bits in content["bits"]
        ]
    except (ValueError, TypeError) as error:
        raise ValueError(f"recipes {path}: {error}") from error


def _entries(group):
    for key in group:
        checks.one_of("[[groups]] key", key, _GROUP)
    return group.get("entries", {})


def _recipe(content, group, entry, bits):
    own = dict(group["entries"][entry])
    training = {**group.get("training", {}), **own.pop("training", {})}
    name = content["name"].format(entry=entry, bits=bits)
    recipe = {
        "name": name,
        "seed": content["seed"],
        "model": {**group.get("model", {}), **own, "bits": bits},
        "data": content["data"],
        "training": training,
    }
    command = f"# keras-hashing train recipe.toml --out {name} --data-dir DIR\n"
    try:
        return parse_recipe(command + tomli_w.dumps(recipe))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from error
