"""Directions along which features differ most, and whether there are enough of them."""

import numpy as np


def principal_components(scatter, count):
    """Eigenvectors of the largest eigenvalues, largest first.

    Args:
        scatter: float64 array `(channels, channels)`, symmetric.
        count: int in 1..channels.

    Returns:
        float64 array `(channels, count)`, orthonormal columns. Of each, the entry of the largest
        magnitude is positive: eigenvectors have no sign of their own.
    """
    _, vectors = np.linalg.eigh(scatter)
    vectors = vectors[:, ::-1][:, :count]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return vectors * np.where(largest < 0, -1.0, 1.0)


def check_rows(hasher, bits, moments):
    """Raise ValueError unless there are more rows than bits: n rows span n - 1 directions.

    Args:
        hasher: str, its name for the error.
        bits: int.
        moments: `Moments` of all rows.
    """
    if moments.count <= bits:
        raise ValueError(
            f"{hasher} needs more rows of features than bits, {bits + 1} at least; got "
            f"{moments.count}. Pass more features, lower `bits`, or take SuperBitLSH."
        )


def check_spread(hasher, moments):
    """Raise ValueError if all rows are equal, up to rounding.

    Args:
        hasher: str, its name for the error.
        moments: `Moments` of all rows.
    """
    if moments.variance.sum() <= 1e-12 * np.square(moments.mean).sum():
        raise ValueError(
            f"{hasher} needs features that differ; got {moments.count} equal rows. "
            "See whether the model saw the images."
        )
