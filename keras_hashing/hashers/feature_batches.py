"""Features as float64 batches, which a hasher reads as often as it needs."""

import itertools
from collections.abc import Iterator

import numpy as np

from keras_hashing.batches import FEATURES, open_source

_ROWS = 4096  # rows of an array in one batch
_HINT = "Pass features of shape (items, channels), or an iterable of such batches."


class FeatureBatches:
    """Every loop over it reads the features from their beginning.

    Args:
        data: features `(items, channels)` in a form that `batches.open_source` takes.
        passes: int, how many loops there will be.

    Yields:
        float64 arrays `(rows, channels)`, each with a row at least.

    Attributes:
        channels: int.

    Raises:
        TypeError: `data` is no such thing, or its values are not real numbers.
        ValueError: no features, or some of another rank or with NaN or infinity; a dataset that
            never ends; a generator or other iterator where there is more than one pass. While
            iterating: a batch with another number of channels.
    """

    def __init__(self, data, passes=1):
        self._source = open_source(data, rank=FEATURES, name="features")
        if passes > 1 and not self._source.readable_again:
            raise ValueError(
                f"`data` is read {passes} times by this hasher; got {type(data).__name__}, which "
                "can be read once. Pass an array, a dataset, or a list of batches."
            )
        begun = self._batches()
        first = next(begun, None)
        if first is None:
            raise ValueError(f"`data` must hold one row of features at least; got none. {_HINT}")
        self.channels = first.shape[1]
        if self.channels == 0:
            raise ValueError(
                f"`data` must have one channel at least; got shape {first.shape}. {_HINT}"
            )
        self._begun: Iterator | None = itertools.chain([first], begun)

    def __iter__(self):
        batches, self._begun = self._begun or self._batches(), None
        for batch in batches:
            if batch.shape[1] != self.channels:
                raise ValueError(
                    "`data` must have the same channels in all batches; got "
                    f"{batch.shape[1]} after {self.channels}. Take all features from one model."
                )
            yield batch

    def _batches(self):
        for batch in self._source.batches(_ROWS):
            if len(batch.inputs):
                yield batch.inputs.astype(np.float64)


def labels_of(data):
    """Labels that come with features, in their order; None where there are none."""
    source = open_source(data, rank=FEATURES, name="features")
    if source.labels is not None or not source.readable_again:
        return source.labels
    parts = [batch.labels for batch in source.batches(_ROWS)]
    return np.concatenate(parts) if parts and all(part is not None for part in parts) else None
