"""Signs for label sets whose inner products reproduce similarity: CNNH's first stage.

Xia, Pan, Lai, Liu, Yan, "Supervised Hashing for Image Retrieval via Image Representation
Learning", AAAI 2014. On the host, in NumPy float64.

The paper descends on ||S - H H^T / q||^2 over H in [-1, 1]^(n x q), a row for each item. Here a
row stands for all items with the same labels: S depends on nothing else, and averaging the rows
of such items projects S - H H^T / q, which makes it no longer. So one row V_c with weight n_c, its
number of items, loses nothing, for single labels and for several.
"""

import math
import typing

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.types import ArrayLike

STEPS = ("exact", "newton")

# A descent ends when a whole sweep lowers the objective by less than this part of it.
_LEAST_FALL = 1e-4

_ROWS = 32  # rows whose similarity to all others is held at a time


class Factorization(typing.NamedTuple):
    """What `factorize` finds.

    Args:
        labels: the distinct label sets, sorted: int64 `(sets,)` or bool `(sets, classes)`.
        signs: int8 array `(sets, bits)` of -1 and +1.
        residue: float >= 0, mean over all pairs of items, each with itself too, of
            (s - inner product / bits)^2.
    """

    labels: np.ndarray
    signs: np.ndarray
    residue: float


def factorize(
    labels: ArrayLike, bits: int, sweeps: int = 20, seeds: int = 4, step: str = "exact"
) -> Factorization:
    """Signs of each label set: near +bits as inner product where two share a label, else -bits.

    Time of a sweep grows with the square of the number of distinct label sets, memory only
    linearly. Items without labels are one set, similar to itself alone.

    Args:
        labels: of all items, int `(n,)` or multi-hot `(n, classes)`.
        bits: int, 1 to 4096, the code length.
        sweeps: int >= 1, most visits to every entry, in random order.
        seeds: int >= 1, number of random starts; the one with the best signs is kept.
        step: `"exact"`, to the minimum along the entry; or `"newton"`, the paper's clipped
            Newton step, a sweep of them being undone where the objective did not fall.

    Returns:
        `Factorization`; the same one for the same arguments.

    Raises:
        ValueError: no labels, labels that are none, an unknown step, or a number out of range.

    Example:
        >>> factorize([7, 7, 9], bits=2).labels.tolist()
        [7, 9]

    Source: the paper above, stage 1. The rows per label set, the exact step, and the choice
    among several starts are ours.
    """
    labels = relevance.labels("labels", labels)
    bits = checks.bits(bits)
    checks.whole("sweeps", sweeps, 1, None)
    checks.whole("seeds", seeds, 1, None)
    checks.one_of("step", step, STEPS)
    if not len(labels):
        raise ValueError("`labels` are empty. Pass the label of every training item.")
    sets, counts = np.unique(labels, axis=0, return_counts=True)
    found = []
    for seed in range(seeds):
        values = descend(sets, counts, bits, sweeps, step, np.random.default_rng(seed))
        signs = np.where(values >= 0, 1, -1).astype(np.int8)
        residue = objective(sets, counts, signs) / (bits * len(labels)) ** 2
        found.append(Factorization(sets, signs, residue))
    return min(found, key=lambda one: one.residue)  # of equal ones the first


def objective(labels, counts, values):
    """Sum over all pairs of rows of n_a n_b (q s_ab - <v_a, v_b>)^2, with q bits.

    Args:
        labels: int array `(rows,)` or multi-hot `(rows, classes)`.
        counts: array `(rows,)`, n, number of items that a row stands for.
        values: array `(rows, q)`.

    Returns:
        Float, at least 0.
    """
    labels, counts, values = _prepared(labels, counts, values)
    bits = values.shape[1]
    weighted = counts[:, None] * values
    products = 0.0  # sum of n_a n_b s_ab <v_a, v_b>
    for start in range(0, len(values), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(values)))
        products += float(np.sum(weighted[rows] * (_similarity(labels, rows) @ weighted)))
    gram = values.T @ weighted
    # ||q S||^2 - 2 q <S, V V^T> + ||V V^T||^2; the last is that of the small Gram matrix.
    return max(0.0, float((bits * counts.sum()) ** 2 - 2 * bits * products + (gram**2).sum()))


def descend(labels, counts, bits, sweeps, step, generator):
    """Values after coordinate descent on `objective` from a random start.

    Args:
        labels, counts: as for `objective`.
        bits, sweeps, step: as for `factorize`.
        generator: `np.random.Generator`, of the start and the order.

    Returns:
        Float64 array `(rows, bits)` in [-1, 1].
    """
    values = generator.uniform(-1, 1, (len(labels), bits))
    labels, counts, values = _prepared(labels, counts, values)
    height = objective(labels, counts, values)
    for _ in range(sweeps):
        before = values.copy()
        fall = -sweep(labels, counts, values, step, generator)
        if step == "newton" and fall <= 0:
            values = before
            continue
        height -= fall
        if fall <= _LEAST_FALL * height:
            break
    return values


def sweep(labels, counts, values, step, generator):
    """Visit every entry once, the rows in random order and the entries of each row likewise.

    With all rows but c fixed, and B = sum of n_k v_k v_k^T and t = sum of n_k s_ck v_k over them,
    the objective is 2 n_c (v B v - 2 q t.v) + n_c^2 (v.v - q)^2 and a constant in v = v_c. So
    the q x q matrix is all that is kept of the others.

    Args:
        labels, counts: as for `objective`.
        values: float64 array `(rows, q)`, changed in place.
        step: as for `factorize`.
        generator: `np.random.Generator`.

    Returns:
        Float, the change of the objective.
    """
    labels, counts, values = _prepared(labels, counts, values)
    bits, change = values.shape[1], 0.0
    weighted = counts[:, None] * values
    gram = values.T @ weighted
    order = generator.permutation(len(values))
    for start in range(0, len(order), _ROWS):
        rows = order[start : start + _ROWS]
        similarity = _similarity(labels, rows)
        pulls = similarity @ weighted
        for place, row in enumerate(rows):
            count, old = float(counts[row]), values[row].copy()
            others = gram - count * np.outer(old, old)
            pull = bits * (pulls[place] - weighted[row])
            new = _row(old, others, pull, count, step, generator.permutation(bits))
            change += _row_height(new, others, pull, count) - _row_height(old, others, pull, count)
            gram = others + count * np.outer(new, new)
            values[row], weighted[row] = new, count * new
            pulls += np.outer(similarity[:, row], count * (new - old))  # for those that follow
    return change


def _prepared(labels, counts, values):
    labels = np.asarray(labels)
    if labels.ndim == 2:
        labels = labels.astype(np.float32, copy=False)  # for the products below
    return labels, np.asarray(counts, np.float64), np.asarray(values, np.float64)


def _similarity(labels, rows):
    """+1 where one of `rows` is similar to any row, and with itself, else -1: `(rows, all)`."""
    if labels.ndim == 1:
        similar = labels[rows][:, None] == labels[None, :]
    else:
        similar = labels[rows] @ labels.T > 0
    similar[np.arange(len(rows)), rows] = True  # also without labels
    return np.where(similar, 1.0, -1.0)


def _row_height(v, others, pull, count):
    """The part of the objective that depends on one row; see `sweep`."""
    gap = v @ v - len(v)
    return 2.0 * count * float((v @ others - 2.0 * pull) @ v) + (count * float(gap)) ** 2


def _row(old, others, pull, count, step, order):
    """One step for each entry of a row, in plain floats: arrays of one number are slow."""
    v, bits = old.tolist(), len(old)
    diagonal = others.diagonal().tolist()
    slopes = old @ others - pull
    norm = float(old @ old)
    for j in order.tolist():
        x, slope = v[j], slopes.item(j)
        gap = norm - bits
        if step == "newton":
            y = _newton(x, slope + count * gap * x, diagonal[j] + count * (2.0 * x * x + gap))
        else:
            # Without its own entry, the row's norm is norm - x^2, and the slope lacks B_jj x.
            linear = (slope - diagonal[j] * x) / count
            y = quartic_minimum(diagonal[j] / count + gap - x * x, linear, x)
        if y != x:
            slopes += (y - x) * others[j]
            norm += y * y - x * x
            v[j] = y
    return np.array(v)


def _newton(x, slope, curvature):
    """Newton's step from x, clipped to [-1, 1]; slope and curvature may share a factor."""
    if curvature == 0:
        return x
    return min(1.0, max(-1.0, x - slope / curvature))


def quartic_minimum(quadratic, linear, old=0.0):
    """Where y^4 / 4 + quadratic y^2 / 2 + linear y is least for y in [-1, 1], exactly.

    The even part is the same for y and -y, so y has the sign of -linear, and |y| minimises
    y^4 / 4 + quadratic y^2 / 2 - |linear| y on [0, 1]. The derivative of that starts at or below
    0, falls if at all before it rises, and so has one root beyond which it is positive.

    Args:
        quadratic, linear: floats.
        old: float, gives the sign where both are least; +1 for 0.

    Returns:
        Float in [-1, 1].
    """
    size = abs(linear)
    y = 1.0 if 1.0 + quadratic <= size else min(1.0, _largest_root(quadratic, size))
    return -y if linear > 0 or (linear == 0 and old < 0) else y


def _largest_root(p, q):
    """The largest root of y^3 + p y = q for q >= 0, at least 0."""
    third, half = p / 3.0, q / 2.0
    discriminant = half * half + third**3
    if discriminant >= 0:
        root = math.cbrt(half + math.sqrt(discriminant))
        if root == 0:
            return 0.0
        other = third / root
        # root - other, which for p > 0 would cancel.
        return q / (root * root + third + other * other) if third > 0 else root - other
    scale = math.sqrt(-third)
    return 2.0 * scale * math.cos(math.acos(min(1.0, half / scale**3)) / 3.0)
