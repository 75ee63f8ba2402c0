"""Mean, covariance and a random sample of features that come in batches, in one pass."""

import numpy as np


class Moments:
    """Running mean, variance and, if wanted, scatter of rows, in float64.

    Args:
        channels: int.
        scatter: bool, whether to keep the `(channels, channels)` sum of outer products too.

    Attributes:
        count: int, rows so far.
        mean: float64 array `(channels,)`.
        scatter: float64 array `(channels, channels)`, the sum over rows of the outer product of
            (row - mean) with itself; None if not wanted.

    Source: Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", COMPSTAT 1982: merging keeps its digits where sums of squares lose them.
    """

    def __init__(self, channels, scatter=False):
        self.count = 0
        self.mean = np.zeros(channels)
        self.scatter = np.zeros((channels, channels)) if scatter else None
        self._squares = np.zeros(channels)

    def update(self, batch):
        """Take in a float64 batch `(rows, channels)` of one row at least."""
        rows = len(batch)
        batch_mean = batch.mean(axis=0)
        shift = batch_mean - self.mean
        total = self.count + rows
        centred = batch - batch_mean
        self._squares += np.square(centred).sum(axis=0)
        self._squares += np.square(shift) * (self.count * rows / total)
        if self.scatter is not None:
            self.scatter += centred.T @ centred
            self.scatter += np.outer(shift, shift) * (self.count * rows / total)
        self.mean = self.mean + shift * (rows / total)
        self.count = total

    @property
    def variance(self):
        """float64 array `(channels,)`: mean over rows of (row - mean)^2."""
        return self._squares / self.count


class Sample:
    """At most `size` rows of a stream, every set of that size being equally likely.

    Which rows are kept depends on the seed and their positions, not on the batches' sizes.

    Args:
        size: int, rows to keep.
        seed: int.
    """

    def __init__(self, size, seed):
        self._size = size
        self._generator = np.random.default_rng(seed)
        self._keys, self._rows = [], []
        self._held = 0

    def update(self, batch):
        """Take in a batch `(rows, channels)`; kept as float32."""
        self._keys.append(self._generator.random(len(batch)))
        self._rows.append(batch.astype(np.float32))
        self._held += len(batch)
        if self._held > 2 * self._size:
            self._keep_smallest()

    def rows(self):
        """The kept rows, float32 `(min(size, all), channels)`, in the order they came."""
        self._keep_smallest()
        return self._rows[0]

    def _keep_smallest(self):
        """The rows with the smallest keys are a fair sample of all rows so far."""
        keys, rows = np.concatenate(self._keys), np.concatenate(self._rows)
        if len(keys) > self._size:
            kept = np.sort(np.argpartition(keys, self._size - 1)[: self._size])
            keys, rows = keys[kept], rows[kept]
        self._keys, self._rows, self._held = [keys], [rows], len(keys)
