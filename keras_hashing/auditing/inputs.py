"""What was handed to an audit, arrays or files, brought together: one array for each role."""

import os
import pathlib
from collections.abc import Mapping

import numpy as np

from keras_hashing.auditing import array_names, reading

# The order in which files may fill what was not given: those with codes first.
_ORDER = ("codes", "query_codes", "labels", "query_labels", "ids", "query_ids")


def gather(given):
    """Arrays of all roles.

    A file (or a dict) with several arrays gives the one that its argument asks for, and what
    else of `ROLES` it holds and was not given: an entry's codes.npz its queries, a labels.npz
    its ids.

    Args:
        given: dict, each of `ROLES` -> array, path, dict of arrays (of a .npz too) or None.

    Returns:
        Tuple of a dict, each of `ROLES` -> array or None, and a list of str, notes.

    Raises:
        FileNotFoundError, ValueError, ModuleNotFoundError: a file cannot be read, or does not
            tell which of its arrays is meant.
    """
    found, notes = dict.fromkeys(array_names.ROLES), []
    for role in _ORDER:
        if given[role] is not None and not _several(given[role]):
            found[role] = given[role]
    for role in _ORDER:
        if given[role] is None or not _several(given[role]):
            continue
        name, arrays = _arrays(given[role], role)
        held = _roles(arrays, role, name)
        found[role] = held.pop(role)
        own = [other for other in held if found[other] is None and given[other] is None]
        # Labels and ids of queries belong to the queries of the same file, if it has any.
        foreign = role == "codes" and given["query_codes"] is not None
        if foreign or (found["query_codes"] is None and "query_codes" not in held | {role: 0}):
            own = [other for other in own if not other.startswith("query")]
        for other in own:
            found[other] = held[other]
        if own:
            notes.append(f"{', '.join(own)} came from {name} too")
    _drop_half(found, given, notes)
    return found, notes


def _several(value):
    """Whether a value is a file, or a set of arrays."""
    return isinstance(value, (str, os.PathLike, Mapping)) or hasattr(value, "database_codes")


def _arrays(value, role):
    """Name for messages, and arrays by name."""
    if isinstance(value, (str, os.PathLike)):
        path = pathlib.Path(value)
        arrays = reading.read(path, text=role.endswith(("labels", "ids")))
        beside = (path if path.is_dir() else path.parent) / "labels.npz"
        codes_file = path.is_dir() or path.name == "codes.npz"
        if codes_file and {"query_codes", "database_codes"} <= set(arrays) and beside.is_file():
            arrays = reading.read(beside) | arrays
        return path.name, arrays
    named = value if isinstance(value, Mapping) else vars(value)
    arrays = {str(key): array for key, array in named.items() if array is not None}
    return f"`{role}`", arrays


def _roles(arrays, role, name):
    """dict of role -> array, the asked one among them."""
    if list(arrays) == [reading.ONLY]:
        return {role: arrays[reading.ONLY]}
    places = array_names.roles(key for key, array in arrays.items() if array is not None)
    kind = role.removeprefix("query_")
    if role not in places and role != kind and kind in places:
        # A file of queries alone need not say so.
        places = {f"query_{key.removeprefix('query_')}": at for key, at in places.items()}
    if role not in places:
        places[role] = _by_shape(arrays, places, role, name)
    return {key: arrays[at] for key, at in places.items()}


def _by_shape(arrays, places, role, name):
    """The one array that can be meant where names do not tell."""
    free = {key: a for key, a in arrays.items() if key not in places.values() and a is not None}
    shapes = {key: np.shape(array) for key, array in free.items()}
    if role.endswith("codes"):
        shapes = {key: s for key, s in shapes.items() if len(s) == 2 and min(s) > 1}
    if len(shapes) == 1:
        return next(iter(shapes))
    listed = ", ".join(
        f"{key!r} (pickled, never loaded)" if array is None else f"{key!r} {np.shape(array)}"
        for key, array in arrays.items()
    )
    wanted = role if role.startswith("query") else f"{role} or database_{role}"
    raise ValueError(
        f"{name} does not tell which of its arrays is `{role}`: {listed}. Name one {wanted}, or "
        "save it by itself with `numpy.save`."
    )


def _drop_half(found, given, notes):
    """Labels or ids that a file added on one side alone are of no use: the other has none."""
    if found["query_codes"] is None:
        return
    for kind in ("labels", "ids"):
        sides = (kind, f"query_{kind}")
        have = [side for side in sides if found[side] is not None]
        if len(have) == 1 and given[have[0]] is None:
            found[have[0]] = None
            notes.append(f"{have[0]} are not used, since there are none of the other side")
