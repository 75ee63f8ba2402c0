"""The one place that words an argument error: what was given, what is allowed, what to do."""

import difflib
import numbers

import numpy as np

MAX_BITS = 4096


def bits(value, name="bits"):
    """Return `value` as an int between 1 and 4096.

    Raises:
        TypeError: `value` is not a whole number.
        ValueError: it is outside the range.
    """
    return whole(name, value, 1, MAX_BITS, "Pass the code length, for example 48.")


def whole(name, value, low, high, hint=""):
    """Return `value` as an int in [low, high]; `high=None` sets no upper end.

    Raises:
        TypeError: `value` is not a whole number.
        ValueError: it is outside the range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(
            _join(f"`{name}` must be a whole number; got {value!r} ({type(value).__name__}).", hint)
        )
    return int(between(name, int(value), low, high, hint))


def between(name, value, low, high, hint=""):
    """Return `value` if low <= value <= high; `None` as an end sets no limit there.

    Raises:
        TypeError: `value` is not a number.
        ValueError: it is outside the range, or NaN.
    """
    if not isinstance(value, numbers.Real):
        raise TypeError(
            _join(f"`{name}` must be a number; got {value!r} ({type(value).__name__}).", hint)
        )
    above = low is None or value >= low
    below = high is None or value <= high
    if above and below:
        return value
    if high is None:
        allowed = f"at least {low}"
    elif low is None:
        allowed = f"at most {high}"
    else:
        allowed = f"between {low} and {high}"
    raise ValueError(_join(f"`{name}` must be {allowed}; got {value}.", hint))


def cutoffs(name, values):
    """Return ranks as a tuple of ints, each at least 1.

    Raises:
        TypeError: `values` is no sequence, or holds something else than whole numbers.
        ValueError: one is below 1.
    """
    hint = "Pass ranks in a tuple, for example (100, 1000)."
    if isinstance(values, str) or not np.iterable(values):
        raise TypeError(f"`{name}` must be a sequence of whole numbers; got {values!r}. {hint}")
    return tuple(whole(name, value, 1, None, hint) for value in values)


def rank(name, tensor, expected, hint=""):
    """Raise ValueError unless `tensor` (or a shape given for it) has `expected` dimensions."""
    shape = tuple(getattr(tensor, "shape", tensor))
    if len(shape) != expected:
        raise ValueError(
            _join(f"`{name}` must have {expected} dimension(s); got shape {shape}.", hint)
        )


def same_length(name, array, other_name, other):
    """Raise ValueError unless both arrays have the same number of rows."""
    if len(array) != len(other):
        raise ValueError(
            f"`{name}` and `{other_name}` must have one row per item each; got {len(array)} and "
            f"{len(other)} rows. Pass them in the same order and number."
        )


def finite(name, array, hint=""):
    """Raise ValueError if a float array holds NaN or infinity, naming the first bad row."""
    array = np.asarray(array)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    bad = np.argwhere(~np.isfinite(array))
    raise ValueError(
        _join(
            f"`{name}` must be finite; got NaN or infinity in {len(bad)} value(s), first at "
            f"index {tuple(int(i) for i in bad[0])}.",
            hint,
        )
    )


def one_of(name, value, allowed, hint=""):
    """Return `value` if it is among `allowed`, else raise ValueError with the nearest names.

    With more than eight allowed names only the three nearest are listed.
    """
    allowed = list(allowed)
    if value in allowed:
        return value
    near = nearest(value, allowed)
    listed = near if len(allowed) > 8 and near else allowed
    lead = "did you mean one of" if listed is near else "allowed:"
    names = ", ".join(repr(item) for item in listed)
    raise ValueError(_join(f"`{name}` got the unknown value {value!r}; {lead} {names}.", hint))


def nearest(value, allowed):
    """The up to three entries of `allowed` that look most like `value`, best first."""
    return difflib.get_close_matches(str(value), [str(item) for item in allowed], n=3, cutoff=0.3)


def codes(name, array, bits=None):
    """Return packed codes as a uint8 array `(n, bytes)`, checked against `bits` if given.

    Raises:
        TypeError: not uint8.
        ValueError: not rank 2, no bytes or more than 512, of another width than `bits` needs, or
            with padding bits set.
    """
    array = np.asarray(array)
    if array.dtype != np.uint8:
        raise TypeError(
            f"`{name}` must be packed codes of dtype uint8; got {array.dtype}. "
            "Pack outputs or signs with `keras_hashing.codes.pack`."
        )
    rank(name, array, 2, "Packed codes have shape (items, ceil(bits / 8)).")
    if not 1 <= array.shape[1] <= MAX_BITS // 8:
        raise ValueError(
            f"`{name}` must be 1 to {MAX_BITS // 8} bytes wide; got shape {array.shape}. "
            f"A code has 1 to {MAX_BITS} bits."
        )
    if bits is not None:
        width = -(-bits // 8)
        if array.shape[1] != width:
            raise ValueError(
                f"`{name}` must be {width} byte(s) wide for {bits} bits; got shape {array.shape}. "
                "Check `bits`, or pack the outputs again."
            )
        spare = bits % 8
        if spare and (array[:, -1] >> spare).any():
            raise ValueError(
                f"`{name}` has bits set beyond bit {bits}; padding must be 0. "
                "Check `bits`, or pack with `keras_hashing.codes.pack`."
            )
    return array


def _join(text, hint):
    return f"{text} {hint}" if hint else text
