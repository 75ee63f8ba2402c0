"""The REST contract, asked over HTTP of whatever server `KERAS_HASHING_SERVER_URL` names.

Without it our own server is started. `make_models.py` writes the models that must be served. The
few tests where ours is stricter than TensorFlow Serving are in `test_server.py`.
"""

import base64
import gzip
import json
import math

import numpy as np
import pytest
import requests

from keras_hashing import codes as packed
from tests.exporting.images import file_bytes, photo, png_header, tiny_model
from tests.serving.make_models import ITEMS, K, database

PHOTO = photo(9, 7)
CODES = [[1, 2], [255, 15]]


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


FILE = b64(file_bytes(PHOTO))


@pytest.fixture(scope="module")
def outputs():
    """What the model gives for PHOTO."""
    return tiny_model().predict(PHOTO[None], verbose=0)


@pytest.fixture
def post(server_url):
    def send(body, path="/v1/models/tiny:predict", **options):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(server_url + path, data=data, timeout=60, **options)

    return send


def good(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


def refused(answer, status):
    """The message of an error answer, which is JSON with one key."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    content = answer.json()
    assert list(content) == ["error"]
    return content["error"]


# Status and metadata


def test_status(server_url):
    version = {
        "version": "2",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    expected = {"model_version_status": [version]}
    assert good(requests.get(f"{server_url}/v1/models/tiny", timeout=180)) == expected
    assert good(requests.get(f"{server_url}/v1/models/tiny/versions/2", timeout=180)) == expected
    # The label of a status request is not looked up.
    assert good(requests.get(f"{server_url}/v1/models/tiny/labels/any", timeout=180)) == expected


def test_metadata(server_url):
    content = good(requests.get(f"{server_url}/v1/models/tiny/metadata", timeout=180))
    assert content["model_spec"] == {"name": "tiny", "signature_name": "", "version": "2"}
    signatures = content["metadata"]["signature_def"]["signature_def"]
    names = {"serving_default", "encode_bytes", "search", "search_bytes"}
    assert names <= set(signatures)
    codes = signatures["search"]["inputs"]["codes"]
    assert codes["dtype"] == "DT_UINT8"
    assert codes["tensor_shape"]["unknown_rank"] is False
    assert [size["size"] for size in codes["tensor_shape"]["dim"]] == ["-1", "2"]
    assert signatures["search"]["method_name"] == "tensorflow/serving/predict"
    assert set(signatures["serving_default"]["outputs"]) == {"outputs", "code"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models", 400),
        ("GET", "/v1/models/", 400),
        ("GET", "/v1/models/unknown", 404),
        ("GET", "/v1/models/tiny/versions/9", 404),
        ("GET", "/v1/models/tiny/versions/x", 400),
        ("GET", "/v1/models/tiny/versions/99999999999999999999", 400),
        ("GET", "/v1/models/tiny/versions/" + "9" * 5000, 400),
        ("GET", "/v1/models/tiny?x=1", 404),
        ("GET", "/v1/models/tiny:predict", 400),
        ("GET", "/v1/models/tiny/metadata/more", 400),
        ("GET", "/v1/models/unknown/metadata", 404),
        ("GET", "/v1/models/tiny/labels/stable/metadata", 400),
        ("GET", "/v1/", 400),
        ("POST", "/v1/models/tiny", 400),
        ("POST", "/v1/models/tiny:PREDICT", 400),
        ("POST", "/v1/models/tiny:predict?x=1", 400),
        ("POST", "/v1/models/tiny:train", 400),
        ("POST", "/v1/models/tiny/versions/2/labels/x:predict", 400),
        ("PUT", "/v1/models/tiny:predict", 400),
        ("DELETE", "/v1/models/tiny", 400),
    ],
)
def test_paths(server_url, method, path, status):
    body = {"instances": [PHOTO.tolist()]}
    refused(requests.request(method, server_url + path, json=body, timeout=180), status)


def test_paths_ignore_case_and_names_are_percent_decoded(server_url, post):
    assert good(requests.get(f"{server_url}/v1/MODELS/tiny", timeout=180))
    assert good(requests.get(f"{server_url}/v1/models/t%69ny", timeout=180))
    assert good(post({"instances": [PHOTO.tolist()]}, "/v1/models/tiny/versions/2:predict"))


def test_options(server_url):
    headers = {"Origin": "http://example.org"}
    url = f"{server_url}/v1/models/tiny:predict"
    answer = requests.options(url, headers=headers, timeout=180)
    assert (answer.status_code, answer.content) == (200, b"")
    assert requests.options(url, timeout=180).status_code == 400


# Predictions


def test_an_empty_signature_name_is_the_default(post):
    assert good(post({"instances": [PHOTO.tolist()], "signature_name": ""}))


def test_instances_with_several_outputs(post, outputs):
    for instance in (PHOTO.tolist(), {"images": PHOTO.tolist()}):
        predictions = good(post({"instances": [instance, instance]}))["predictions"]
        assert len(predictions) == 2
        for prediction in predictions:
            assert set(prediction) == {"outputs", "code"}
            np.testing.assert_allclose(prediction["outputs"], outputs[0], atol=1e-5)
            assert prediction["code"] == packed.pack(outputs)[0].tolist()


def test_inputs(post, outputs):
    for inputs in ([PHOTO.tolist()], {"images": [PHOTO.tolist()], "extra": 1}):
        answer = good(post({"inputs": inputs, "signature_name": "serving_default"}))["outputs"]
        np.testing.assert_allclose(answer["outputs"], outputs, atol=1e-5)
        assert answer["code"] == packed.pack(outputs).tolist()


def test_float32_is_written_so_that_it_reads_back(post):
    text = post({"inputs": [PHOTO.tolist()]}).text
    numbers = json.loads(text)["outputs"]["outputs"][0]
    assert all(len(repr(number).lstrip("-")) <= 14 for number in numbers)


def test_image_files(post, outputs):
    code = packed.pack(outputs)[0].tobytes()
    body = {"signature_name": "encode_bytes", "instances": [FILE]}
    expected = {"code_bytes": b64(code), "code_hex": code.hex()}
    assert good(post(body))["predictions"] == [expected]
    body["instances"] = [{"image_bytes": FILE}, {"image_bytes": FILE}]
    assert good(post(body))["predictions"] == [expected, expected]
    answer = good(post({"signature_name": "encode_bytes", "inputs": {"image_bytes": [FILE]}}))
    assert answer["outputs"] == {"code_bytes": [b64(code)], "code_hex": [code.hex()]}


def test_base64_without_padding(post):
    data = file_bytes(photo(9, 8, seed=3))
    data += b"\0" * (1 - len(data) % 3)  # what follows a PNG's end is not read
    text = b64(data)["b64"]
    answers = [
        good(post({"signature_name": "encode_bytes", "instances": [{"b64": form}]}))
        for form in (text, text.rstrip("="))
    ]
    assert answers[0] == answers[1]


def test_search(post, outputs):
    codes, ids = database()
    answer = good(post({"signature_name": "search", "inputs": CODES}))["outputs"]
    distances = packed.hamming(np.array(CODES, np.uint8), codes)
    order = np.argsort(distances, axis=1, kind="stable")[:, :K]
    assert answer["distances"] == np.take_along_axis(distances, order, 1).tolist()
    assert answer["ids"] == ids[order].tolist()

    body = {"signature_name": "search_bytes", "instances": [FILE]}
    found = good(post(body))["predictions"][0]
    distances = packed.hamming(packed.pack(outputs), codes)[0]
    assert found["distances"] == sorted(distances.tolist())[:K]
    assert len(found["ids"]) == K < ITEMS


def test_unknown_keys_bytes_behind_the_object_and_no_content_type(post):
    body = json.dumps({"instances": [PHOTO.tolist()], "other": 1}).encode()
    assert good(post(b" \n" + body + b"} and more", headers={"Content-Type": "x/y"}))


def test_gzip(post):
    body = gzip.compress(json.dumps({"instances": [PHOTO.tolist()]}).encode())
    assert good(post(body, headers={"Content-Encoding": "gzip"}))


def test_two_models(post):
    body = {"instances": [PHOTO.tolist()]}
    one = good(post(body))["predictions"][0]["outputs"]
    other = good(post(body, "/v1/models/plain:predict"))["predictions"][0]["outputs"]
    assert one != other


def test_images_in_zero_to_one_are_taken_as_they_are(post):
    """They are nearly black pictures; only the Python function `encode` refuses them."""
    assert good(post({"instances": [(PHOTO / 255).tolist()]}))


# Bad input: each ends in a JSON error, and the server goes on.

IMAGE = PHOTO.tolist()
RAGGED = [IMAGE[0], IMAGE[1][:-1]]
JPEG = file_bytes(photo(), "JPEG")


def with_pixel(value):
    return [[[[value, 0, 0]]]]


def files(*data):
    return {"signature_name": "encode_bytes", "instances": [b64(item) for item in data]}


def search(codes):
    return {"signature_name": "search", "inputs": codes}


BAD_BODIES = {
    "empty body": b"",
    "not JSON": b"{not json",
    "not UTF-8": b'{"instances": ["\xff\xfe"]}',
    "a list": b"[1, 2]",
    "a string": b'"instances"',
    "cut short": b'{"instances": [[1, 2',
    "neither": {},
    "both": {"instances": [IMAGE], "inputs": [IMAGE]},
    "empty instances": {"instances": []},
    "instances an object": {"instances": {"images": IMAGE}},
    "empty inputs": {"inputs": []},
    "signature not a string": {"instances": [IMAGE], "signature_name": 5},
    "signature null": {"instances": [IMAGE], "signature_name": None},
    "unknown signature": {"instances": [IMAGE], "signature_name": "sing"},
    "rank 1": {"instances": [1, 2, 3]},
    "rank 3": {"inputs": IMAGE},
    "rank 5": {"instances": [[IMAGE]]},
    "four channels": {"instances": [[[[1, 2, 3, 4]]]]},
    "no pixels": {"instances": [[[], []]]},
    "ragged rows": {"instances": [RAGGED]},
    "images of two sizes": {"instances": [IMAGE, [IMAGE[0]]]},
    "a scalar among lists": {"instances": [[[[1, 2, 3]], 4]]},
    "text for a number": {"instances": with_pixel("1")},
    "true for a number": {"instances": with_pixel(True)},
    "null for a number": {"instances": with_pixel(None)},
    "NaN": {"instances": with_pixel(math.nan)},
    "infinity": {"instances": with_pixel(math.inf)},
    "above 255": {"instances": with_pixel(256)},
    "below 0": {"instances": with_pixel(-1)},
    "a float32 overflow": {"instances": with_pixel(10**50)},
    "a float64 overflow": {"instances": with_pixel(10**400)},
    "wrong key": {"instances": [{"image": IMAGE}]},
    "one key too many": {"instances": [{"images": IMAGE, "k": 1}]},
    "objects and plain values": {"instances": [{"images": IMAGE}, IMAGE]},
    "missing input": {"inputs": {"pictures": [IMAGE]}},
    "number for a file": {"signature_name": "encode_bytes", "instances": [3]},
    "text for a file": {"signature_name": "encode_bytes", "instances": ["hello there"]},
    "wrong base64": {"signature_name": "encode_bytes", "instances": [{"b64": "@@@@"}]},
    "url-safe base64": {"signature_name": "encode_bytes", "instances": [{"b64": "_-_-"}]},
    "base64 of wrong length": {"signature_name": "encode_bytes", "instances": [{"b64": "AAAAA"}]},
    "base64 not a string": {"signature_name": "encode_bytes", "instances": [{"b64": 7}]},
    "text file": files(b"This is a text file with the name photo.jpg."),
    "no bytes": files(b""),
    "JPEG cut short": files(JPEG[: len(JPEG) // 2]),
    "JPEG one byte short": files(JPEG[:-1]),
    "GIF": files(file_bytes(photo(), "GIF")),
    "one bad file of two": files(file_bytes(PHOTO), JPEG[:100]),
    "16000 x 16000 PNG": files(png_header(16000, 16000) + b"\0" * 99),
    "codes too short": search([[1]]),
    "codes too long": search([[1, 2, 3]]),
    "codes of rank 1": search([1, 2]),
    "codes with padding set": search([[0, 255]]),
    "codes as floats": search([[1.0, 2.0]]),
    "codes as text": search([["a", "b"]]),
    "no codes": search([]),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_input(post, server_url, name):
    message = refused(post(BAD_BODIES[name]), 400)
    assert message
    assert "node" not in message  # the graph's inner names are of no use to the caller
    assert requests.get(f"{server_url}/v1/models/tiny", timeout=180).status_code == 200


def test_gzip_garbage(post):
    body = json.dumps({"instances": [IMAGE]}).encode()
    for data in (b"garbage", body, gzip.compress(body)[:-9], gzip.compress(body)[:40]):
        refused(post(data, headers={"Content-Encoding": "gzip"}), 400)


def test_order_of_checks(post):
    good_body = {"instances": [IMAGE]}
    assert "unknown" in refused(post(good_body, "/v1/models/unknown:predict"), 404)
    refused(post(b"{", "/v1/models/unknown:predict"), 400)
    unknown = {**good_body, "signature_name": "sing"}
    refused(post(unknown, "/v1/models/unknown:predict"), 404)
    assert "sing" in refused(post({**unknown, "instances": []}), 400)
    refused(post(good_body, "/v1/models/tiny/versions/9:predict"), 404)
    refused(post(good_body, "/v1/models/tiny/labels/stable:predict"), 400)
    refused(post(good_body, "/v1/models/tiny:classify"), 400)


def test_a_model_without_index_has_no_search(post):
    body = {"signature_name": "search", "inputs": CODES}
    assert "search" in refused(post(body, "/v1/models/plain:predict"), 400)
