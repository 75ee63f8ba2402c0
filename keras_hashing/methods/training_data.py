"""The training set of a `fit`, for methods that read it themselves."""

import numpy as np

from keras_hashing import classes as labels_of
from keras_hashing.batches import FEATURES, IMAGES, open_source

_HINT = "Pass `fit(images, labels)`, or a finite dataset of (images, labels)."
_ROWS = 256  # of an array in one batch


class TrainingData:
    """What `fit(x, y)` trains on, to be read through as often as needed.

    Args:
        x: images or features in any form that `batches.open_source` takes.
        y: labels where `x` brings none, else None.
        features: bool, whether they are features; None where `x` is to tell.
        image_size: int or None, to which files are resized.
    """

    def __init__(self, x, y=None, features=None, image_size=None):
        self.x, self.y = x, y
        rank = None if features is None else FEATURES if features else IMAGES
        self.numbers = None  # what gives labels class numbers, once it is known
        self._settings = {"rank": rank, "image_size": image_size}

    def source(self, x=None):
        """The data, or `x` in its place, as a `batches.Source`."""
        return open_source(self.x if x is None else x, self.y, **self._settings)

    def check_readable(self):
        """Raise ValueError unless the data ends, and can be read a second time."""
        try:
            readable = self.source().readable_again
        except ValueError as error:
            if "never ends" not in str(error):
                raise
            readable = False
        if not readable:
            raise ValueError(
                "this method reads its training data apart from the training, so the data must end "
                f"and be readable again; got {type(self.x).__name__}. Pass an array, a finite "
                "dataset, or `labels=` with all labels where only these are needed."
            )

    def batches(self):
        """Yield tuples of images and labels, arrays; labels are None where there are none."""
        self.check_readable()
        for batch in self.source().batches(_ROWS):
            labels = batch.labels
            if labels is not None and self.numbers is not None:
                labels = self.numbers.numbers(labels)
            yield batch.inputs, None if labels is None else np.asarray(labels)

    def check_labelled(self):
        """Raise ValueError if there are no labels, or of one class, as far as no reading tells."""
        if self.y is None and hasattr(self.x, "element_spec"):
            return
        if self.y is not None:
            labels_of.several(self.y)
        elif not hasattr(self.x, "__next__"):
            source = self.source()
            if source.placed and source.labels is None:
                raise ValueError(f"this method trains with labels; got none. {_HINT}")
            if source.labels is not None:
                labels_of.several(source.labels)

    def labels(self):
        """All labels, in a form of `classes.checked`.

        A data set with an attribute `labels`, all of them, is not read.

        Raises:
            ValueError: no labels, labels that are none, a dataset without an end, or an iterator,
                which can be read only once.
        """
        if self.y is not None:
            return labels_of.checked(self.y)
        if getattr(self.x, "labels", None) is not None:
            return labels_of.checked(self.x.labels)
        self.check_readable()
        source = self.source()
        if source.labels is not None:
            return labels_of.checked(source.labels)
        if source.placed:
            raise ValueError(f"this method trains with labels; got none. {_HINT}")
        parts = [batch.labels for batch in source.batches(_ROWS)]
        if not parts:
            raise ValueError(f"the training data is empty. {_HINT}")
        if any(part is None for part in parts):
            raise ValueError(f"this method trains with labels; got batches without. {_HINT}")
        return labels_of.checked(np.concatenate(parts))


def class_count(labels, classes=None):
    """The number of classes of training labels.

    Args:
        labels: int array `(n,)` of class numbers, or multi-hot `(n, classes)`.
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
    labels_of.several(labels)
    return classes or found
