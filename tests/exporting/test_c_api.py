"""Exports run in a process without TensorFlow's Python and Keras, as a server runs them."""

import base64
import importlib.util
import pathlib

import numpy as np
import pytest

from keras_hashing import codes as packed
from keras_hashing.exporting import export
from tests.exporting.c_api_runner import run
from tests.exporting.images import BITS, file_bytes, photo, tiny_model

DTYPES = {"float32": 1, "int32": 3, "uint8": 4, "int64": 9}
INVALID_ARGUMENT = 3


@pytest.fixture(scope="module")
def library():
    package = pathlib.Path(importlib.util.find_spec("tensorflow").origin).parent
    found = package / "libtensorflow_cc.so.2"
    if not found.exists():
        pytest.skip("this build of TensorFlow has no libtensorflow_cc.so.2")
    return found


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def database():
    return packed.pack(np.random.default_rng(0).standard_normal((30, BITS)))


@pytest.fixture(scope="module")
def version(model, database, tmp_path_factory):
    return export(model, tmp_path_factory.mktemp("models") / "tiny", index=database, k=4)


def request(signature, **inputs):
    return {"signature": signature, "inputs": {k: tensor(v) for k, v in inputs.items()}}


def tensor(value):
    if isinstance(value, list):
        return {"dtype": 7, "shape": [len(value)], "data": [encoded(v) for v in value]}
    value = np.asarray(value)
    return {
        "dtype": DTYPES[value.dtype.name],
        "shape": value.shape,
        "data": encoded(value.tobytes()),
    }


def encoded(data):
    return base64.b64encode(data).decode()


def array(answer, name):
    value = answer["outputs"][name]
    dtype = {number: name for name, number in DTYPES.items()}[value["dtype"]]
    return np.frombuffer(base64.b64decode(value["data"]), dtype).reshape(value["shape"])


def test_every_signature_answers(library, version, model, database):
    images = np.stack([photo(seed=1), photo(seed=2)])
    files = [file_bytes(image) for image in images]
    outputs = model.predict(images, verbose=0)
    codes = packed.pack(outputs)
    answers, status = run(
        library,
        version,
        [
            request("serving_default", images=images.astype("float32")),
            request("encode_bytes", image_bytes=files),
            request("search", codes=codes),
            request("search_bytes", image_bytes=files),
        ],
    )
    assert status == 0
    assert [answer["message"] for answer in answers] == [""] * 4
    plain, encoded_files, by_code, by_file = answers
    np.testing.assert_allclose(array(plain, "outputs"), outputs, atol=1e-5)
    np.testing.assert_array_equal(array(plain, "code"), codes)
    written = encoded_files["outputs"]["code_bytes"]["data"]
    assert [base64.b64decode(text) for text in written] == [code.tobytes() for code in codes]
    hexes = [base64.b64decode(text) for text in encoded_files["outputs"]["code_hex"]["data"]]
    assert [text.decode() for text in hexes] == [code.tobytes().hex() for code in codes]
    differing = np.unpackbits(codes[:, None] ^ database, axis=-1).sum(axis=-1)
    nearest = np.argsort(differing, axis=1, kind="stable")[:, :4]
    for found in (by_code, by_file):
        np.testing.assert_array_equal(array(found, "ids"), nearest)
        np.testing.assert_array_equal(
            array(found, "distances"), np.take_along_axis(differing, nearest, axis=1)
        )


def bad_inputs():
    zeros = np.zeros
    images = {
        "rank 1": zeros(192, np.float32),
        "rank 3": zeros((8, 8, 3), np.float32),
        "rank 5": zeros((1, 1, 8, 8, 3), np.float32),
        "6 channels": zeros((1, 8, 8, 6), np.float32),
        "1 channel": zeros((1, 8, 8, 1), np.float32),
        "scalar": np.float32(0),
        "no image": zeros((0, 8, 8, 3), np.float32),
        "no height": zeros((1, 0, 8, 3), np.float32),
        "no width": zeros((1, 8, 0, 3), np.float32),
        "too wide": zeros((1, 1, 4097, 3), np.float32),
        "too many": zeros((257, 1, 1, 3), np.float32),
        "uint8": zeros((1, 8, 8, 3), np.uint8),
        "NaN": np.full((1, 8, 8, 3), np.nan, np.float32),
        "infinite": np.full((1, 8, 8, 3), np.inf, np.float32),
        "below 0": np.full((1, 8, 8, 3), -1, np.float32),
        "above 255": np.full((1, 8, 8, 3), 256, np.float32),
    }
    for name, value in images.items():
        yield f"images: {name}", request("serving_default", images=value)
    codes = {
        "width 1": zeros((1, 1), np.uint8),
        "width 3": zeros((1, 3), np.uint8),
        "rank 1": zeros(2, np.uint8),
        "rank 3": zeros((1, 2, 1), np.uint8),
        "none": zeros((0, 2), np.uint8),
        "too many": zeros((4097, 2), np.uint8),
        "padding set": np.full((1, 2), 255, np.uint8),
    }
    for name, value in codes.items():
        yield f"codes: {name}", request("search", codes=value)
    cut = file_bytes(photo(), "JPEG")[:300]
    for signature in ("encode_bytes", "search_bytes"):
        yield f"{signature}: none", request(signature, image_bytes=[])
        yield f"{signature}: binary", request(signature, image_bytes=[b"\xff\xfe\xfd" * 20])
        yield f"{signature}: cut JPEG", request(signature, image_bytes=[cut])


def test_bad_inputs_are_errors_and_the_process_lives(library, version):
    """Without the checks an image of rank 1 or 3 aborts the whole process."""
    cases = dict(bad_inputs())
    good = request("serving_default", images=np.zeros((1, 5, 9, 3), np.float32))
    answers, status = run(library, version, [*cases.values(), good])
    assert status == 0, f"ended after {list(cases)[len(answers) - 1 :][:1]}"
    codes = dict(zip(cases, [answer["code"] for answer in answers], strict=False))
    assert codes == dict.fromkeys(cases, INVALID_ARGUMENT)
    assert answers[-1]["code"] == 0
