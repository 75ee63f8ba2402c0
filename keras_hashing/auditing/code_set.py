"""What a user gives an audit, checked: codes with the labels and ids that are known."""

import dataclasses

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.auditing import code_forms
from keras_hashing.evaluation import ids as item_ids


@dataclasses.dataclass(frozen=True)
class CodeSet:
    """Codes and what is known of their items.

    Attributes:
        codes: uint8 `(items, bytes)`, packed.
        labels: int64 `(items,)` or bool `(items, classes)`; None where not known.
        ids: int64 or str `(items,)`; None where not known.
    """

    codes: np.ndarray
    labels: np.ndarray | None
    ids: np.ndarray | None

    def __len__(self):
        return len(self.codes)


def code_sets(given, bits=None):
    """The database's `CodeSet`, the queries', and the code length.

    Args:
        given: dict of `codes`, `labels`, `ids`, `query_codes`, `query_labels`, `query_ids`, each
            an array or None; codes in any form of `code_forms.packed`.
        bits: int, code length; None where the codes are to tell.

    Returns:
        Tuple of `CodeSet`; `CodeSet`, or None where no query codes are given; int bits; and a
        list of str, what was assumed.

    Raises:
        TypeError: codes or labels that are not numbers, ids that are neither whole numbers nor
            strings, or names on one side and numbers on the other.
        ValueError: no items; widths or lengths that do not fit; queries' labels or ids without
            codes, without the database's, or (labels) missing where the database has them.
    """
    _check_sides(given)
    names = ("codes", "query_codes") if given["query_codes"] is not None else ("codes",)
    arrays = [np.asanyarray(given[name]) for name in names]
    alike = len({(array.dtype, array.shape[1:]) for array in arrays}) == 1 < len(arrays)
    if bits is None and alike and any(map(code_forms.are_bytes, arrays)):
        bits = 8 * arrays[0].shape[1]  # one side alone may hold only 0 and 1
    codes, notes = [], []
    for name, array in zip(names, arrays, strict=True):
        if name == "query_codes":
            _check_width(array, arrays[0], codes[0], bits)
        found, bits, note = code_forms.packed(name, array, bits)
        codes.append(found)
        notes += [note] if note else []
    labels, ids = _labels(given, codes), _ids(given, codes)
    sets = [CodeSet(*parts) for parts in zip(codes, labels, ids, strict=True)]
    return sets[0], sets[1] if len(sets) == 2 else None, bits, notes


def _check_sides(given):
    """Raise ValueError where one side's array needs another that is not given."""
    names = ("query_labels", "query_ids")
    if given["query_codes"] is None:
        for name in names:
            _needs(name, given[name], "query_codes")
        return
    if given["labels"] is None:
        _needs("query_labels", given["query_labels"], "labels")
    elif given["query_labels"] is None:
        _needs("labels", given["labels"], "query_labels")
    if given["ids"] is None:
        _needs("query_ids", given["query_ids"], "ids")


def _check_width(query_array, array, codes, bits):
    """Raise ValueError where the queries are neither packed nor unpacked codes of `bits`."""
    if query_array.ndim != 2 or query_array.shape[1] in (codes.shape[1], bits):
        return
    what = "bytes" if array.shape[1] == codes.shape[1] else "columns"
    raise ValueError(
        f"`query_codes` and `codes` must be of one width; got {query_array.shape[1]} and "
        f"{array.shape[1]} {what}. Encode both with the same model."
    )


def _labels(given, codes):
    """Labels of each side, checked; names become the numbers of one map for both sides."""
    names = ("labels", "query_labels")[: len(codes)]
    arrays = [_column(given[name], len(c)) for name, c in zip(names, codes, strict=True)]
    if arrays[0] is None:
        return [None] * len(codes)
    texts = [array.dtype.kind == "U" for array in arrays]
    if any(texts) and not all(texts):
        raise TypeError(
            "`query_labels` and `labels` must both be numbers, or both class names; got dtypes "
            f"{arrays[1].dtype} and {arrays[0].dtype}. Label both sides in the same way."
        )
    for name, array, some in zip(names, arrays, codes, strict=True):
        if array.dtype.kind == "U" and array.ndim != 1:
            raise ValueError(
                f"`{name}` must hold one class name for each item; got shape {array.shape}. "
                "For several classes an item, pass multi-hot rows of 0 and 1."
            )
        if array.ndim and len(array) != len(some):
            raise ValueError(
                f"`{name}` must have one row for each of {len(some)} items; got {len(array)}. "
                "Pass labels in the order of the items, and codes with a row for each item."
            )
    if all(texts):
        numbers = np.unique(np.concatenate(arrays), return_inverse=True)[1]
        arrays = np.split(numbers, [len(arrays[0])])[: len(arrays)]
    checked = [
        # Contiguous, which MATLAB's arrays are not, so that rows can be seen as words.
        np.ascontiguousarray(relevance.labels(name, array, len(some)))
        for name, array, some in zip(names, arrays, codes, strict=True)
    ]
    if len(checked) == 2:
        relevance.same_form("query_labels", checked[1], "labels", checked[0])
    return checked


def _ids(given, codes):
    """Ids of each side, checked."""
    names = ("ids", "query_ids")[: len(codes)]
    checked = [
        None if given[name] is None else _checked_ids(name, given[name], some)
        for name, some in zip(names, codes, strict=True)
    ]
    known = [ids for ids in checked if ids is not None]
    if len(known) == 2:
        item_ids.same_kind("query_ids", known[1], "ids", known[0])
    return checked


def _checked_ids(name, ids, codes):
    array = _column(ids, len(codes))
    if array.dtype.kind == "f" and ((np.abs(array) < 2**53) & (array == np.floor(array))).all():
        array = array.astype(np.int64)  # MATLAB has numbers as floats
    elif array.ndim == np.ndim(ids):
        array = ids  # a list tells better than its array what it holds
    ids = item_ids.checked(name, array)
    checks.same_length(name, ids, "query_codes" if name == "query_ids" else "codes", codes)
    return ids


def _column(array, items):
    """An array of labels or ids with strings as str, one row or column as `(items,)`."""
    if array is None:
        return None
    array = np.asarray(array)
    if array.dtype.kind == "O" and all(isinstance(value, str) for value in array.flat):
        array = array.astype(str)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.ndim == 2 and 1 in array.shape and array.size == items:
        return array.ravel()
    return array


def _needs(name, value, other):
    if value is not None:
        raise ValueError(f"`{name}` needs `{other}` too; got it alone. Pass both, or neither.")
