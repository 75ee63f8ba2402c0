"""Mean average precision of rankings by a float similarity, exact under ties."""

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.types import ArrayLike

_BLOCK = 64  # queries whose similarities are held at once


def mean_average_precision(
    query_vectors: ArrayLike,
    query_labels: ArrayLike,
    database_vectors: ArrayLike,
    database_labels: ArrayLike,
    *,
    similarity: str = "cosine",
) -> float:
    """mAP over the whole database of a ranking by inner product or cosine.

    Items of exactly equal similarity count as in every order of theirs, on average, as in
    `keras_hashing.evaluate`. A query with nothing relevant is left out.

    Args:
        query_vectors: float array `(queries, channels)`.
        query_labels: labels of the queries, `(queries,)` or multi-hot.
        database_vectors: float array `(database, channels)`.
        database_labels: labels of the database, in the same form.
        similarity: "cosine" or "inner".

    Returns:
        float in [0, 1]; NaN if no query has anything relevant.

    Raises:
        TypeError: vectors or labels that are not numbers.
        ValueError: another similarity, shapes or lengths that do not fit, or values that are not
            finite.

    Example:
        >>> database = np.array([[1.0, 0.1], [0.0, 1.0], [1.0, 1.0]])
        >>> mean_average_precision(np.array([[1.0, 0.0]]), [0], database, [0, 1, 1])
        1.0

    Source: McSherry and Najork, "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR 2008, for the mean over orders.
    """
    checks.one_of("similarity", similarity, ("cosine", "inner"))
    query_vectors = _vectors("query_vectors", query_vectors)
    database_vectors = _vectors("database_vectors", database_vectors)
    if query_vectors.shape[1] != database_vectors.shape[1]:
        raise ValueError(
            "`query_vectors` and `database_vectors` must have as many channels; got shapes "
            f"{query_vectors.shape} and {database_vectors.shape}. Take both from one model."
        )
    query_labels, database_labels = np.asarray(query_labels), np.asarray(database_labels)
    checks.same_length("query_vectors", query_vectors, "query_labels", query_labels)
    checks.same_length("database_vectors", database_vectors, "database_labels", database_labels)
    if similarity == "cosine":
        query_vectors, database_vectors = _unit(query_vectors), _unit(database_vectors)
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, len(database_vectors) + 1))])
    values = []
    for start in range(0, len(query_vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        scores = query_vectors[block] @ database_vectors.T
        relevant = relevance.relevance(query_labels[block], database_labels)
        values += [
            _average_precision(*pair, harmonic) for pair in zip(scores, relevant, strict=True)
        ]
    found = np.array(values)
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def _average_precision(scores, relevant, harmonic):
    """Mean over the orders of equal scores; NaN with nothing relevant."""
    if not relevant.any():
        return np.nan
    order = np.argsort(-scores)
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.inf))
    size = np.diff(starts, append=len(scores))  # of each group of equal scores
    hits = np.add.reduceat(relevant[order].astype(np.int64), starts)
    with_hits = hits > 0
    hits_before = (np.cumsum(hits) - hits)[with_hits]
    starts, size, hits = starts[with_hits], size[with_hits], hits[with_hits]
    growth = np.where(size > 1, (hits - 1) / np.maximum(size - 1, 1), 0.0)
    span = harmonic[starts + size] - harmonic[starts]
    sums = hits / size * ((hits_before + 1 - growth * (starts + 1)) * span + growth * size)
    return sums.sum() / relevant.sum()


def _vectors(name, vectors):
    vectors = np.asarray(vectors)
    if vectors.dtype.kind not in "iuf":
        raise TypeError(
            f"`{name}` must be numbers; got dtype {vectors.dtype}. Pass features, or outputs."
        )
    checks.rank(name, vectors, 2, "Vectors have shape (items, channels).")
    checks.finite(name, vectors)
    return vectors


def _unit(vectors):
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
