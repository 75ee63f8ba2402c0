"""`contract.py` by itself; `test_contract.py` asks the same over HTTP."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint8"])
def test_small_integers_are_read_as_int32_and_wrap(dtype):
    for value in (0, 127, 300, -1, 2**31 - 1, -(2**31)):
        size = np.dtype(dtype).itemsize
        wrapped = (value % 256**size).to_bytes(size, "little")  # by hand: the lowest bytes
        signed = dtype != "uint8"
        assert one(dtype, [value]).tolist() == [int.from_bytes(wrapped, "little", signed=signed)]
    for value in (2**31, -(2**31) - 1, 10**30):
        with pytest.raises(ApiError, match="outside int32's range"):
            one(dtype, [value])


def test_floats_beyond_their_type():
    assert one("float32", [1e39, -(10**39)]).tolist() == [math.inf, -math.inf]
    assert one("float64", [math.inf, 1e39]).tolist() == [math.inf, 1e39]
    for text in ("1e999", "-1e999", "1" + "0" * 400):
        body = b'{"inputs": [Infinity, %s]}' % text.encode()
        spec = TensorSpec("x", np.dtype("float32"), (None,))
        with pytest.raises(ApiError, match="too big to be stored in double"):
            contract.tensors(contract.parse(body), [spec])


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
    for other in ({"b64": "AA==", "more": 1}, {"b64": 1}, {}, 1, None, True):
        with pytest.raises(ApiError, match="must hold strings or"):
            one(object, ["text", other])


def test_deep_nesting_is_an_error():
    with pytest.raises(ApiError, match="nested"):
        contract.parse(b'{"inputs": ' + b"[" * 200_000)
    value = 1
    for _ in range(8):
        value = [value]
    assert one("float32", value, shape=None).shape == (1,) * 8
    with pytest.raises(ApiError, match="nested more than 8 deep"):
        one("float32", [value], shape=None)
    with pytest.raises(ApiError, match="nested more than 1 deep"):
        one("float32", value)


@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=1, max_dims=5, min_side=1, max_side=4)))
def test_nested_lists_are_read_as_numpy_reads_them(array):
    for shape in (None, (None,) * array.ndim, array.shape):
        got = one("int32", array.tolist(), shape)
        assert got.dtype == np.int32
        np.testing.assert_array_equal(got, array)
    with pytest.raises(ApiError, match="must have shape"):
        one("int32", array.tolist(), (*array.shape[:-1], array.shape[-1] + 1))


NESTED = st.recursive(st.integers(0, 3), lambda inner: st.lists(inner, max_size=3), max_leaves=8)


@given(NESTED)
def test_what_numpy_cannot_read_is_refused(value):
    try:
        expected = np.array(value, np.int32)
    except ValueError:  # it says "inhomogeneous"
        with pytest.raises(ApiError, match="ragged"):
            one("int32", value, shape=None)
    else:
        np.testing.assert_array_equal(one("int32", value, shape=None), expected)


def test_a_signature_without_inputs():
    with pytest.raises(ApiError, match="has no inputs"):
        read({"instances": [1]}, [])
