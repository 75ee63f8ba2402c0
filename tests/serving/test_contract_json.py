"""`contract.py` for what no exported signature has: several inputs, and other dtypes."""

import json

import numpy as np
import pytest

from keras_hashing.serving import contract
from keras_hashing.serving.contract import TensorSpec
from keras_hashing.serving.errors import ApiError

SPECS = [
    TensorSpec("a", np.dtype("float32"), (None, 2)),
    TensorSpec("b", np.dtype("int64"), (None,)),
]


def read(body, specs):
    return contract.tensors(contract.parse(json.dumps(body).encode()), specs)


def one(dtype, value, shape=(None,)):
    return read({"inputs": value}, [TensorSpec("x", np.dtype(dtype), shape)])["x"]


def test_rows_of_several_inputs():
    rows = [{"a": [1, 2.5], "b": 7}, {"b": 2**53 + 1, "a": [3, 4]}]
    got = read({"instances": rows}, SPECS)
    assert got["a"].tolist() == [[1, 2.5], [3, 4]]
    assert got["b"].tolist() == [7, 2**53 + 1]
    assert got["a"].dtype == np.float32


@pytest.mark.parametrize("rows", [[[1, 2]], [{"a": [1, 2]}], [{"a": [1, 2], "b": 1, "c": 1}]])
def test_rows_of_several_inputs_need_exactly_their_keys(rows):
    with pytest.raises(ApiError, match=r"keys \['a', 'b'\]"):
        read({"instances": rows}, SPECS)


def test_columns_of_several_inputs_may_have_more():
    got = read({"inputs": {"a": [[1, 2]], "b": [5], "c": "ignored"}}, SPECS)
    assert sorted(got) == ["a", "b"]
    with pytest.raises(ApiError, match="one key for each input"):
        read({"inputs": [[1, 2]]}, SPECS)
    with pytest.raises(ApiError, match="'inputs' lacks 'b'"):
        read({"inputs": {"a": [[1, 2]]}}, SPECS)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("uint8", 0, 255), ("int8", -128, 127), ("int32", -(2**31), 2**31 - 1)],
)
def test_integers_out_of_range_are_refused(dtype, low, high):
    assert one(dtype, [low, high]).tolist() == [low, high]
    for value in (low - 1, high + 1, 10**30):
        with pytest.raises(ApiError, match=f"outside {dtype}'s range"):
            one(dtype, [value])


def test_dtypes():
    assert one("bool", [True, False]).tolist() == [True, False]
    with pytest.raises(ApiError, match="must hold bool values; got int"):
        one("bool", [1])
    with pytest.raises(ApiError, match="must hold int32 values; got float"):
        one("int32", [1.0])
    with pytest.raises(ApiError, match="no JSON form") as error:
        one("float16", [1.0])
    assert error.value.status == 501


def test_strings():
    got = one(object, ["text", {"b64": "/wA="}, {"b64": "/wA"}, "é"])
    assert got.tolist() == [b"text", b"\xff\x00", b"\xff\x00", "é".encode()]
    with pytest.raises(ApiError, match="not base64 or not UTF-8"):
        one(object, ["\ud800"])


def test_deep_nesting_is_an_error():
    with pytest.raises(ApiError, match="nested"):
        contract.parse(b'{"inputs": ' + b"[" * 200_000)
    value = 1
    for _ in range(20):
        value = [value]
    with pytest.raises(ApiError, match="nested more than 8 deep"):
        one("float32", value)


def written(arrays, by_row):
    return json.loads(contract.response(arrays, by_row))


def test_answers_of_one_and_of_several_outputs():
    numbers = np.array([[1, 2], [3, 4]], np.int32)
    names = np.array([b"x", b"y"], object)
    assert written({"n": numbers}, True) == {"predictions": [[1, 2], [3, 4]]}
    assert written({"n": numbers}, False) == {"outputs": [[1, 2], [3, 4]]}
    both = {"n": numbers, "s": names}
    assert written(both, True) == {
        "predictions": [{"n": [1, 2], "s": "x"}, {"n": [3, 4], "s": "y"}]
    }
    assert written(both, False) == {"outputs": {"n": [[1, 2], [3, 4]], "s": ["x", "y"]}}


def test_only_names_with_the_suffix_are_base64():
    arrays = {"x_bytes": np.array([b"\xff\x00"], object), "x": np.array([b"ff00"], object)}
    assert written(arrays, True) == {"predictions": [{"x_bytes": {"b64": "/wA="}, "x": "ff00"}]}


@pytest.mark.parametrize(
    "arrays",
    [
        {"a": np.float32(1)},
        {"a": np.zeros(2), "b": np.zeros(3)},
        {"a": np.zeros(2), "b": np.array(1)},
    ],
)
def test_rows_need_a_common_first_dimension(arrays):
    with pytest.raises(ApiError, match="no row for each instance"):
        contract.response(arrays, True)
    assert contract.response(arrays, False)


def test_floats_are_the_shortest_that_read_back():
    text = contract.response({"x": np.array([0.2, 1.0, 1e-7, np.nan, -np.inf], np.float32)}, False)
    assert text == b'{"outputs": [0.2, 1.0, 1e-07, NaN, -Infinity]}'
    with pytest.raises(ApiError, match="cannot be written as JSON"):
        contract.response({"x": np.zeros(1, np.float16)}, False)
