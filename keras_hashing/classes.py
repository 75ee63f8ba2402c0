"""Training labels: checked, and mapped to class numbers 0, 1, … in one place."""

import numbers

import numpy as np

from keras_hashing import relevance

_EXACT = 2**24  # losses compare labels as float32, which takes larger numbers for one another
_NEW = _EXACT // 2  # where numbers that are given out begin, beside small labels as they are
_RAGGED = (
    "`labels` have rows of different lengths. Pass one class for each item, or multi-hot rows of "
    "0 and 1."
)


class Classes:
    """What the classes of a model's labels are, and the number of each.

    Args:
        values: list of int or str, the label of each class by its number; None for multi-hot
            rows, whose columns are the classes.
        columns: int, columns of multi-hot rows, else None.

    Example:
        >>> found = Classes.of(["dog", "cat", "dog"])
        >>> found.values, found.numbers(["cat", "cat", "dog"]).tolist()
        (['cat', 'dog'], [0, 0, 1])
    """

    def __init__(self, values=None, columns=None):
        self.values, self.columns = values, columns
        self._number = {value: number for number, value in enumerate(values or ())}

    @classmethod
    def of(cls, labels, classes=None):
        """The classes of labels.

        Args:
            labels: `(n,)` or `(n, 1)` of whole numbers from 0 on or of strings; or multi-hot
                `(n, classes)` of 0 and 1.
            classes: int, how many a model has already; numbers below it then stay as they are.

        Raises:
            TypeError, ValueError: labels that are none; see `checked`.
        """
        labels = checked(labels)
        if labels.ndim == 2:
            return cls(columns=labels.shape[1])
        values = np.unique(labels)
        if classes is not None and values.dtype.kind == "i" and values.max(initial=0) < classes:
            values = np.arange(classes)
        return cls(values.tolist())

    @property
    def dense(self):
        """Whether labels are class numbers already, 0, 1, … without a gap, or multi-hot rows."""
        return self.values is None or self.values == list(range(len(self.values)))

    def __len__(self):
        return self.columns if self.values is None else len(self.values)

    def numbers(self, labels, extend=False):
        """Class numbers of labels.

        Args:
            labels: as for `of`.
            extend: bool, give a label that is new the next number instead of refusing it.

        Returns:
            int64 array `(n,)`, or bool `(n, classes)`.

        Raises:
            TypeError, ValueError: labels that are none, of another form than these, or new.
        """
        labels = checked(labels)
        self._check_form(labels)
        if labels.ndim == 2:
            return labels
        values, inverse = np.unique(labels, return_inverse=True)
        new = [value for value in values.tolist() if value not in self._number]
        if new and not extend:
            raise ValueError(
                f"`labels` hold {len(new)} class(es) that the model was not trained with, the "
                f"first {new[0]!r}; it knows {len(self)}. Leave such items out, or train a new "
                "model."
            )
        for value in new:
            self._number[value] = len(self.values)
            self.values.append(value)
        if len(self.values) > _EXACT:
            raise ValueError(f"`labels` hold {len(self.values)} classes; at most {_EXACT} allowed.")
        return np.array([self._number[value] for value in values.tolist()], np.int64)[inverse]

    def _check_form(self, labels):
        known = None if self.values is None else type(self.values[0]) if self.values else None
        given = str if labels.dtype.kind == "U" else int
        if (self.values is None) != (labels.ndim == 2) or (known and known is not given):
            raise ValueError(
                f"`labels` must be in the form that the model was trained with, {self}; got "
                f"shape {labels.shape} and dtype {labels.dtype}. Pass that form, or make a new "
                "model."
            )
        if self.values is None and labels.shape[1] != self.columns:
            raise ValueError(
                f"multi-hot `labels` must have {self.columns} columns, one for each class that the "
                f"model knows; got {labels.shape[1]}. Pass all columns, or make a new model."
            )

    def __repr__(self):
        if self.values is None:
            return f"multi-hot rows of {self.columns} classes"
        kind = "names" if self.values and isinstance(self.values[0], str) else "numbers"
        return f"{len(self.values)} class {kind}"


class Arriving:
    """Class numbers of labels that come in batches, before all of them are known.

    Only whether two labels are equal counts for what learns from such a stream, so small numbers
    stay as they are and others get the next free one.
    """

    def __init__(self):
        self._number: dict = {}
        self.begun = False
        self.seen: set = set()  # classes, two at most: whether there is another one

    def numbers(self, labels):
        """As `Classes.numbers`; a label of whatever size is taken."""
        labels = checked(labels)
        self.begun = self.begun or len(labels) > 0
        if labels.ndim == 2:
            self._note(np.flatnonzero(labels.any(axis=0)))
            return labels
        values, inverse = np.unique(labels, return_inverse=True)
        self._note(values)
        found = [self._of(value) for value in values.tolist()]
        return np.array(found, np.int64)[inverse]

    def check_several(self):
        """Raise ValueError if all labels so far were one."""
        if self.begun and len(self.seen) < 2:
            raise _one_class(len(self.seen))

    def _of(self, value):
        if isinstance(value, int) and value < _NEW:
            return value
        number = self._number.setdefault(value, _NEW + len(self._number))
        if number > _EXACT:
            raise ValueError(f"`labels` hold more than {_EXACT - _NEW} large class numbers.")
        return number

    def _note(self, values):
        for value in values[:2]:
            if len(self.seen) < 2:
                self.seen.add(value.tobytes())


def checked(labels):
    """Labels in one of three forms.

    Args:
        labels: whole numbers from 0 on, strings, or multi-hot rows of 0 and 1; array, tensor or
            list.

    Returns:
        int64 array `(n,)`, str array `(n,)`, or bool array `(n, classes)`.

    Raises:
        TypeError: neither numbers nor strings.
        ValueError: fractions, NaN, negative numbers, rows of anything but 0 and 1.
    """
    array = _array(labels)
    if array.dtype.kind == "O" and all(isinstance(value, (str, bytes)) for value in array.flat):
        array = np.array([_text(value) for value in array.flat]).reshape(array.shape)
    elif array.dtype.kind == "O" and array.size and all(map(_is_whole, array.flat)):
        array = np.array(array.tolist())
    elif array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.dtype.kind == "U":
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise ValueError(
                f"class names must have shape (items,); got {array.shape}. For several classes an "
                "item pass multi-hot rows of 0 and 1."
            )
        return array
    return relevance.labels("labels", array)


def several(labels):
    """Checked labels of two classes at least, for what learns from them.

    Raises:
        ValueError: labels of one class, or none; or every two items share a label.
    """
    labels = checked(labels)
    present = labels.any(axis=0).sum() if labels.ndim == 2 else len(np.unique(labels))
    if present < 2:
        raise _one_class(present)
    return labels


def _one_class(present):
    return ValueError(
        f"training needs items of two classes at least; got {present}. "
        "Add items of another class, or take a method without labels."
    )


def _array(labels):
    if hasattr(labels, "bounding_shape"):
        raise ValueError(_RAGGED)
    if isinstance(labels, (list, tuple)):
        try:
            return np.asarray(labels)
        except ValueError as error:
            raise ValueError(_RAGGED) from error
    if not isinstance(labels, np.ndarray) and hasattr(labels, "dtype"):
        import keras

        if keras.ops.is_tensor(labels):
            return keras.ops.convert_to_numpy(labels)
    return np.asarray(labels)


def _is_whole(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value
