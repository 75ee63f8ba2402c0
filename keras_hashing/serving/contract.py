"""TensorFlow Serving's predict requests: JSON bodies to arrays.

Source: TensorFlow Serving, `util/json_tensor.cc`.
"""

import base64
import binascii
import dataclasses
import itertools
import json
import math

import numpy as np

from keras_hashing.serving.errors import ApiError

DEFAULT_SIGNATURE = "serving_default"
_MAX_RANK = 8  # of an input whose rank is free
_FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}
# Integers are read as these; the smaller types wrap from there, as in the original.
_READ_AS = {
    np.dtype(name): np.dtype("int32" if name in ("int8", "int16", "uint8") else name)
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")
}


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """What a signature says of one input.

    Args:
        name: str.
        dtype: numpy dtype; `object` for strings.
        shape: tuple of int, or None for a size that is free; None if even the rank is.
    """

    name: str
    dtype: np.dtype
    shape: tuple | None

    def check(self, shape):
        """Raise ApiError, 400, unless an array of this shape may be fed."""
        if self.shape is None:
            return
        if len(shape) != len(self.shape) or any(
            wanted not in (None, got) for got, wanted in zip(shape, self.shape, strict=True)
        ):
            sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
            raise ApiError(400, f"{self.name} must have shape ({sizes}); got {shape}")


@dataclasses.dataclass(frozen=True)
class PredictRequest:
    """A parsed body, of which only the name of the signature is checked yet.

    Args:
        signature: str.
        content: dict.
    """

    signature: str
    content: dict

    @property
    def by_row(self):
        """Whether it came as `instances`."""
        return "instances" in self.content


class _Infinity(float):
    """Written as `Infinity` or `NaN`, unlike the overflow of a number such as 1e999."""


_DECODER = json.JSONDecoder(parse_constant=_Infinity)


def parse(body):
    """Read a body; which signature it is for is only looked up later.

    Args:
        body: bytes. What follows the closing brace is ignored.

    Raises:
        ApiError: 400, not a JSON object, or its `signature_name` not a string.
    """
    try:
        text = body.decode("utf-8").lstrip(" \t\r\n")
        content, _ = _DECODER.raw_decode(text)
    except RecursionError:
        raise ApiError(400, "JSON Parse error: nested too deeply") from None
    except UnicodeDecodeError:
        raise ApiError(400, "JSON Parse error: the body is not UTF-8") from None
    except ValueError as error:
        reason = str(error) if text else "The document is empty."
        raise ApiError(400, f"JSON Parse error: {reason}") from None
    if not isinstance(content, dict):
        raise ApiError(400, "JSON Value: the body must be an object")
    signature = content.get("signature_name", "")
    if not isinstance(signature, str):
        raise ApiError(400, "JSON Value: 'signature_name' must be a string")
    return PredictRequest(signature or DEFAULT_SIGNATURE, content)


def tensors(request, specs):
    """The request's arrays by input name, each of the dtype and shape its spec wants.

    Args:
        request: `PredictRequest`.
        specs: list of `TensorSpec`.

    Raises:
        ApiError: 400 for what does not fit, 501 for a dtype without a JSON form.
    """
    content = request.content
    if ("instances" in content) == ("inputs" in content):
        raise ApiError(400, "JSON Value: give either 'instances' or 'inputs', and not both")
    if not specs:
        raise ApiError(400, f"the signature {request.signature} has no inputs to be sent")
    if request.by_row:
        values = _by_row(content["instances"], specs)
    else:
        values = _by_column(content["inputs"], specs)
    return {spec.name: _array(values[spec.name], spec) for spec in specs}


def _by_row(rows, specs):
    """Input name -> the list of its values over all instances."""
    if not isinstance(rows, list) or not rows:
        raise ApiError(400, "JSON Value: 'instances' must be a list with at least one element")
    names = {spec.name for spec in specs}
    if not _is_object(rows[0]):
        if any(_is_object(row) for row in rows):
            raise ApiError(400, "JSON Value: 'instances' must be all objects or all plain values")
        if len(specs) > 1:
            raise ApiError(400, f"instances must be objects with the keys {sorted(names)}")
        return {specs[0].name: rows}
    for position, row in enumerate(rows):
        if not _is_object(row) or row.keys() != names:
            raise ApiError(400, f"instances[{position}] must have exactly the keys {sorted(names)}")
    return {name: [row[name] for row in rows] for name in names}


def _by_column(payload, specs):
    """Input name -> its value; with one input it may stand alone."""
    if not _is_object(payload):
        if len(specs) > 1:
            raise ApiError(400, "'inputs' must be an object with one key for each input")
        return {specs[0].name: payload}
    for spec in specs:
        if spec.name not in payload:
            raise ApiError(400, f"'inputs' lacks {spec.name!r}")
    return payload


def _is_object(value):
    """A JSON object that is not one base64 value."""
    return isinstance(value, dict) and value.keys() != {"b64"}


def _array(value, spec):
    shape, leaves = _flatten(value, spec)
    spec.check(shape)
    return _typed(leaves, spec).reshape(shape)


def _flatten(value, spec):
    """Shape and leaves of nested lists, level by level."""
    most = _MAX_RANK if spec.shape is None else len(spec.shape)
    shape, level = [], [value]
    while list in (types := set(map(type, level))):
        if len(shape) == most:  # before going through all that a hostile body holds
            raise ApiError(400, f"{spec.name} is nested more than {most} deep")
        lengths = set(map(len, level)) if len(types) == 1 else ()
        if len(lengths) != 1:
            raise ApiError(400, f"{spec.name} is ragged: lists at one depth differ in length")
        shape.extend(lengths)
        level = list(itertools.chain.from_iterable(level))
    return tuple(shape), level


def _typed(leaves, spec):
    """A flat array of the spec's dtype."""
    if spec.dtype.kind == "O":
        array = np.empty(len(leaves), object)
        array[:] = [_string(leaf, spec.name) for leaf in leaves]
        return array
    types = set(map(type, leaves))
    if spec.dtype in _FLOATS:
        _check_types(types, {int, float, _Infinity}, spec)
        return _floats(leaves, spec)
    if spec.dtype in _READ_AS:
        _check_types(types, {int}, spec)
        return _integers(leaves, spec)
    if spec.dtype == np.bool_:
        _check_types(types, {bool}, spec)
        return np.array(leaves, bool)
    raise ApiError(501, f"{spec.name} is of a type that has no JSON form")


def _check_types(types, allowed, spec):
    if not types <= allowed:
        wrong = ", ".join(sorted(kind.__name__ for kind in types - allowed))
        raise ApiError(400, f"{spec.name} must hold {spec.dtype} values; got {wrong}")


def _floats(leaves, spec):
    """Numbers beyond float32 become infinite; those beyond float64 cannot be read at all."""
    try:
        array = np.array(leaves, np.float64)
    except OverflowError:
        array = None
    if array is None or (
        np.isinf(array).any() and any(type(x) is float and math.isinf(x) for x in leaves)
    ):
        raise ApiError(400, f"{spec.name} holds a number too big to be stored in double")
    with np.errstate(over="ignore"):
        return array.astype(spec.dtype)


def _integers(leaves, spec):
    limits = np.iinfo(_READ_AS[spec.dtype])
    if leaves and not (limits.min <= min(leaves) and max(leaves) <= limits.max):
        raise ApiError(400, f"{spec.name} holds a value outside {limits.dtype}'s range")
    return np.array(leaves, limits.dtype).astype(spec.dtype)


def _string(leaf, name):
    """A JSON string's UTF-8 bytes, or decoded base64 of the standard alphabet."""
    try:
        if isinstance(leaf, str):
            return leaf.encode("utf-8")
        if isinstance(leaf, dict) and leaf.keys() == {"b64"} and isinstance(leaf["b64"], str):
            text = "".join(leaf["b64"].split())
            if not text.endswith("="):  # padding may be left out
                text += "=" * (-len(text) % 4)
            return base64.b64decode(text, validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise ApiError(400, f"{name} holds a string that is not base64 or not UTF-8") from None
    raise ApiError(400, f'{name} must hold strings or {{"b64": "..."}}; got another type')
