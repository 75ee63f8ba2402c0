"""Where the shipped data files of the zoo are: inside an installed package, or in a checkout."""

import importlib.util
import pathlib


def zoo_root():
    """Folder of the zoo's data files (entries, backbones, samples).

    Raises:
        FileNotFoundError: neither an installed copy nor a checkout is there; says where it looked.
    """
    return _first_existing(())


def zoo_path(*parts):
    """Path of one file or folder of the zoo, for example `zoo_path("samples", "x.npz")`.

    Args:
        *parts: str, names below the zoo's root; none may lead out of it.

    Returns:
        `pathlib.Path` that exists.

    Raises:
        ValueError: a part is absolute or holds `..`.
        FileNotFoundError: it is in none of the places; says where it looked.
    """
    for part in parts:
        name = pathlib.PurePath(part)
        if name.is_absolute() or ".." in name.parts:
            raise ValueError(
                f"`parts` must be names below the zoo's folder; got {part!r}. "
                "Leave out absolute paths and `..`."
            )
    return _first_existing(parts)


def _roots():
    """Possible roots: the wheel's `keras_hashing._zoo`, then `zoo/` beside the package."""
    spec = importlib.util.find_spec("keras_hashing._zoo")
    installed = list(spec.submodule_search_locations or []) if spec else []
    checkout = pathlib.Path(__file__).resolve().parents[1] / "zoo"
    return [pathlib.Path(place) for place in installed] + [checkout]


def _first_existing(parts):
    places = [root.joinpath(*parts) for root in _roots()]
    for place in places:
        if place.exists():
            return place
    looked = ", ".join(str(place) for place in places)
    raise FileNotFoundError(
        f"The zoo's {'/'.join(map(str, parts)) or 'folder'} was not found; looked at {looked}. "
        "Install the package again, or run from a complete checkout."
    )
