"""Labels as people write them, flags, numbers, several numbers or names, to arrays of numbers."""

import dataclasses

import numpy as np

from keras_hashing import checks

MOST_COLUMNS = 100_000  # of multi-hot labels, a column for each number up to the highest


@dataclasses.dataclass(frozen=True)
class Labels:
    """The labels of one list, not yet numbered.

    Attributes:
        items: per image a tuple of ints or of str; or None, where images have no labels.
        flags: uint8 `(n, classes)`, in place of `items`.
        several: bool, an image may have any number of labels; else each has one.
        class_names: list of str where the list itself names its classes, in their order.
    """

    items: list | None = None
    flags: np.ndarray | None = None
    several: bool = False
    class_names: list = dataclasses.field(default_factory=list)

    @property
    def named(self):
        """Whether the labels are words."""
        return any(isinstance(label, str) for item in self.items or () for label in item)

    def chosen(self, places):
        """The labels at some places."""
        return dataclasses.replace(
            self,
            items=None if self.items is None else [self.items[i] for i in places],
            flags=None if self.flags is None else self.flags[places],
        )


def of_values(values):
    """`Labels` of Python values: ints, str, or sequences of either.

    Raises:
        ValueError, TypeError: numbers among words, a label that is no whole number from 0 on, or
            None in single labels. Tells its place.
    """
    values = list(values)
    several = any(isinstance(value, (list, tuple, set, frozenset, np.ndarray)) for value in values)
    items = []
    for place, value in enumerate(values):
        if not several and value is None:
            raise ValueError(
                f"label {place} is missing. Give every image one, or a list of none or more."
            )
        members = value if isinstance(value, (list, tuple, set, frozenset, np.ndarray)) else [value]
        items.append(tuple(_plain(label, place) for label in members if label is not None))
    return of_items(items, several)


def of_items(items, several):
    """`Labels` of tuples of ints or str, one for each image; lists of 0 and 1 only are flags.

    Raises:
        ValueError: numbers among names, or a label twice in one image.
    """
    labels = Labels(items=items, several=several)
    if labels.named and not all(isinstance(label, str) for item in items for label in item):
        raise ValueError("labels must be all numbers or all names; got both.")
    widths = {len(item) for item in items}
    if len(widths) == 1 and max(widths) > 1 and {label for i in items for label in i} <= {0, 1}:
        # As class numbers, 0,1,0 would have a class twice, and 0,1 all classes.
        return Labels(flags=np.array(items, np.uint8))
    twice = next((i for i, item in enumerate(items) if len(set(item)) != len(item)), None)
    if twice is not None:
        listed = ", ".join(map(str, items[twice]))
        raise ValueError(f"the labels of image {twice}, {listed}, have one twice.")
    return labels


def _plain(label, place):
    if isinstance(label, (str, np.str_)):
        return str(label)
    if isinstance(label, (bool, np.bool_)) or not isinstance(label, (int, np.integer)):
        raise TypeError(f"label {place} must be a whole number or a name; got {label!r}.")
    if label < 0:
        raise ValueError(f"label {place} must be at least 0; got {label}.")
    return int(label)


def number(parts, class_names=None):
    """Number the labels of lists that belong together by one map.

    Names are numbered in alphabetical order, or as `class_names` has them. Numbers stay: label 7
    is class 7, or column 7. Where one list has several labels an image, all become multi-hot.

    Args:
        parts: list of `Labels`.
        class_names: optional sequence of str, by label.

    Returns:
        (arrays, class_names): per part int64 `(n,)`, uint8 `(n, classes)`, or None; list of str,
        empty where the labels are numbers and nobody named them.

    Raises:
        ValueError: parts whose labels are of different kinds or widths, a name that
            `class_names` lacks, or a number beyond them.
    """
    labelled = [part for part in parts if part.items is not None or part.flags is not None]
    if not labelled:
        return [None] * len(parts), []
    flagged = [part for part in labelled if part.flags is not None]
    named = [part for part in labelled if part.named]
    names = None if class_names is None else [str(name) for name in class_names]
    if names is not None and len(set(names)) != len(names):
        raise ValueError("`class_names` must be unique; a name is there twice.")
    if flagged:
        known = next((part.class_names for part in flagged if part.class_names), [])
        _check_flags(parts, flagged, labelled, names)
        return [part.flags for part in parts], names or known
    if named:
        if any(part.items and not part.named and any(part.items) for part in labelled):
            raise ValueError("the labels of one list are names, of another numbers.")
        if names is None:
            names = sorted({name for part in named for item in part.items for name in item})
        column = {name: place for place, name in enumerate(names)}
        _check_known({name for part in named for item in part.items for name in item}, names)
    else:
        column = None
    several = any(part.several for part in labelled)
    width = _width(labelled, names) if several or names else None
    return [_array(part, column, several, width) for part in parts], names or []


def _check_flags(parts, flagged, labelled, names):
    widths = {part.flags.shape[1] for part in flagged}
    if len(flagged) != len(labelled) or len(labelled) != len(parts) or len(widths) != 1:
        kinds = [
            f"{part.flags.shape[1]} flags" if part.flags is not None else "other labels"
            for part in parts
        ]
        raise ValueError(f"all lists must have the same number of flags; got {', '.join(kinds)}.")
    known = {tuple(part.class_names) for part in flagged if part.class_names}
    if len(known) > 1:
        raise ValueError(
            "the lists name their columns differently. Give all of them the same classes."
        )
    if names is not None and len(names) != next(iter(widths)):
        raise ValueError(
            f"`class_names` must have a name for each of {next(iter(widths))} flags; got "
            f"{len(names)}."
        )


def _check_known(found, names):
    unknown = sorted(found - set(names))
    if unknown:
        checks.one_of("class", unknown[0], names, "Add it to `class_names`.")


def _width(labelled, names):
    numbers = [label for part in labelled for item in part.items for label in item]
    needed = 0 if any(isinstance(label, str) for label in numbers) else max(numbers, default=0) + 1
    if names is not None:
        if needed > len(names):
            raise ValueError(
                f"the label {needed - 1} is beyond the {len(names)} `class_names`, which number "
                f"0 to {len(names) - 1}."
            )
        return len(names)
    if needed > MOST_COLUMNS:
        raise ValueError(
            f"the label {needed - 1} asks for as many columns. Number the classes from 0 on, or "
            "write names in place of numbers."
        )
    return max(needed, 2)


def _array(part, column, several, width):
    if part.items is None:
        return None
    rows = [[column[label] if column else label for label in item] for item in part.items]
    if not several:
        return np.array([row[0] for row in rows], np.int64)
    flags = np.zeros((len(rows), width), np.uint8)
    for place, row in enumerate(rows):
        flags[place, row] = 1
    return flags
