"""The greedy search of KSH: one projection of the kernel at a time, for the similarity left.

Liu, Wang, Ji, Jiang, Chang, "Supervised Hashing with Kernels", CVPR 2012.
"""

import numpy as np

_JITTER = 1e-6  # ours: without it equal anchors make the kernel's scatter singular
_STEPS = 500
_DOUBLINGS = 50
_STILL = 1e-2  # stop when the objective changes by less than so much per item


class Residue:
    """R = bits * S - sum over the bits so far of y y^T, never written out.

    S is +1 where two items share a label and -1 elsewhere. Items of equal labels share a row of
    it, so a product costs `items * bits + groups^2`.

    Args:
        labels: int array `(items,)` or bool array `(items, classes)`, a class at least in each.
        bits: int.
    """

    def __init__(self, labels, bits):
        self._bits = bits
        kinds, groups = np.unique(labels, axis=0, return_inverse=True)
        self._groups = groups.reshape(-1)
        if labels.ndim == 1:
            alike = np.eye(len(kinds), dtype=bool)
        else:
            alike = kinds.astype(np.float64) @ kinds.T > 0
        self._similarity = np.where(alike, 1.0, -1.0)
        self._signs = np.zeros((len(labels), 0))

    def times(self, vector):
        """R v for a float array v `(items,)`."""
        sums = np.bincount(self._groups, vector, len(self._similarity))
        whole = self._bits * (self._similarity @ sums)[self._groups]
        return whole - self._signs @ (self._signs.T @ vector)

    def subtract(self, signs):
        """Take y y^T off, for signs y `(items,)` of a new bit."""
        self._signs = np.column_stack([self._signs, signs])


def learn(kernel, labels, bits):
    """Projections whose signs have inner products that follow the similarity of labels.

    Args:
        kernel: float64 array `(items, anchors)`, centred, of labelled items.
        labels: their labels, as `Residue` takes them.
        bits: int.

    Returns:
        float64 array `(anchors, bits)`.
    """
    residue = Residue(labels, bits)
    items, anchors = kernel.shape
    scatter = kernel.T @ kernel + _JITTER * np.eye(anchors)
    whiten = np.linalg.inv(np.linalg.cholesky(scatter)).T  # whiten^T scatter whiten = 1
    white = kernel @ whiten
    target = white.T @ np.column_stack([residue.times(column) for column in white.T])
    projections = []
    for _ in range(bits):
        first = whiten @ np.linalg.eigh(target)[1][:, -1]
        first *= np.sqrt(items / (first @ scatter @ first))
        best, signs = _better(kernel, residue, first, refine(kernel, residue, first))
        projections.append(best)
        residue.subtract(signs)
        moved = white.T @ signs
        target -= np.outer(moved, moved)
    return np.column_stack(projections)


def refine(kernel, residue, first):
    """Lower -phi(K a)^T R phi(K a) by Nesterov's method, phi(x) = tanh(x / 2).

    Args:
        kernel: float64 array `(items, anchors)`, K.
        residue: `Residue`, R.
        first: float64 array `(anchors,)`, a to begin with.

    Returns:
        float64 array `(anchors,)`.
    """
    now, before = first, first
    value = objective(kernel @ first, residue)[0]
    weight, next_weight, bound = 0.0, 1.0, 1.0
    for _ in range(_STEPS):
        probe = now + (weight - 1) / next_weight * (now - before)
        inner = kernel @ probe
        height, slope = objective(inner, residue)
        gradient = kernel.T @ slope
        steepness, move = gradient @ gradient, kernel @ gradient
        for _ in range(_DOUBLINGS + 1):
            found = objective(inner - move / bound, residue)[0]
            # The quadratic bound at probe - gradient / bound.
            if found <= height - steepness / (2 * bound):
                break
            bound *= 2
        else:
            break
        before, now = now, probe - gradient / bound
        weight, next_weight = next_weight, (1 + np.sqrt(1 + 4 * next_weight**2)) / 2
        change, value = abs(found - value), found
        if change <= _STILL * len(kernel):
            break
    return now


def objective(inner, residue):
    """-phi(x)^T R phi(x) for x `(items,)`, and its gradient in x."""
    relaxed = np.tanh(inner / 2)
    product = residue.times(relaxed)
    return -relaxed @ product, -product * (1 - relaxed**2)


def _better(kernel, residue, first, refined):
    """The projection whose signs agree more with the residue, and these signs."""
    found = []
    for projection in (first, refined):
        signs = np.where(kernel @ projection >= 0, 1.0, -1.0)
        found.append((signs @ residue.times(signs), projection, signs))
    (start, *kept), (end, *new) = found
    return new if end > start else kept
