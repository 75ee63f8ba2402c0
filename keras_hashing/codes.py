"""Codes' three forms: float outputs, signs of -1 and +1, and packed bytes.

Bit j of a code is bit `j % 8` (lowest first) of byte `j // 8`, 1 for +1, padding bits 0: the
order of `numpy.packbits(..., bitorder="little")` and of FAISS.
"""

import numpy as np
import numpy.typing as npt

from keras_hashing import checks
from keras_hashing.types import ArrayLike, Int8Array, Int32Array, UInt8Array

# Rows of one block of `hamming`, so that its working memory stays in tens of megabytes.
_BLOCK_PAIRS = 1 << 21
# Fewer values than this may all be positive by chance.
_MOST_BY_CHANCE = 64


def signs(outputs: ArrayLike) -> Int8Array:
    """Signs of outputs; an output of exactly 0 (or -0.0) becomes +1.

    Floats that are plainly bits or probabilities are refused, because all of them would become
    +1: 0.0 and 1.0 and nothing else; or 64 values and more of which none is negative, and which
    lie on both sides of 0.5 within [0, 1] as a sigmoid's do, or which come close to 0 as a
    ReLU's do: outputs whose threshold is 0 do not on one side alone. Taken are few values,
    values that hardly change, and values far from 0: so look a model that has one code for all,
    and a class whose code is all +1.

    Args:
        outputs: float array of any shape, finite; or an integer array of -1 and +1.

    Returns:
        int8 array of the same shape, -1 or +1.

    Raises:
        TypeError: a bool or unsigned array, which would mean 0/1 bits, or no numbers.
        ValueError: NaN or infinity, an integer other than -1 and +1, or floats as above.

    Example:
        >>> signs(np.array([-0.3, 0.0, 2.0])).tolist()
        [-1, 1, 1]
        >>> probabilities = np.array([0.1, 0.0, 0.9])
        >>> signs(probabilities - 0.5).tolist()
        [-1, -1, 1]
    """
    array = np.asarray(outputs)
    if array.dtype.kind in "bu":
        raise TypeError(
            f"`outputs` must be floats, or integers -1 and +1; got {array.dtype}. "
            "For bits 0 and 1 pass `2 * bits.astype('int8') - 1`."
        )
    if array.dtype.kind == "i":
        if not (np.abs(array) == 1).all():
            raise ValueError(
                "integer `outputs` must be signs, -1 or +1; got other values. "
                "For bits 0 and 1 pass `2 * bits - 1`."
            )
        return array.astype(np.int8)
    if array.dtype.kind != "f" and array.dtype.name != "bfloat16":
        raise TypeError(
            f"`outputs` must be floats, or integers -1 and +1; got {array.dtype}. "
            "Pass the outputs of a hashing model."
        )
    # bfloat16 is a foreign dtype to numpy: its kind is not "f", and it compares as float32.
    array = array if array.dtype.kind == "f" else array.astype(np.float32)
    checks.finite("outputs", array, "Check the model's inputs, learning rate and loss.")
    _check_threshold(array)
    return np.where(array >= 0, np.int8(1), np.int8(-1))


def _check_threshold(outputs):
    """Raise ValueError if 0 cannot be the threshold of these floats (docstring of `signs`)."""
    if not outputs.size or outputs.min() < 0:
        return
    most = float(outputs.max())
    if outputs.min() == most:
        return  # equal values tell nothing
    bits = most == 1 and np.isin(outputs, (0, 1)).all()
    many = outputs.size >= _MOST_BY_CHANCE
    if not (bits or (many and (_around_half(outputs, most) or _close_to_zero(outputs)))):
        return
    hint = "Pass the outputs before the ReLU, or subtract their threshold."
    if most <= 1:
        hint = (
            "Bits 0 and 1, and probabilities as a sigmoid gives them, have theirs at 0.5: pass "
            "`outputs - 0.5`, or the outputs before the sigmoid."
        )
    raise ValueError(
        f"`outputs` must have their threshold at 0; got {outputs.size} values between "
        f"{float(outputs.min()):.4g} and {most:.4g}, of which none is negative, so that all bits "
        f"would be on. {hint}"
    )


def _around_half(outputs, most):
    """Whether values in [0, 1] look like probabilities, in so many bits that chance is out."""
    low = np.count_nonzero(outputs < 0.5) / outputs.size
    return most <= 1 and outputs.shape[-1] >= 8 and 0.25 <= low <= 0.9


def _close_to_zero(outputs):
    """Whether a fifth of the values are below a quarter of their own bit's largest."""
    outputs = outputs.reshape(-1, outputs.shape[-1])
    return np.count_nonzero(outputs < outputs.max(axis=0) / 4) >= 0.2 * outputs.size


def pack(outputs_or_signs: ArrayLike) -> UInt8Array:
    """Pack outputs or signs into codes.

    Args:
        outputs_or_signs: float array `(n, bits)`, bit = (output >= 0); or integers -1 and +1.

    Returns:
        uint8 array `(n, ceil(bits / 8))`, padding bits 0.

    Raises:
        TypeError: a bool or unsigned array.
        ValueError: not rank 2, no bits or more than 4096, NaN, integers other than -1 and +1, or
            floats whose threshold cannot be 0, such as 0/1 bits and outputs of a sigmoid
            (`signs` says which).

    Example:
        >>> pack(np.array([[1, -1, 1, 1, -1, -1, -1, 1, 1, -1]]))
        array([[141,   1]], dtype=uint8)
    """
    array = np.asarray(outputs_or_signs)
    checks.rank("outputs_or_signs", array, 2, "Pass one row per item: (items, bits).")
    checks.bits(array.shape[1])
    return np.packbits(signs(array) > 0, axis=-1, bitorder="little")


def unpack(codes: ArrayLike, bits: int) -> Int8Array:
    """Unpack codes into signs.

    Args:
        codes: uint8 array `(n, ceil(bits / 8))`.
        bits: int, the code length.

    Returns:
        int8 array `(n, bits)`, -1 or +1.

    Raises:
        TypeError: `codes` is not uint8, or `bits` not a whole number.
        ValueError: the width does not fit `bits`, or padding bits are set.

    Example:
        >>> unpack(np.array([[5]], np.uint8), 3)
        array([[ 1, -1,  1]], dtype=int8)
    """
    bits = checks.bits(bits)
    codes = checks.codes("codes", codes, bits)
    unpacked = np.unpackbits(codes, axis=-1, count=bits, bitorder="little")
    return (2 * unpacked.astype(np.int8) - 1).astype(np.int8)


def prefix(codes: ArrayLike, bits: int, length: int) -> UInt8Array:
    """The first bits of each code, themselves codes; for models whose prefixes are codes.

    Args:
        codes: uint8 array `(n, ceil(bits / 8))`.
        bits: int, the code length.
        length: int, 1 to `bits`, how many to keep.

    Returns:
        uint8 array `(n, ceil(length / 8))`, padding bits 0.

    Raises:
        TypeError: `codes` is not uint8, or a number not whole.
        ValueError: the width does not fit `bits`, or `length` is out of range.

    Example:
        >>> prefix(np.array([[255, 1]], np.uint8), 9, 3)
        array([[7]], dtype=uint8)
    """
    bits = checks.bits(bits)
    codes = checks.codes("codes", codes, bits)
    length = checks.whole("length", length, 1, bits)
    kept = codes[:, : -(-length // 8)].copy()
    if length % 8:
        kept[:, -1] &= (1 << length % 8) - 1
    return kept


def words(codes: ArrayLike) -> npt.NDArray[np.uint64]:
    """Codes padded with zero bytes to whole 64-bit words, which leaves every distance as it is.

    Args:
        codes: uint8 array `(n, bytes)`.

    Returns:
        uint64 array `(n, ceil(bytes / 8))`, contiguous.

    Example:
        >>> words(np.array([[1, 1]], np.uint8))
        array([[257]], dtype=uint64)
    """
    codes = checks.codes("codes", codes)
    width = -(-codes.shape[1] // 8) * 8
    padded = np.zeros((len(codes), width), np.uint8)
    padded[:, : codes.shape[1]] = codes
    return padded.view(np.uint64)


def hamming(query_codes: ArrayLike, database_codes: ArrayLike) -> Int32Array:
    """All Hamming distances between two small sets of codes.

    Args:
        query_codes: uint8 array `(queries, bytes)`.
        database_codes: uint8 array `(database, bytes)`, the same width.

    Returns:
        int32 array `(queries, database)`.

    Raises:
        TypeError: not uint8.
        ValueError: not rank 2, or of different widths.

    Example:
        >>> hamming(np.array([[0b011]], np.uint8), np.array([[0b000], [0b111]], np.uint8))
        array([[2, 1]], dtype=int32)
    """
    query_codes = checks.codes("query_codes", query_codes)
    database_codes = checks.codes("database_codes", database_codes)
    if query_codes.shape[1] != database_codes.shape[1]:
        raise ValueError(
            f"`query_codes` and `database_codes` must be of one width; got "
            f"{query_codes.shape[1]} and {database_codes.shape[1]} bytes. "
            "Encode both with the same model."
        )
    query_words, database_words = words(query_codes), words(database_codes)
    distances = np.zeros((len(query_codes), len(database_codes)), np.int32)
    block = max(1, _BLOCK_PAIRS // max(1, len(database_codes)))
    for start in range(0, len(query_codes), block):
        stop = start + block
        for word in range(query_words.shape[1]):
            xor = query_words[start:stop, word, None] ^ database_words[None, :, word]
            distances[start:stop] += np.bitwise_count(xor)
    return distances
