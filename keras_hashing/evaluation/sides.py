"""Queries and database from anything that holds codes and labels."""

import collections.abc
import os
import pathlib
import zipfile

import numpy as np

from keras_hashing import checks

_PARTS = ("", "query_", "database_")
_KEYS = {f"{part}{name}" for part in _PARTS for name in ("codes", "labels", "ids")} | {"bits"}
_FORMS = (
    "Pass `query_codes, query_labels, database_codes, database_labels`; or queries and database, "
    "each with `codes` and `labels`: a `keras_hashing.corpus.Corpus`, the path of an .npz, a dict; "
    "or one object that has all four, as `keras_hashing.zoo.codes` gives it."
)


def arguments(given, bits=None, query_ids=None, database_ids=None):
    """The arguments of an evaluation, whatever holds the arrays.

    Args:
        given: tuple of four, the positional arguments of `keras_hashing.evaluate`; None for those
            that were not given.
        bits, query_ids, database_ids: those of `keras_hashing.evaluate`; they go before what
            the objects hold.

    Returns:
        Tuple of the four arrays, and a dict of `bits`, `query_ids` and `database_ids`.

    Raises:
        FileNotFoundError: no such .npz.
        TypeError: three arguments, or something without codes and labels.
        ValueError: no labels, or code lengths that differ.
    """
    settings = {"bits": bits, "query_ids": query_ids, "database_ids": database_ids}
    count = sum(value is not None for value in given)
    if count == 4:
        return given, settings
    if any(value is None for value in given[:count]) or count not in (1, 2):
        raise TypeError(f"queries and database are not complete. {_FORMS}")
    queries = _opened("queries", given[0])
    database = queries if count == 1 else _opened("database", given[1])
    query = _side("query", queries, both=count == 1)
    other = _side("database", database, both=count == 1)
    for name, found in (("query_ids", query["ids"]), ("database_ids", other["ids"])):
        settings[name] = found if settings[name] is None else settings[name]
    for name, found in (("the queries", query["bits"]), ("the database", other["bits"])):
        if found is None:
            continue
        found = checks.bits(np.asarray(found)[()], "bits")
        if settings["bits"] not in (None, found):
            raise ValueError(
                f"{name} have codes of {found} bits, and not {settings['bits']}. "
                "Encode both sides with one model, and leave `bits` out."
            )
        settings["bits"] = found
    return (query["codes"], query["labels"], other["codes"], other["labels"]), settings


def _opened(name, given):
    """A path's arrays; anything else as it is."""
    if not isinstance(given, (str, os.PathLike)):
        return given
    path = pathlib.Path(given)
    if not path.exists():
        raise FileNotFoundError(f"`{name}`: no file {path}. {_FORMS}")
    if path.suffix != ".npz":
        raise ValueError(
            f"`{name}`: {path} is no .npz. Open the folder of a corpus with "
            f"`keras_hashing.corpus.Corpus`. {_FORMS}"
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files if key in _KEYS}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"`{name}`: {path} cannot be read: {error}.") from error


def _side(part, given, both):
    """Codes, labels, ids and bits of "query" or "database"; None for what is not there.

    An object that holds both parts has `query_codes`, `database_codes` and so on.
    """
    prefixed = _get(given, f"{part}_codes") is not None
    prefix = f"{part}_" if prefixed or both else ""
    found = {name: _get(given, f"{prefix}{name}") for name in ("codes", "labels", "ids")}
    found["bits"] = _get(given, "bits")
    name = "queries" if part == "query" else part
    if found["codes"] is None:
        raise TypeError(f"`{name}` has no `{prefix}codes`; got {_described(given)}. {_FORMS}")
    if found["labels"] is None:
        raise ValueError(
            f"`{name}` has no `{prefix}labels`, which an evaluation needs; got "
            f"{_described(given)}. {_FORMS}"
        )
    return found


def _get(given, name):
    if isinstance(given, collections.abc.Mapping):
        return given.get(name)
    value = getattr(given, name, None)
    return None if callable(value) else value


def _described(given):
    kind = type(given).__name__
    if isinstance(given, collections.abc.Mapping):
        return f"{kind} with {', '.join(map(repr, given)) or 'nothing'}"
    shape = getattr(given, "shape", None)
    return kind if shape is None else f"{kind} of shape {tuple(shape)}"
