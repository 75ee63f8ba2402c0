"""Codes in the forms that people store, brought to packed bytes."""

import dataclasses

import numpy as np

from keras_hashing import checks

_ROWS = 1 << 16  # items that are looked at together
_PACK = "Pack outputs or signs with `keras_hashing.codes.pack`."


@dataclasses.dataclass(frozen=True)
class _Values:
    """What an array holds: how many -1, 0 and 1, and a value that is none of them."""

    minus: int = 0
    zero: int = 0
    one: int = 0
    other: float | None = None


def packed(name, array, bits=None):
    """Codes of any form as packed bytes.

    Forms are packed bytes, uint8 `(items, ceil(bits / 8))` or the same numbers in a wider type;
    signs -1 and +1; and bits 0 and 1 of any type, both `(items, bits)`. uint8 of 0 and 1 alone
    are bits, unless `bits` fits the width of packed bytes.

    Args:
        name: str, the argument's name for messages.
        array: array of one of these forms.
        bits: int, code length; None where it is not known.

    Returns:
        Tuple of uint8 `(items, ceil(bits / 8))`, int bits, and a str that says what was assumed,
        or None.

    Raises:
        TypeError: an array that is not of numbers.
        ValueError: another form or width, no items, NaN.
    """
    array = np.asanyarray(array)
    if array.dtype.name == "bfloat16":  # numpy does not know it
        array = array.astype(np.float32)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"`{name}` must be packed codes of dtype uint8, signs or bits; got dtype "
            f"{array.dtype}. {_PACK}"
        )
    checks.rank(name, array, 2, "Codes have one row per item: (items, bits), or packed.")
    if not len(array):
        raise ValueError(f"`{name}` is empty: there is nothing to audit.")
    bits = None if bits is None else checks.bits(bits)
    if array.dtype == np.uint8:
        return _of_bytes(name, array, bits)
    values = _values(array)
    bytes_fit = bits is not None and array.shape[1] == -(-bits // 8) < bits
    if values.other is None and not (bytes_fit and not values.minus):
        return _of_columns(name, array, bits, values)
    return _of_wide_bytes(name, array, bits, values)


def are_bytes(array):
    """Whether an array is uint8 and holds other values than 0 and 1."""
    return array.dtype == np.uint8 and array.ndim == 2 and _values(array).other is not None


def _of_bytes(name, array, bits):
    width = array.shape[1]
    fits = bits is not None and width == -(-bits // 8)
    note = None
    if not fits and (bits is None or width == bits):
        values = _values(array)
        if values.other is None and (values.one or bits is not None):
            if bits is None:
                note = (
                    f"`{name}` hold only 0 and 1: taken as unpacked, a bit a column, {width} "
                    f"bits; if they are packed bytes, give the code length, up to {8 * width} bits"
                )
            return *_of_columns(name, array, bits, values)[:2], note
        if values.other is None:
            note = (
                f"`{name}` are all 0: taken as packed bytes; if each column is a bit, give the "
                f"code length, {width} bits"
            )
        if values.other == 255 and not values.zero and _only(array, (1, 255)):
            raise ValueError(
                f"`{name}` hold only 1 and 255: signs +1 and -1 that were cast to uint8. Pass "
                "them as int8: `codes.astype('int8')`."
            )
    bits = checks.bits(8 * width if bits is None else bits)
    _check_padding(name, array, bits)
    return checks.codes(name, array, bits), bits, note


def _of_columns(name, array, bits, values):
    """Signs or bits, one a column."""
    width = array.shape[1]
    checks.bits(width, f"columns of {name}")
    if bits not in (None, width):
        raise ValueError(
            f"`{name}` must have {bits} columns of signs or bits, or {-(-bits // 8)} of packed "
            f"bytes, for {bits} bits; got shape {array.shape}. Check `bits`, or transpose."
        )
    note = None
    if values.minus and values.zero:
        note = f"`{name}` hold {values.zero:,} zeros among -1 and +1: taken as +1"
    threshold = 0 if values.minus else 1
    parts = [
        np.packbits(array[start : start + _ROWS] >= threshold, axis=1, bitorder="little")
        for start in range(0, len(array), _ROWS)
    ]
    return np.ascontiguousarray(np.concatenate(parts)), width, note


def _of_wide_bytes(name, array, bits, values):
    """Packed bytes in another type than uint8, as text and MATLAB's doubles hold them."""
    checks.finite(name, array)
    low, high = array.min(), array.max()
    whole = array.dtype.kind in "iu" or not (array != np.floor(array)).any()
    if whole and low >= 0 and high <= 255:
        found, bits, note = _of_bytes(name, array.astype(np.uint8), bits)
        said = f"`{name}` hold whole numbers from 0 to 255: taken as packed bytes"
        return found, bits, note or said
    hint = f"For outputs, pass `keras_hashing.codes.pack({name})`."
    if array.dtype == np.int8:
        hint = "For packed bytes in int8, pass `codes.view('uint8')`."
    elif array.dtype.kind in "iu" and low >= 0:
        hint = "For words of packed bits, pass `codes.view('uint8')`."
    raise ValueError(
        f"`{name}` must be packed codes of dtype uint8, signs -1 and +1, or bits 0 and 1; got "
        f"{array.dtype} from {low:.6g} to {high:.6g}. {hint}"
    )


def _values(array):
    """`_Values` of an array, read in parts up to the first one with another value."""
    minus = zero = one = 0
    for start in range(0, len(array), _ROWS):
        part = np.asarray(array[start : start + _ROWS])
        counts = [int(np.count_nonzero(part == value)) for value in (-1, 0, 1)]
        minus, zero, one = minus + counts[0], zero + counts[1], one + counts[2]
        if sum(counts) < part.size:
            other = part[(part != -1) & (part != 0) & (part != 1)][0]
            return _Values(minus, zero, one, float(other))
    return _Values(minus, zero, one)


def _only(array, values):
    return all(
        np.isin(array[start : start + _ROWS], values).all() for start in range(0, len(array), _ROWS)
    )


def _check_padding(name, array, bits):
    """Tell codes that were packed from the other end of each byte."""
    spare = -bits % 8
    if not spare or array.shape[1] != -(-bits // 8):
        return
    last = array[:, -1]
    if (last >> (8 - spare)).any() and not (last & ((1 << spare) - 1)).any():
        raise ValueError(
            f"`{name}` have their padding at the low end of the last byte: they were packed "
            "highest bit first, as `numpy.packbits` does by default. Pack with "
            "`keras_hashing.codes.pack`, or `bitorder='little'`."
        )
