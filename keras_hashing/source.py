"""Items in one order, read through in batches: an array, files, a list, or a stream."""

import concurrent.futures
import itertools
from typing import Any, NamedTuple

import numpy as np

from keras_hashing import pixels
from keras_hashing.data import images as image_files
from keras_hashing.elements import IMAGES, array


class Batch(NamedTuple):
    """Items of one step: arrays `(n, …)`; labels and ids None where there are none."""

    inputs: Any
    labels: Any = None
    ids: Any = None


class Source:
    """Items in one order, to be read through in batches.

    Attributes:
        count: int or None where it is not known.
        labels: labels of all items as they were given, array or list; None where there are none,
            or where they come with the batches.
        ids: list of str or None.
        name: str, the argument's name for errors.
        readable_again: bool, whether `batches` gives all items a second time.
        placed: bool, whether `at` gives items by their places.
    """

    count: int | None = None
    labels: Any = None
    ids: Any = None
    name = "images"
    readable_again = True
    placed = False

    def __len__(self):
        return self.count or 0

    def steps(self, batch_size):
        """Number of batches, int, or None where it is not known."""
        return None if self.count is None else -(-self.count // batch_size)

    def batches(self, batch_size):
        """Yield `Batch`es in order; those of a data set that is batched have its own sizes."""
        raise NotImplementedError

    def at(self, places):
        """Items at some places: array, or list of images or paths."""
        raise NotImplementedError

    def _labelled(self, start, batch_size):
        part = slice(start, start + batch_size)
        labels = None if self.labels is None else self.labels[part]
        return labels, None if self.ids is None else self.ids[part]


class Rows(Source):
    """An array or tensor, whole in memory."""

    placed = True

    def __init__(self, rows, reader, labels=None, ids=None):
        self.rows, self.labels, self.ids, self.count = rows, labels, ids, len(rows)
        self._reader = reader
        if reader.rank == IMAGES and not isinstance(rows, np.memmap):  # that is read but once
            pixels.check(array(rows), reader.name)

    def batches(self, batch_size):
        scale = pixels.Scale(self._reader.name)
        for start in range(0, len(self), batch_size):
            rows = array(self.rows[start : start + batch_size])
            if self._reader.rank != IMAGES or isinstance(self.rows, np.memmap):
                self._reader.check_values(rows, scale)
            yield Batch(rows, *self._labelled(start, batch_size))

    def at(self, places):
        if isinstance(self.rows, np.ndarray):
            return self.rows[places]
        import keras

        return array(keras.ops.take(self.rows, places, axis=0))


class Files(Source):
    """Image files, read and resized in threads, at most two batches ahead."""

    placed = True

    def __init__(self, paths, image_size, labels=None, ids=None):
        self.paths, self.image_size = list(paths), image_size
        self.labels, self.ids, self.count = labels, ids, len(self.paths)

    def batches(self, batch_size):
        if self.image_size is None and self.count:
            raise ValueError(
                "the model does not say to which size image files are to be resized. Read them "
                "with `keras_hashing.data.read_image` and pass arrays."
            )
        with concurrent.futures.ThreadPoolExecutor() as pool:
            remaining = iter(self.paths)
            waiting: list = []
            for start in range(0, len(self), batch_size):
                missing = 2 * batch_size - len(waiting)
                waiting += [
                    pool.submit(self._read, path) for path in itertools.islice(remaining, missing)
                ]
                images = np.stack([future.result() for future in waiting[:batch_size]])
                waiting = waiting[batch_size:]
                yield Batch(images, *self._labelled(start, batch_size))

    def at(self, places):
        return [self.paths[place] for place in places]

    def _read(self, path):
        return image_files.resize(image_files.read_image(path), self.image_size)


class Items(Source):
    """A list of images in memory, whose sizes may differ, or a list of rows of features."""

    placed = True

    def __init__(self, items, reader, labels=None):
        self.items, self.labels, self.count = items, labels, len(items)
        self._reader = reader

    def batches(self, batch_size):
        for start in range(0, len(self), batch_size):
            inputs = self._reader.stack(self.items[start : start + batch_size])
            yield Batch(inputs, *self._labelled(start, batch_size))

    def at(self, places):
        return [self._reader.item(self.items[place]) for place in places]


class Stream(Source):
    """A data set, generator or other iterable, of items or of batches."""

    def __init__(self, elements, reader, readable_again=True, length=None):
        self._elements, self._reader = elements, reader
        self.readable_again, self._length = readable_again, length
        self.labels_beside = False  # whether labels were passed apart from it

    def steps(self, batch_size):
        if self._length is None:
            return None
        if self._reader.batched is None:
            self._elements = self._peeked(self._elements)
        return self._length if self._reader.batched else -(-self._length // batch_size)

    def batches(self, batch_size):
        for inputs, labels, ids in self._reader.batches(self._elements(), batch_size):
            if self.labels_beside and labels is None:
                raise ValueError(
                    "the order of a dataset cannot be seen, so labels beside it may belong to "
                    "other images. Put them into it: tf.data.Dataset.zip((images, labels))."
                )
            yield Batch(inputs, labels, ids)

    def _peeked(self, elements):
        """Learn from the first element whether they are batches; it is not lost."""
        begun = iter(elements())
        first = next(begun, None)
        if first is None:
            return elements
        self._reader.learn(first)
        whole = itertools.chain([first], begun)
        pending = [whole]
        return lambda: pending.pop() if pending else elements()
