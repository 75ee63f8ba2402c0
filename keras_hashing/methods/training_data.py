"""The training set of a `fit`, whatever form it comes in, for methods that read it themselves."""

import keras
import numpy as np

from keras_hashing import relevance

_HINT = "Pass `fit(images, labels)`, or a finite dataset of (images, labels)."
_ROWS = 256  # of an array in one batch


class TrainingData:
    """What `fit(x, y)` trains on, to be read through as often as needed.

    Args:
        x: as `fit` takes it: an array; or a `tf.data.Dataset` or `keras.utils.PyDataset` of
            batches of images, `(images, labels)` or `(images, labels, weights)`.
        y: labels where `x` is an array, else None.
    """

    def __init__(self, x, y=None):
        self.x = x
        self.y = y

    def check_readable(self):
        """Raise ValueError unless the data ends, and can be read a second time."""
        if isinstance(self.x, keras.utils.PyDataset):
            readable = self.x.num_batches is not None
        elif hasattr(self.x, "cardinality"):
            readable = int(self.x.cardinality()) != -1  # tf.data's "infinite"
        else:
            readable = hasattr(self.x, "shape")
        if not readable:
            raise ValueError(
                "this method reads its training data apart from the training, so the data must end "
                f"and be readable again; got {type(self.x).__name__}. Pass an array or a finite "
                "dataset."
            )

    def batches(self):
        """Yield tuples of images and labels, arrays; labels are None where there are none."""
        self.check_readable()
        for batch in self._raw_batches():
            if not isinstance(batch, (tuple, list)):
                batch = (batch,)
            yield _array(batch[0]), _array(batch[1]) if len(batch) > 1 else None

    def labels(self):
        """All labels, int64 `(n,)` or bool `(n, classes)`.

        A data set with an attribute `labels`, all of them, is not read.

        Raises:
            ValueError: no labels, labels that are none, a dataset without an end, or an iterator,
                which can be read only once.
        """
        if self.y is not None:
            return relevance.labels("labels", _array(self.y))
        if getattr(self.x, "labels", None) is not None:
            return relevance.labels("labels", self.x.labels)
        if hasattr(self.x, "shape"):
            raise ValueError(f"this method trains with labels; got none. {_HINT}")
        parts = [labels for _, labels in self.batches()]
        if not parts:
            raise ValueError(f"the training data is empty. {_HINT}")
        if any(part is None for part in parts):
            raise ValueError(f"this method trains with labels; got batches without. {_HINT}")
        return relevance.labels("labels", np.concatenate(parts))

    def _raw_batches(self):
        if isinstance(self.x, keras.utils.PyDataset):
            return (self.x[number] for number in range(self.x.num_batches))
        if hasattr(self.x, "cardinality"):
            return iter(self.x)
        starts = range(0, len(self.x), _ROWS)
        if self.y is None:
            return (self.x[start : start + _ROWS] for start in starts)
        return ((self.x[s : s + _ROWS], self.y[s : s + _ROWS]) for s in starts)


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
        raise ValueError(
            f"the model is for {classes} classes; got labels of {found}. "
            "Number the classes from 0 on, or make a new model with more `classes`."
        )
    present = labels.any(axis=0).sum() if labels.ndim == 2 else len(np.unique(labels))
    if present < 2:
        raise ValueError(
            f"training needs items of two classes at least; got {present}. "
            "Add items of another class, or take a method without labels."
        )
    return classes or found


def _array(values):
    return keras.ops.convert_to_numpy(values) if keras.ops.is_tensor(values) else np.asarray(values)
