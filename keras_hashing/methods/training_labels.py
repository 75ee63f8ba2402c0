"""All labels of a training set, whatever form `fit` takes it in."""

import keras
import numpy as np

from keras_hashing import relevance

_HINT = "Pass `fit(images, labels)`, or a finite dataset of (images, labels)."


def training_labels(x, y=None):
    """The labels that `fit(x, y)` would train on; a dataset is read through once.

    Args:
        x: as `fit` takes it: an array; a `tf.data.Dataset` or `keras.utils.PyDataset` of batches
            `(images, labels)` or `(images, labels, weights)`. One with an attribute `labels`, all
            of them, is not read.
        y: labels where `x` is an array, else None.

    Returns:
        int64 array `(n,)` or bool array `(n, classes)`.

    Raises:
        ValueError: no labels, labels that are none, a dataset without an end, or an iterator,
            which can be read only once.
    """
    if y is not None:
        return relevance.labels("labels", _array(y))
    if getattr(x, "labels", None) is not None:
        return relevance.labels("labels", x.labels)
    if isinstance(x, keras.utils.PyDataset):
        if x.num_batches is None:
            raise ValueError(f"the training data never ends. {_HINT}")
        batches = (x[number] for number in range(x.num_batches))
    elif hasattr(x, "cardinality"):
        if int(x.cardinality()) == -1:  # tf.data's "infinite"
            raise ValueError(f"the training data never ends. {_HINT}")
        batches = iter(x)
    else:
        raise ValueError(
            f"this method trains with labels; got none with {type(x).__name__}. {_HINT}"
        )
    parts = []
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) < 2 or batch[1] is None:
            raise ValueError(f"this method trains with labels; got batches without. {_HINT}")
        parts.append(_array(batch[1]))
    if not parts:
        raise ValueError(f"the training data is empty. {_HINT}")
    return relevance.labels("labels", np.concatenate(parts))


def class_count(labels, classes=None):
    """The number of classes of training labels.

    Args:
        labels: int array `(n,)` or multi-hot `(n, classes)`.
        classes: int if it is known, else None.

    Returns:
        int, at least 2.

    Raises:
        ValueError: labels beyond `classes`, multi-hot rows of another width, or a single class.
    """
    found = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    if classes is not None and (found > classes or (labels.ndim == 2 and found != classes)):
        what = (
            "columns" if labels.ndim == 2 else "classes, the largest label being " + str(found - 1)
        )
        raise ValueError(
            f"the model is for {classes} classes; got labels of {found} {what}. "
            "Number the classes from 0 on, or make a new model with more `classes`."
        )
    present = labels.any(axis=0).sum() if labels.ndim == 2 else len(np.unique(labels))
    if present < 2:
        raise ValueError(
            f"training needs items of two classes at least; got {present}. "
            "Add items of another class, or take a method without labels."
        )
    return classes or found


def _array(labels):
    return keras.ops.convert_to_numpy(labels) if keras.ops.is_tensor(labels) else np.asarray(labels)
