"""Labels to relevance: two items are relevant to each other if they share at least one label."""

import numpy as np
import numpy.typing as npt

from keras_hashing.types import ArrayLike


def labels(name: str, array: ArrayLike, count: int | None = None) -> np.ndarray:
    """Check labels and bring them to one of two forms.

    Args:
        name: str, the argument's name for the error.
        array: int `(n,)` or `(n, 1)`, at least 0 and below 2**63; or multi-hot
            `(n, classes)` of 0 and 1 (bool, int or float) with two classes or more.
        count: optional int, the number of items they must be for.

    Returns:
        int64 array `(n,)`, or bool array `(n, classes)`.

    Raises:
        TypeError: not numbers.
        ValueError: another rank or number of rows; a label that is negative, fractional or
            beyond int64; multi-hot rows without classes, or a value other than 0 and 1 in them.

    Example:
        >>> labels("labels", [[2], [0]])
        array([2, 0])
        >>> labels("labels", [[0, 1], [1, 1]])
        array([[False,  True],
               [ True,  True]])
    """
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"`{name}` must be integers or multi-hot rows; got dtype {array.dtype}. "
            "Map class names to 0, 1, … first."
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2):
        raise ValueError(
            f"`{name}` must have shape (items,) or (items, classes); got {array.shape}."
        )
    if count is not None and len(array) != count:
        raise ValueError(
            f"`{name}` must have one row for each of {count} items; got {len(array)}. "
            "Pass labels in the order of the items."
        )
    if array.ndim == 2:
        if not array.shape[1]:
            raise ValueError(
                f"multi-hot `{name}` must have a column for each class; got shape {array.shape}. "
                "Pass two columns or more, or one class number per item."
            )
        if not np.isin(array, (0, 1)).all():
            raise ValueError(
                f"multi-hot `{name}` must hold only 0 and 1; got values between "
                f"{array.min()} and {array.max()}. {_way_to_multi_hot(name, array)}"
            )
        return array.astype(bool, order="C")  # rows are read as bytes
    if array.dtype.kind == "f" and not (np.isfinite(array) & (array == np.floor(array))).all():
        raise ValueError(f"`{name}` must be whole numbers; got fractions, NaN or infinity.")
    if len(array) and array.min() < 0:
        raise ValueError(
            f"`{name}` must be at least 0; got {int(array.min())}. "
            "Leave unlabelled items out, or give them an all-zero multi-hot row."
        )
    if len(array) and int(array.max()) >= 2**63:
        raise ValueError(
            f"`{name}` must be below 2**63; got {int(array.max())}. Number the classes from 0 on."
        )
    return array.astype(np.int64)


def _way_to_multi_hot(name, array):
    if not np.isfinite(array).all():
        return "Leave items with NaN or infinity out."
    if np.isin(array, (-1, 1)).all():
        return f"For -1 and +1 pass `({name} + 1) // 2`."
    if array.min() >= 0 and array.max() <= 1:
        return f"Make probabilities hard: `{name} >= 0.5`."
    return "Pass one class number for each item, or a column of 0 and 1 for each class."


def relevance(query_labels: ArrayLike, database_labels: ArrayLike) -> npt.NDArray[np.bool_]:
    """Relevance of every database item to every query, for small sets.

    Args:
        query_labels, database_labels: labels in one form: both `(n,)` or both `(n, classes)`.

    Returns:
        bool array `(queries, database)`.

    Raises:
        ValueError: one is single-label and the other multi-hot, or class counts differ.

    Example:
        >>> relevance([0, 1], [1, 1, 0])
        array([[False, False,  True],
               [ True,  True, False]])
    """
    query_labels = labels("query_labels", query_labels)
    database_labels = labels("database_labels", database_labels)
    same_form("query_labels", query_labels, "database_labels", database_labels)
    if query_labels.ndim == 1:
        return query_labels[:, None] == database_labels[None, :]
    return (query_labels.astype(np.float32) @ database_labels.astype(np.float32).T) > 0


def same_form(name: str, one: ArrayLike, other_name: str, other: ArrayLike) -> None:
    """Raise ValueError unless both label arrays are single, or multi-hot with equal classes.

    Example:
        >>> same_form("one", np.array([0, 1]), "other", np.array([2]))
    """
    if one.ndim != other.ndim or one.shape[1:] != other.shape[1:]:
        raise ValueError(
            f"`{name}` and `{other_name}` must both be single labels, or multi-hot rows of as "
            f"many classes; got shapes {one.shape} and {other.shape}."
        )
