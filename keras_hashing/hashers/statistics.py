"""What a fit needs of features that come in batches: mean, covariance, and a random sample."""

import keras
import numpy as np

from keras_hashing import checks

_ROWS = 4096  # rows of an array taken in one step
_INFINITE = -1  # cardinality of a dataset that repeats for ever


def batches(data):
    """Features in batches, each checked to be float, of rank 2, of one width and finite.

    Args:
        data: array or tensor `(n, channels)`; or a tf.data.Dataset, PyDataset or other iterable
            of such batches, or of tuples that begin with one.

    Yields:
        float64 arrays `(rows, channels)`, at least one row.

    Raises:
        TypeError: no numbers, or nothing that can be gone through.
        ValueError: of rank other than 2, of several widths, NaN or infinity, no rows, or endless.
    """
    channels = None
    for batch in _raw_batches(data):
        batch = batch[0] if isinstance(batch, (tuple, list)) else batch
        batch = _numbers(batch)
        checks.rank(
            "features", batch, 2, "Pass batches of (rows, channels), such as `dataset.batch(256)`."
        )
        if channels not in (None, batch.shape[1]):
            raise ValueError(
                f"`features` must have one width; got batches of {channels} and "
                f"{batch.shape[1]} channels. Take all from the same backbone."
            )
        channels = batch.shape[1]
        if len(batch):
            checks.finite("features", batch, "Check the images and the backbone's weights.")
            yield batch.astype(np.float64)
    if channels is None:
        raise ValueError("`features` must hold at least one row; got none. Pass some data.")


class Moments:
    """Mean and covariance of rows that come in batches, in float64.

    Batches are merged around their own means, so that a mean far from 0 costs no digits.

    Source: Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
    Sample Variances", COMPSTAT 1982; the merging of two means and sums of products.
    """

    def __init__(self):
        self.count = 0
        self.mean = 0.0
        self._products = 0.0

    def update(self, batch):
        """Take a float64 batch `(rows, channels)`."""
        mean = batch.mean(axis=0)
        centered = batch - mean
        shift = mean - self.mean
        total = self.count + len(batch)
        weight = self.count * len(batch) / total
        self._products = self._products + centered.T @ centered + weight * np.outer(shift, shift)
        self.mean = self.mean + shift * (len(batch) / total)
        self.count = total

    @property
    def covariance(self):
        """float64 array `(channels, channels)`, sums divided by the count."""
        return self._products / self.count


class Sample:
    """Uniform random sample of rows that come in batches; all of them while they fit.

    Args:
        most: int, rows kept.
        seed: int.

    Source: algorithm R of Vitter, "Random Sampling with a Reservoir", ACM Transactions on
    Mathematical Software, 1985.
    """

    def __init__(self, most, seed):
        self._most = most
        self._random = np.random.default_rng(seed)
        self._kept = []
        self._count = 0

    def update(self, batch):
        """Take a batch `(rows, channels)`."""
        batch = batch.astype(np.float32)
        free = max(0, self._most - self._count)
        if free:
            self._kept.append(batch[:free])
        rest = batch[free:]
        if len(rest):
            rows = self.rows
            first = self._count + min(free, len(batch))
            places = self._random.integers(0, np.arange(first, first + len(rest)) + 1)
            chosen = places < self._most
            rows[places[chosen]] = rest[chosen]  # of equal places the last row wins
        self._count += len(batch)

    @property
    def rows(self):
        """float32 array `(min(most, count), channels)`."""
        if len(self._kept) > 1:
            self._kept = [np.concatenate(self._kept)]
        return self._kept[0]


def _raw_batches(data):
    if isinstance(data, keras.utils.PyDataset):
        return (data[number] for number in range(data.num_batches))
    if hasattr(data, "cardinality") and int(data.cardinality()) == _INFINITE:
        raise ValueError("`features` must end; got an endless dataset. Use `dataset.take(n)`.")
    if hasattr(data, "shape"):
        checks.rank("features", data, 2, "Pass (rows, channels).")
        return (data[start : start + _ROWS] for start in range(0, max(1, len(data)), _ROWS))
    if not hasattr(data, "__iter__") or isinstance(data, (str, bytes, dict)):
        raise TypeError(
            f"`features` must be an array, a dataset or an iterable of batches; got "
            f"{type(data).__name__}. Pass an array of shape (rows, channels)."
        )
    return iter(data)


def _numbers(batch):
    array = np.asarray(keras.ops.convert_to_numpy(batch))
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(
            f"`features` must be numbers; got {array.dtype}. Pass the backbone's outputs."
        )
    return array
