"""Ids of queries and database items: checked, of one kind, and found in one another."""

import numpy as np

from keras_hashing import checks


def checked(name, ids):
    """Ids as one of two kinds.

    Args:
        name: str, the argument's name for the error.
        ids: whole numbers of any width, strs, or bytes in UTF-8, `(items,)`.

    Returns:
        int64 array or str array `(items,)`.

    Raises:
        TypeError: anything else, or numbers and strs together.
        ValueError: a number beyond int64, or bytes that are not UTF-8.
    """
    array = np.asarray(ids)
    if array.ndim == 1 and not len(array):
        return array.astype(np.int64) if array.dtype.kind not in "USTO" else array.astype(str)
    if array.ndim == 1 and (array.dtype.kind in "OT" or not hasattr(ids, "dtype")):
        array = _of_one_kind(name, ids, array)
    if array.dtype.kind not in "iuUS" or array.ndim != 1:
        raise TypeError(
            f"`{name}` must hold a whole number or a string for each item; got dtype "
            f"{array.dtype} and shape {array.shape}. Number or name the items."
        )
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "S":
        try:
            return np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"`{name}` holds bytes that are not UTF-8: {error}.") from error
    checks.between(f"largest of {name}", int(array.max()), None, 2**63 - 1, "Ids are int64.")
    return array.astype(np.int64)


def same_kind(name, ids, other_name, other):
    """Raise TypeError unless both are whole numbers, or both strings; checked ids."""
    if len(ids) and len(other) and (ids.dtype.kind == "U") != (other.dtype.kind == "U"):
        raise TypeError(
            f"`{name}` and `{other_name}` must both be whole numbers, or both strings; got "
            f"dtypes {ids.dtype} and {other.dtype}. Number or name both sides in the same way."
        )


def places(query_ids, database_ids):
    """Place of each query's id in the database, int64 `(queries,)`; -1 where it is not.

    Raises:
        TypeError: ids of two kinds.
        ValueError: an id that stands twice in the database.
    """
    same_kind("query_ids", query_ids, "database_ids", database_ids)
    unique, first, counts = np.unique(database_ids, return_index=True, return_counts=True)
    if len(unique) != len(database_ids):
        repeated = counts.argmax()
        raise ValueError(
            "`database_ids` must be unique to leave a query's own item out; got "
            f"{unique[repeated].item()!r} {counts[repeated]} times. Give every item its own id."
        )
    place = np.searchsorted(unique, query_ids).clip(max=len(unique) - 1)
    return np.where(unique[place] == query_ids, first[place], -1)


def _of_one_kind(name, ids, array):
    """Objects, as pandas holds them, or a list: NumPy alone would turn 1 and "a" both into strs."""
    kinds = {type(one) for one in ids}
    if all(issubclass(kind, (str, bytes)) for kind in kinds):
        if bytes in kinds and str in kinds:
            raise TypeError(f"`{name}` holds strs and bytes. Name all items in the same way.")
        return np.array(array.tolist())
    whole = all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds)
    if array.dtype.kind == "O" and whole:
        low, high = min(ids), max(ids)
        checks.between(f"smallest of {name}", int(low), -(2**63), None, "Ids are int64.")
        checks.between(f"largest of {name}", int(high), None, 2**63 - 1, "Ids are int64.")
        return array.astype(np.int64)
    if not whole:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(
            f"`{name}` must hold a whole number or a string for each item; got dtype "
            f"{array.dtype} and shape {array.shape}, of {names}. Number or name the items."
        )
    return array
