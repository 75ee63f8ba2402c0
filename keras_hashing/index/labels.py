"""Labels of an index's items: one whole number each, for searches among some labels only."""

import numpy as np

from keras_hashing import checks

NONE = -1  # label of an item that was given none


def of_items(labels, codes):
    """Labels of new items, checked.

    Args:
        labels: whole numbers, 0 or more, one per code.
        codes: the items' codes.

    Returns:
        int64 array `(n,)`.

    Raises:
        TypeError: they are not whole numbers.
        ValueError: negative, or another number than of codes.
    """
    labels = _whole_numbers(labels)
    checks.same_length("codes", codes, "labels", labels)
    return labels


def wanted(labels):
    """Labels that a search asks for: int64 array `(m,)`, m >= 1, ascending, without repeats.

    Raises:
        TypeError: they are not whole numbers.
        ValueError: negative, or none.
    """
    labels = np.unique(_whole_numbers(labels))
    if not len(labels):
        raise ValueError("`labels` must name one label at least. Leave it out to search all items.")
    return labels


def _whole_numbers(labels):
    array = np.asarray(labels)
    checks.rank("labels", array, 1, "Pass a list of whole numbers.")
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu" or (array > np.iinfo(np.int64).max).any():
        raise TypeError(
            f"`labels` must be whole numbers that fit int64; got dtype {array.dtype}. "
            "Number the classes, and keep their names in a list."
        )
    if array.min() < 0:
        raise ValueError(
            f"`labels` must be 0 or more; got {array.min()}. Items without a label get none."
        )
    return array.astype(np.int64)
