import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_hashing.serving import answers
from keras_hashing.serving.errors import ApiError


def written(arrays, by_row):
    return json.loads(answers.write(arrays, by_row))


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
        answers.write(arrays, True)
    assert answers.write(arrays, False)


def test_floats_are_the_shortest_that_read_back():
    text = answers.write({"x": np.array([0.2, 1.0, 1e-7, np.nan, -np.inf], np.float32)}, False)
    assert text == b'{"outputs": [0.2, 1.0, 1e-07, NaN, -Infinity]}'
    with pytest.raises(ApiError, match="cannot be written as JSON"):
        answers.write({"x": np.zeros(1, np.float16)}, False)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float32_reads_back_and_none_is_shorter_than_numpys(value):
    number = np.array([value], np.float32)
    (got,) = written({"x": number}, False)["outputs"]
    assert struct.pack("<f", got) == number.tobytes()
    assert float(str(number[0])) == got


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_whole_numbers_are_not_quoted(dtype):
    most = np.iinfo(dtype).max
    text = answers.write({"x": np.array([most], dtype)}, False)
    assert text == b'{"outputs": [%d]}' % most


@pytest.mark.parametrize("dtype", ["float16", "uint16", "complex64"])
def test_types_without_a_json_form(dtype):
    with pytest.raises(ApiError, match=f"output y of {dtype} cannot be written as JSON") as error:
        answers.write({"y": np.zeros(1, dtype)}, True)
    assert error.value.status == 400


def test_bytes_that_are_not_utf8_are_written_as_they_are():
    text = answers.write({"x": np.array([b"a\xff\x00"], object)}, False)
    assert text == b'{"outputs": ["a\xff\\u0000"]}'
    assert answers.write({"x": np.array(b"\xc3\xa9", object)}, False) == '{"outputs": "é"}'.encode()
