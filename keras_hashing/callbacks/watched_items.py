"""The items that a callback watches: those it was given, or some of those that `fit` trains on."""

import keras
import numpy as np

from keras_hashing import relevance
from keras_hashing.callbacks.collapse import Known


def given(images):
    """Images as `encode` takes them and labels or None, of what a user passes.

    Args:
        images: as `keras_hashing.encode` takes them, an `ImageSet`, or a tuple of images and
            labels.
    """
    if isinstance(images, tuple) and len(images) == 2:
        return images
    if hasattr(images, "paths"):
        return (images.paths if images.images is None else images.images), images.labels
    return images, None


def of_training(data, count):
    """Some of the training items: any of an array, the first ones of a dataset.

    A dataset is read for them, once and no further than needed; one that shuffles goes on with
    another order than it would have had.

    Args:
        data: `methods.training_data.TrainingData`, or None where `fit` tells nothing.
        count: int, most items.

    Returns:
        Arrays of items and labels (None where there are none), and the labels of each batch that
        was read, a list; empty for an array, whose batches `fit` makes.

    Raises:
        ValueError: the data is no array, `tf.data.Dataset` or `PyDataset`, or empty.
    """
    if data is None:
        raise _unseen("nothing that it can see")
    x = data.x
    if isinstance(x, keras.utils.PyDataset):
        batches = _spaced(x, count)
    elif hasattr(x, "cardinality"):
        batches = iter(x)
    elif hasattr(x, "shape"):
        rows = _some(len(x), count)
        return _rows(x, rows), None if data.y is None else _rows(data.y, rows), []
    else:
        raise _unseen(type(x).__name__)
    items, labels, found = [], [], 0
    for batch in batches:
        batch = batch if isinstance(batch, (tuple, list)) else (batch,)
        items.append(np.asarray(batch[0]))
        labels += [np.asarray(part) for part in batch[1:2] if part is not None]
        found += len(items[-1])
        if found >= count:
            break
    if not items:
        raise ValueError("the training data is empty; `CodeHealth` has nothing to watch.")
    all_labels = np.concatenate(labels)[:count] if len(labels) == len(items) else None
    return np.concatenate(items)[:count], all_labels, labels


def known(labels, batches=(), targets=None):
    """What labels of the watched items, and of the batches they came from, say.

    Args:
        labels: int `(n,)`, multi-hot `(n, classes)`, or None. Others, which a loss of one's own
            may take, say nothing.
        batches: labels of each batch.
        targets: int8 array `(classes, bits)` of fixed codes, or None.

    Returns:
        `collapse.Known`.
    """
    try:
        labels = relevance.labels("labels", labels)
    except (TypeError, ValueError):
        return Known(targets=targets)
    if not len(labels):
        return Known(targets=targets)
    counts = np.unique(labels, axis=0, return_counts=True)[1]
    return Known(
        classes=int(labels.any(axis=0).sum()) if labels.ndim == 2 else len(counts),
        label_sets=len(counts),
        largest=counts.max() / len(labels),
        one_class_batches=len(batches) > 1 and all(map(_single, batches)) and len(counts) > 1,
        targets=targets,
    )


def _unseen(what):
    return ValueError(
        "without `images`, `CodeHealth` watches some of the arrays or of the dataset that a model "
        f"of this package is trained on; got {what}. Pass `images`."
    )


def _single(labels):
    return len(labels) > 1 and len(np.unique(labels, axis=0)) == 1


def _spaced(dataset, count):
    """Batches from all parts of a `PyDataset`."""
    if not dataset.num_batches:  # None where it has no end
        numbers = range(0 if dataset.num_batches == 0 else count)
    else:
        first = dataset[0]
        size = len(first[0] if isinstance(first, (tuple, list)) else first)
        numbers = _some(dataset.num_batches, -(-count // size)).tolist()
    return (dataset[number] for number in numbers)


def _some(total, count):
    """Numbers below `total`, at random; a regular step could meet the classes' order."""
    return np.sort(np.random.default_rng(0).permutation(total)[:count])


def _rows(array, rows):
    if isinstance(array, np.ndarray):
        return array[rows]
    return keras.ops.convert_to_numpy(keras.ops.take(array, rows, axis=0))
