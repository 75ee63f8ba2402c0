"""Distances between float features, in blocks, so that features mapped from a file stay there."""

import pathlib

import numpy as np

from keras_hashing import checks

METRICS = ("euclidean", "cosine")

_VALUES = 1 << 19  # values that are converted to float64 in one step
# A matrix product says which items can be among the first k; sums along rows then say which are.
# Its error is below 1e-11 of the squared lengths, and distances that are one in float32 differ by
# less than 1e-6: what is further off than both is left out.
_PRODUCT_ERROR = 1e-10
_ROUNDING = 1e-5


def opened(name, features):
    """Features as an array of rank 2, mapped where they are a file.

    Args:
        name: str, the argument's name for the error.
        features: array, or path of an `.npy` file.

    Returns:
        Array `(n, channels)` of numbers; a `numpy.memmap` for a file.

    Raises:
        FileNotFoundError: no such file.
        TypeError: no numbers.
        ValueError: another rank, no `.npy` file, or NaN or infinity; mapped features are not read
            for that here, but when they are used.
    """
    if isinstance(features, (str, pathlib.Path)):
        features = _mapped(name, pathlib.Path(features))
    mapped = isinstance(features, np.memmap)
    array = features if mapped else np.asarray(features)
    checks.rank(name, array, 2, "Pass one row of channels per item.")
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"`{name}` must be numbers; got dtype {array.dtype}. Pass the backbone's features."
        )
    if not mapped:
        for start in range(0, len(array), step := _step(array)):
            _finite(name, array, slice(start, start + step))
    return array


def to_rows(features, rows, query, metric):
    """Distances of one query to some rows.

    Args:
        features: of `opened`.
        rows: int64 array `(m,)`.
        query: float64 array `(channels,)`.
        metric: one of `METRICS`.

    Returns:
        float32 array `(m,)`: rounded before they are ranked, so that equal ones are ties.

    Raises:
        ValueError: NaN or infinity in one of the rows.
    """
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), step := _step(features)):
        part = slice(start, start + step)
        found[part] = _distances(
            _finite("features", features, rows[part]).astype(np.float64), query, metric
        )
    return found


def nearest(features, queries, k, metric, rows=None):
    """First k rows of each query in (distance, row) order, of all rows or of some.

    Args:
        features: of `opened`.
        queries: float64 array `(queries, channels)`.
        k: int, 1 or more.
        metric: one of `METRICS`.
        rows: int64 array, ascending, of those that count; None for all.

    Returns:
        Distances, float32, and rows, int64, both `(queries, min(k, rows))`; the distances are
        those of `to_rows`.

    Raises:
        ValueError: NaN or infinity in one of the rows.
    """
    rows = np.arange(len(features)) if rows is None else rows
    first = [(np.empty(0, np.float32), np.empty(0, np.int64)) for _ in queries]
    step = min(_step(features), max(1, _VALUES // max(1, len(queries))))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        items = _finite("features", features, block).astype(np.float64)
        estimates, errors = _estimates(queries, items, metric)
        for number, query in enumerate(queries):
            likely = np.flatnonzero(_may_be_first(estimates[number], errors[number], k))
            found = _distances(items[likely], query, metric)
            distances = np.concatenate([first[number][0], found])
            order = np.argsort(distances, kind="stable")[:k]  # earlier rows stand in front
            places = np.concatenate([first[number][1], block[likely]])
            first[number] = distances[order], places[order]
    width = min(k, len(rows))
    distances = np.array([row for row, _ in first], np.float32).reshape(len(queries), width)
    return distances, np.array([row for _, row in first], np.int64).reshape(len(queries), width)


def _mapped(name, path):
    if not path.is_file():
        raise FileNotFoundError(f"No file of `{name}` at {path}. Write one with `numpy.save`.")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"{path} is no whole .npy file of numbers ({error}). Write it again with `numpy.save`."
        ) from error


def _step(features):
    return max(1, _VALUES // max(1, features.shape[1]))


def _finite(name, features, rows):
    """Some rows, in memory, checked."""
    part = np.asarray(features[rows])
    if part.dtype.kind == "f" and not np.isfinite(part).all():
        numbers = np.arange(len(features))[rows]
        bad = np.argwhere(~np.isfinite(part))
        raise ValueError(
            f"`{name}` must be finite; got NaN or infinity, first at index "
            f"({numbers[bad[0][0]]}, {bad[0][1]}). Extract them again, or leave the item out."
        )
    return part


def _distances(items, query, metric):
    # Sums along each row, never a matrix product: equal rows get equal distances.
    if metric == "euclidean":
        return np.sqrt(np.square(items - query).sum(axis=1)).astype(np.float32)
    norms = np.sqrt(np.square(items).sum(axis=1) * np.square(query).sum())
    products = (items * query).sum(axis=1)
    cosines = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)
    return np.maximum(1.0 - cosines, 0.0).astype(np.float32)


def _estimates(queries, items, metric):
    """Squared distances, or 1 - cosine, by matrix product, and for each query their error."""
    query_squares, squares = np.square(queries).sum(axis=1), np.square(items).sum(axis=1)
    products = queries @ items.T
    if metric == "cosine":
        norms = np.sqrt(query_squares)[:, None] * np.sqrt(squares)
        cosines = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)
        return 1.0 - cosines, np.full(len(queries), _PRODUCT_ERROR)
    longest = squares.max(initial=0.0)
    return query_squares[:, None] + squares - 2 * products, _PRODUCT_ERROR * (
        query_squares + longest
    )


def _may_be_first(estimates, error, k):
    """Which items of a block can be among its first k."""
    if k >= len(estimates):
        return np.ones(len(estimates), bool)
    last = np.partition(estimates, k - 1)[k - 1]
    limit = last + _ROUNDING * np.abs(last) + error
    return ~(estimates > limit)  # also what overflowed to NaN
