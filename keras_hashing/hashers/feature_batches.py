"""Features as float64 batches, from arrays, tensors, datasets and other iterables."""

import collections.abc
import itertools

import keras
import numpy as np

from keras_hashing import checks

_ROWS = 4096  # rows of an array in one batch
_HINT = "Pass features of shape (items, channels), or an iterable of such batches."


class FeatureBatches:
    """Every loop over it reads the features from their beginning.

    Args:
        data: features `(items, channels)` as array or tensor; or `tf.data.Dataset`,
            `keras.utils.PyDataset` or another iterable of batches, each such features or a tuple
            that begins with them.
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
        if passes > 1 and isinstance(data, collections.abc.Iterator):
            raise ValueError(
                f"`data` is read {passes} times by this hasher; got {type(data).__name__}, which "
                "can be read once. Pass an array, a dataset, or a list of batches."
            )
        self._data = data
        begun = _batches(data)
        first = next(begun, None)
        if first is None:
            raise ValueError(f"`data` must hold one row of features at least; got none. {_HINT}")
        self.channels = first.shape[1]
        if self.channels == 0:
            raise ValueError(
                f"`data` must have one channel at least; got shape {first.shape}. {_HINT}"
            )
        self._begun: collections.abc.Iterator | None = itertools.chain([first], begun)

    def __iter__(self):
        batches, self._begun = self._begun or _batches(self._data), None
        for batch in batches:
            if batch.shape[1] != self.channels:
                raise ValueError(
                    "`data` must have the same channels in all batches; got "
                    f"{batch.shape[1]} after {self.channels}. Take all features from one model."
                )
            yield batch


def _batches(data):
    return filter(len, map(_checked, _parts(data)))


def _parts(data):
    if isinstance(data, np.ndarray) or keras.ops.is_tensor(data):
        checks.rank("data", data, 2, _HINT)
        return (data[start : start + _ROWS] for start in range(0, data.shape[0], _ROWS))
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches is None:
            raise ValueError("`data` never ends. Pass a `PyDataset` with a length.")
        return (data[number] for number in range(data.num_batches))
    if isinstance(data, str | bytes | dict) or not hasattr(data, "__iter__"):
        raise TypeError(f"`data` must hold features; got {type(data).__name__}. {_HINT}")
    if hasattr(data, "cardinality") and int(data.cardinality()) == -1:  # tf.data's "infinite"
        raise ValueError("`data` never ends. Pass the dataset without `repeat()`.")
    return iter(data)


def _checked(batch):
    if isinstance(batch, tuple):
        batch = batch[0] if batch else None
    array = keras.ops.convert_to_numpy(batch) if keras.ops.is_tensor(batch) else np.asarray(batch)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(
            f"`data` must hold real numbers; got {type(batch).__name__} of dtype {array.dtype}. "
            f"{_HINT}"
        )
    checks.rank("features", array, 2, _HINT)
    array = array.astype(np.float64)
    checks.finite("features", array, "Leave such items out; see what their images hold.")
    return array
