"""Target codes of classes that lie far apart: rows of a Hadamard matrix, or random codes.

Yuan et al., "Central Similarity Quantization for Efficient Image and Video Retrieval", CVPR 2020,
for the rows of [H; -H]; Fan et al., "Deep Polarized Network for Supervised Learning of Accurate
Binary Hashing Codes", IJCAI 2020, for random codes with a falling minimum distance.
"""

import math

import numpy as np

from keras_hashing import checks
from keras_hashing.types import Int8Array

_CANDIDATES = 1024  # drawn at a time
_FAILURES = 10_000  # candidates refused before the wanted distance falls
_BLOCK = 8192  # kept codes compared with the candidates at a time
_MOST_COMPARED = 200  # classes that `nested_order` looks at


def hadamard(order: int) -> Int8Array:
    """Matrix of -1 and +1 with orthogonal rows, so that any two rows differ in half the columns.

    Args:
        order: int in 1..4096: 1, 2 or a multiple of 4 that Sylvester's doubling, Paley's two
            constructions over prime fields, and their Kronecker products reach; 92, for one, is
            not among them.

    Returns:
        int8 array `(order, order)`, H with H H^T = order I; Sylvester's for powers of two.

    Raises:
        ValueError: an order out of range or out of reach.

    Example:
        >>> hadamard(2).tolist()
        [[1, 1], [1, -1]]

    Source: Paley, "On Orthogonal Matrices", Journal of Mathematics and Physics, 1933.
    """
    matrix = _hadamard(checks.bits(order, "order"))
    if matrix is None:
        raise ValueError(
            f"`order` must be one that Sylvester's and Paley's constructions reach; got {order}. "
            "Take a power of two, or a multiple of 4 such as 12, 20, 24, 28, 36, 40 or 48."
        )
    return matrix


def class_centres(classes: int, bits: int, seed: int = 0) -> Int8Array:
    """One code per class, far from each other.

    The first rows of [H; -H] where there is a Hadamard matrix of `bits` columns and
    2 * bits >= classes: two centres are bits / 2 or bits apart. Else random codes of which none is
    nearer to another than a distance that falls by 1 percent of `bits` after 10,000 refused
    candidates; it starts at 61 percent, or at the most that so many codes can have (ours, after
    Plotkin's bound). Time grows with the square of `classes`.

    Args:
        classes: int, at least 2.
        bits: int in 1..4096.
        seed: int, of the random codes.

    Returns:
        int8 array `(classes, bits)` of -1 and +1, no two rows alike.

    Raises:
        ValueError: more classes than codes of `bits` bits.

    Example:
        >>> class_centres(3, 4)
        array([[ 1,  1,  1,  1],
               [ 1, -1,  1, -1],
               [ 1,  1, -1, -1]], dtype=int8)
    """
    classes, bits = enough_bits(classes, bits)
    if 2 * bits >= classes:
        matrix = _hadamard(bits)
        if matrix is not None:
            return np.concatenate([matrix, -matrix])[:classes]
    rng = np.random.default_rng(seed)
    return _distinct(rng, _spread(rng, classes, bits), classes)


def bernoulli_centres(classes: int, bits: int, seed: int = 0) -> Int8Array:
    """One random code per class, every bit +1 or -1 with equal chance.

    Args:
        classes: int, at least 2.
        bits: int in 1..4096.
        seed: int.

    Returns:
        int8 array `(classes, bits)` of -1 and +1, no two rows alike.

    Raises:
        ValueError: more classes than codes of `bits` bits.

    Example:
        >>> bernoulli_centres(classes=10, bits=16).shape
        (10, 16)
    """
    classes, bits = enough_bits(classes, bits)
    return _distinct(np.random.default_rng(seed), np.empty((0, bits), np.int8), classes)


def enough_bits(classes, bits):
    """Return both as ints; ValueError if there are more classes than codes."""
    classes, bits = checks.whole("classes", classes, 2, None), checks.bits(bits)
    needed = (classes - 1).bit_length()
    if bits < needed:
        raise ValueError(
            f"`bits` must be at least {needed} to give each of {classes} classes a code of its "
            f"own; got {bits}. Take more bits."
        )
    return classes, bits


def nested_order(centres, seed=0):
    """Order of the columns in which every prefix of the centres tells the classes well apart.

    Greedy: each next column is the one that splits most of the pairs of classes that are closest
    so far, so the minimum distance rises as soon as one column can raise it; among several the one
    that splits most pairs of all, then the first. With more than 200 classes it looks at the pairs
    of 200 random ones. Ordered centres keep their order when they are ordered again.

    Args:
        centres: integer array `(classes, bits)` of -1 and +1.
        seed: int, of the choice of 200 classes.

    Returns:
        int64 array `(bits,)`, a permutation of 0..bits - 1.
    """
    signs = np.asarray(centres) > 0
    if len(signs) > _MOST_COMPARED:
        chosen = np.random.default_rng(seed).permutation(len(signs))[:_MOST_COMPARED]
        signs = signs[chosen]
    ones, others = np.triu_indices(len(signs), 1)
    totals = signs.sum(axis=0) * (~signs).sum(axis=0)  # pairs that a column splits
    distances, left, order = np.zeros(len(ones), int), np.arange(signs.shape[1]), []
    while len(left):
        closest = np.flatnonzero(distances == distances.min())
        splits = np.zeros(len(left), int)
        for start in range(0, len(closest), _BLOCK):
            part = closest[start : start + _BLOCK]
            columns = signs[:, left]
            splits += (columns[ones[part]] != columns[others[part]]).sum(axis=0)
        best = np.lexsort((-totals[left], -splits))[0]
        order.append(left[best])
        distances += signs[ones, left[best]] != signs[others, left[best]]
        left = np.delete(left, best)
    return np.array(order, np.int64)


def _hadamard(order):
    """The matrix, or None if no construction here reaches the order."""
    if order == 1:
        return np.ones((1, 1), np.int8)
    if order > 2 and order % 4:
        return None
    half = _hadamard(order // 2)
    if half is not None:
        return np.kron(np.array([[1, 1], [1, -1]], np.int8), half)
    if _is_prime(order - 1):
        return _conference(order - 1, -1) + np.eye(order, dtype=np.int8)
    if order % 8 == 4 and _is_prime(order // 2 - 1):
        core = _conference(order // 2 - 1, 1)
        doubled = np.kron(core, np.array([[1, 1], [1, -1]], np.int8))
        identity = np.eye(order // 2, dtype=np.int8)
        return doubled + np.kron(identity, np.array([[1, -1], [-1, -1]], np.int8))
    for factor in range(4, math.isqrt(order) + 1, 4):
        if order % factor == 0:
            one, other = _hadamard(factor), _hadamard(order // factor)
            if one is not None and other is not None:
                return np.kron(one, other)
    return None


def _conference(prime, sign):
    """Paley's matrix C with 0 on the diagonal and C C^T = prime I; C^T = sign C."""
    squares = np.unique(np.arange(1, prime) ** 2 % prime)
    character = np.full(prime, -1, np.int8)
    character[squares] = 1
    character[0] = 0
    rows = np.arange(prime)
    matrix = np.ones((prime + 1, prime + 1), np.int8)
    matrix[0, 0], matrix[1:, 0] = 0, sign
    matrix[1:, 1:] = character[(rows[:, None] - rows[None, :]) % prime]
    return matrix


def _is_prime(number):
    return number > 1 and all(number % d for d in range(2, math.isqrt(number) + 1))


def _signs(rng, count, bits):
    return 2 * rng.integers(0, 2, (count, bits), dtype=np.int8) - 1


def _spread(rng, classes, bits):
    """Up to `classes` random codes by rejection; fewer only when the distance falls to 1."""
    kept, count, failures = np.empty((classes, bits), np.int8), 0, 0
    most = bits * classes // (2 * (classes - 1))  # Plotkin
    distance, step = min(most, math.ceil(0.61 * bits)), max(1, bits // 100)
    while count < classes and distance > 1:
        limit = bits - 2 * distance  # the inner product of two codes at this distance
        candidates = _signs(rng, _CANDIDATES, bits).astype(np.float32)
        for start in range(0, count, _BLOCK):
            block = kept[start : min(start + _BLOCK, count)].astype(np.float32)
            candidates = candidates[(candidates @ block.T).max(axis=1) <= limit]
        fresh = candidates[_apart(candidates, limit)][: classes - count]
        kept[count : count + len(fresh)] = fresh
        count += len(fresh)
        failures += _CANDIDATES - len(fresh)
        if failures >= _FAILURES:
            distance, failures = max(1, distance - step), 0
    return kept[:count]


def _apart(candidates, limit):
    """Rows that keep `limit` among themselves, the first one first."""
    near = candidates @ candidates.T > limit
    refused, rows = np.zeros(len(candidates), bool), []
    for row in range(len(candidates)):
        if not refused[row]:
            rows.append(row)
            refused |= near[row]
    return rows


def _distinct(rng, rows, classes):
    """These rows and random ones after them, `classes` in all, no two alike."""
    while len(rows) < classes:
        rows = np.concatenate([rows, _signs(rng, classes, rows.shape[1])])
        first = np.unique(np.packbits(rows > 0, axis=1), axis=0, return_index=True)[1]
        rows = rows[np.sort(first)][:classes]
    return rows
