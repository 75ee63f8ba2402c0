"""The items that a callback watches: those it was given, or some of those that `fit` trains on."""

import keras
import numpy as np

from keras_hashing import encoding
from keras_hashing.batches import open_source, parted
from keras_hashing.callbacks.collapse import Known
from keras_hashing.classes import Classes


def labelled(name, given):
    """Images and labels of what a callback is to encode again and again.

    Args:
        name: str, the argument's name for errors.
        given: images in any form that `keras_hashing.encode` takes and that brings labels, or a
            tuple of images and labels.

    Returns:
        Tuple (images, labels); labels are None where the images bring them.

    Raises:
        ValueError: no labels, or images that can be read only once.
    """
    pair = isinstance(given, (tuple, list)) and len(given) == 2 and np.ndim(given[1]) in (1, 2)
    images, labels = given if pair else parted(given)
    source = open_source(images, labels)
    if not source.readable_again:
        raise ValueError(
            f"`{name}` is read after every epoch; got {type(images).__name__}, which can be read "
            "once. Pass arrays, an ImageSet or a dataset."
        )
    spec = getattr(images, "element_spec", ())
    alone = source.placed or not isinstance(spec, (tuple, dict))
    if labels is not None and source.labels is None and alone:
        raise ValueError(
            f"the order of `{name}`, a {type(images).__name__}, cannot be seen, so labels beside "
            "it may belong to other images. Put them into it: tf.data.Dataset.zip((images, "
            "labels))."
        )
    if source.labels is None and alone:
        raise ValueError(
            f"`{name}` must be a labelled ImageSet, dataset or folder, or a tuple (images, "
            f"labels); got {_described(images)} without labels."
        )
    return images, labels


def _described(images):
    shape = getattr(images, "shape", None)
    return repr(images) if shape is None else f"{type(images).__name__} of shape {tuple(shape)}"


def encoded(name, model, given, batch_size, each=None):
    """Outputs and labels of `labelled` images, in one pass, so that they belong together.

    Returns:
        float32 array `(n, bits)`, labels as they were given.
    """
    source = encoding.source_for(model, *given)
    outputs, labels = encoding.outputs_and_labels(model, source, batch_size, 0, each=each)
    if labels is None:
        raise ValueError(f"`{name}` must bring labels; got batches without. Pass (images, labels).")
    return outputs, labels


def comparable(query, database):
    """Two results of `labelled`, with names in place of the numbers of different classes."""
    sets = query[0], database[0]
    names = [getattr(images, "class_names", None) or [] for images in sets]
    numbered = all(getattr(images, "labels", np.eye(2)).ndim == 1 for images in sets)
    if not (all(names) and numbered and list(names[0]) != list(names[1])):
        return query, database
    return tuple(
        (images, np.array(known)[images.labels]) for images, known in zip(sets, names, strict=True)
    )


def numbered(query_labels, database_labels):
    """Labels of two sets, class names among them too, as numbers of the same classes."""
    classes = Classes.of(query_labels)
    return classes.numbers(query_labels), classes.numbers(database_labels, extend=True)


def of_training(data, count):
    """Some of the training items: any of an array or of files, the first ones of a dataset.

    A dataset is read for them, once and no further than needed; one that shuffles goes on with
    another order than it would have had.

    Args:
        data: `methods.training_data.TrainingData`, or None where `fit` tells nothing.
        count: int, most items.

    Returns:
        Items, an array or a list, and their labels (None where there are none); and the labels of
        each batch that was read, a list, empty where `fit` makes the batches.

    Raises:
        ValueError: the data can be read only once, or is empty.
    """
    if data is None:
        raise _unseen("nothing that it can see")
    x = data.x
    if hasattr(x, "__next__"):
        raise _unseen(type(x).__name__)
    if isinstance(x, keras.utils.PyDataset):
        x = _spaced(x, count)
    elif hasattr(x, "element_spec"):
        x = x.take(count)
    source = data.source(x)
    if source.placed:
        places = _some(source.count, count)
        labels = source.labels
        return source.at(places), None if labels is None else np.asarray(labels)[places], []
    items, labels, found = [], [], 0
    for batch in source.batches(count):
        items.append(batch.inputs)
        labels += [np.asarray(part) for part in [batch.labels] if part is not None]
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
        labels = Classes.of(labels).numbers(labels)
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
