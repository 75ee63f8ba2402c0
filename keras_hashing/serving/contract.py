"""TensorFlow Serving's predict contract: JSON bodies to arrays, and arrays to JSON bodies.

Source: TensorFlow Serving, `util/json_tensor.cc`. One departure, towards safety: a number
outside the range of a small integer type is refused; the original wraps it.
"""

import base64
import binascii
import dataclasses
import json

import numpy as np

from keras_hashing.serving.errors import ApiError

DEFAULT_SIGNATURE = "serving_default"
_MAX_RANK = 8
_JSON_TYPES: dict[str, set[type]] = {"f": {int, float}, "i": {int}, "u": {int}, "b": {bool}}
_WRITABLE = "fiubSO"  # numpy kinds that have a JSON form


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """What a signature says of one input.

    Args:
        name: str.
        dtype: numpy dtype; `object` for strings.
        shape: tuple of int, or None for a size that is free.
    """

    name: str
    dtype: np.dtype
    shape: tuple


@dataclasses.dataclass(frozen=True)
class PredictRequest:
    """A parsed body.

    Args:
        signature: str.
        by_row: bool, whether it came as `instances`.
        payload: the value of `instances` or `inputs`.
    """

    signature: str
    by_row: bool
    payload: object


def parse(body):
    """Read a predict body; which signature it is for is only looked up later.

    Args:
        body: bytes. What follows the closing brace is ignored.

    Raises:
        ApiError: 400, not a JSON object of the contract's form.
    """
    text = _text(body)
    try:
        content, _ = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        raise ApiError(400, "JSON Parse error: nested too deeply") from None
    except ValueError as error:
        reason = "The document is empty." if not text else str(error)
        raise ApiError(400, f"JSON Parse error: {reason}") from None
    if not isinstance(content, dict):
        raise ApiError(400, "JSON Value: the body must be an object")
    signature = content.get("signature_name", "")
    if not isinstance(signature, str):
        raise ApiError(400, "JSON Value: 'signature_name' must be a string")
    if ("instances" in content) == ("inputs" in content):
        raise ApiError(400, "JSON Value: give either 'instances' or 'inputs', and not both")
    by_row = "instances" in content
    signature = signature or DEFAULT_SIGNATURE
    return PredictRequest(signature, by_row, content["instances" if by_row else "inputs"])


def tensors(request, specs):
    """The request's arrays by input name, each of the dtype and shape its spec wants.

    Args:
        request: `PredictRequest`.
        specs: list of `TensorSpec`.

    Raises:
        ApiError: 400 for what does not fit, 501 for a dtype without a JSON form.
    """
    values = _by_row(request.payload, specs) if request.by_row else _by_column(request, specs)
    return {spec.name: _array(values[spec.name], spec) for spec in specs}


def response(arrays, by_row):
    """The body of an answer.

    Args:
        arrays: dict, output name -> array.
        by_row: bool, whether the request came as `instances`.

    Returns:
        bytes.

    Raises:
        ApiError: 400, an output has no JSON form, or no row for each instance.
    """
    single = len(arrays) == 1
    if not by_row:
        columns = {name: _plain(name, array) for name, array in arrays.items()}
        return _json({"outputs": next(iter(columns.values())) if single else columns})
    row_counts = {array.shape[0] if array.ndim else None for array in arrays.values()}
    if None in row_counts or len(row_counts) > 1:
        raise ApiError(400, "the outputs have no row for each instance; use 'inputs'")
    columns = {name: _plain(name, array) for name, array in arrays.items()}
    rows = list(zip(*columns.values(), strict=True))
    named = [row[0] if single else dict(zip(columns, row, strict=True)) for row in rows]
    return _json({"predictions": named})


def _text(body):
    try:
        return body.decode("utf-8").lstrip(" \t\r\n")
    except UnicodeDecodeError:
        raise ApiError(400, "JSON Parse error: the body is not UTF-8") from None


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


def _by_column(request, specs):
    """Input name -> its value; with one input it may stand alone."""
    payload = request.payload
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
    leaves = []
    shape = _flatten(value, leaves, spec.name, 0)
    if len(shape) != len(spec.shape) or any(
        wanted not in (None, got) for got, wanted in zip(shape, spec.shape, strict=False)
    ):
        wanted = ", ".join("?" if size is None else str(size) for size in spec.shape)
        raise ApiError(400, f"{spec.name} must have shape ({wanted}); got {shape}")
    if 0 in shape[:1]:
        raise ApiError(400, f"{spec.name} is empty; send at least one row")
    return _typed(leaves, spec).reshape(shape)


def _flatten(value, leaves, name, depth):
    """Append the leaves of nested lists to `leaves` and return their shape."""
    if not isinstance(value, list):
        leaves.append(value)
        return ()
    if depth == _MAX_RANK:
        raise ApiError(400, f"{name} is nested more than {_MAX_RANK} deep")
    if not any(isinstance(item, list) for item in value):
        leaves.extend(value)
        return (len(value),)
    shapes = {_flatten(item, leaves, name, depth + 1) for item in value}
    if len(shapes) > 1:
        raise ApiError(400, f"{name} is ragged: lists at one depth differ in length")
    return (len(value), *shapes.pop())


def _typed(leaves, spec):
    kind, types = spec.dtype.kind, set(map(type, leaves))
    if kind == "O":
        array = np.empty(len(leaves), object)
        array[:] = [_string(leaf, spec.name) for leaf in leaves]
        return array
    allowed = _JSON_TYPES.get(kind)
    if allowed is None or spec.dtype == np.float16:
        raise ApiError(501, f"{spec.name} is of {spec.dtype}, which has no JSON form")
    if not types <= allowed:
        wrong = sorted(t.__name__ for t in types - allowed)
        raise ApiError(400, f"{spec.name} must hold {spec.dtype} values; got {', '.join(wrong)}")
    try:
        if kind in "iu":
            limits = np.iinfo(spec.dtype)
            if leaves and not (limits.min <= min(leaves) and max(leaves) <= limits.max):
                raise OverflowError
        with np.errstate(over="ignore"):
            return np.array(leaves, spec.dtype)
    except OverflowError:
        raise ApiError(400, f"{spec.name} holds a value outside {spec.dtype}'s range") from None


def _string(leaf, name):
    """A JSON string's UTF-8 bytes, or decoded base64 of the standard alphabet."""
    try:
        if isinstance(leaf, str):
            return leaf.encode("utf-8")
        if isinstance(leaf, dict) and isinstance(leaf.get("b64"), str):
            text = "".join(leaf["b64"].split())
            if not text.endswith("="):  # padding may be left out
                text += "=" * (-len(text) % 4)
            return base64.b64decode(text, validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise ApiError(400, f"{name} holds a string that is not base64 or not UTF-8") from None
    raise ApiError(400, f'{name} must hold strings or {{"b64": "..."}}; got another type')


def _plain(name, array):
    """Nested lists that `json` can write."""
    if array.dtype.kind not in _WRITABLE or array.dtype == np.float16:
        raise ApiError(400, f"output {name} of {array.dtype} cannot be written as JSON")
    if array.dtype.kind == "O":
        return _texts(array.tolist(), name.endswith("_bytes"))
    if array.dtype == np.float32:  # the shortest decimal that reads back as this float32
        return array.astype("U").astype(np.float64).tolist()
    return array.tolist()


def _texts(value, as_base64):
    if isinstance(value, list):
        return [_texts(item, as_base64) for item in value]
    if as_base64:
        return {"b64": base64.b64encode(value).decode("ascii")}
    return value.decode("utf-8", "replace")


def _json(content):
    return json.dumps(content).encode("utf-8")
