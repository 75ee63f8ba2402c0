"""Arrays to the JSON body of a predict answer.

Source: TensorFlow Serving, `util/json_tensor.cc`.
"""

import base64
import json

import numpy as np

from keras_hashing.serving.errors import ApiError

_WRITABLE = {
    np.dtype(kind)
    for kind in (
        *(np.float32, np.float64, np.bool_, object),
        *(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint32, np.uint64),
    )
}


def write(arrays, by_row):
    """The body of an answer.

    Args:
        arrays: dict, output name -> array; strings as an object array of bytes.
        by_row: bool, whether the request came as `instances`.

    Returns:
        bytes. A string output whose name does not end in `_bytes` is written as it is, and the
        body is not JSON then if it is not UTF-8, as in the original.

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
    rows = zip(*columns.values(), strict=True)
    named = [row[0] if single else dict(zip(columns, row, strict=True)) for row in rows]
    return _json({"predictions": named})


def _plain(name, array):
    """Nested lists that `json` can write."""
    if array.dtype not in _WRITABLE:
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
    return value.decode("utf-8", "surrogateescape")


def _json(content):
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogateescape")
