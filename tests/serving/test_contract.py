"""The REST contract, asked over HTTP of whatever server `KERAS_HASHING_SERVER_URL` names.

Without it our own server is started. `make_models.py` writes the models that must be served, and
the `models.config` to serve them by. What only our server does is in `test_app.py`.
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


@pytest.fixture
def get(server_url):
    return lambda path, **options: requests.get(server_url + path, timeout=180, **options)


def test_status(get):
    status = {"error_code": "OK", "error_message": ""}
    two, one = [{"version": n, "state": "AVAILABLE", "status": status} for n in ("2", "1")]
    rows = good(get("/v1/models/tiny"))["model_version_status"]
    assert sorted(rows, key=lambda row: row["version"]) == [one, two]
    assert good(get("/v1/models/tiny/versions/2")) == {"model_version_status": [two]}
    # The label of a status request is not looked up.
    for label in ("stable", "any"):
        rows = good(get(f"/v1/models/tiny/labels/{label}"))["model_version_status"]
        assert sorted(rows, key=lambda row: row["version"]) == [one, two]


@pytest.mark.parametrize(
    ("path", "version"),
    [("", "2"), ("/versions/1", "1"), ("/labels/stable", "1"), ("/labels/canary", "2")],
)
def test_metadata_of_versions_and_labels(get, path, version):
    spec = good(get(f"/v1/models/tiny{path}/metadata"))["model_spec"]
    assert spec == {"name": "tiny", "signature_name": "", "version": version}


def test_metadata(get):
    content = good(get("/v1/models/tiny/metadata"))
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
        ("GET", "/v1/models/tiny/versions/9/metadata", 404),
        ("GET", "/v1/models/tiny/versions/9223372036854775807", 404),
        ("GET", "/v1/models/tiny/versions/9223372036854775808", 400),
        ("GET", "/v1/models/tiny/versions/-1", 400),
        ("GET", "/v1/models/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/models/../../../etc/passwd", 400),
        ("GET", "/v1/models/%00", 404),
        ("GET", "/v1/models/tiny%2fmetadata", 404),
        ("GET", "/v1/models/tiny/labels/none/metadata", 400),
        ("HEAD", "/v1/models/tiny", 400),
        ("PATCH", "/v1/models/tiny:predict", 400),
        ("POST", "/v1/models/:predict", 400),
        ("POST", "/v1/models/tiny/labels/none:predict", 400),
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
    request = requests.Request(method, server_url + path, json=body).prepare()
    request.url = server_url + path  # as it is, with its dots
    with requests.Session() as session:
        answer = session.send(request, timeout=180)
    if method == "HEAD":
        assert answer.status_code == status
        return
    message = refused(answer, status)
    if "Malformed" in message:
        assert message == f"Malformed request: {method} {path}"


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/v2/x"), ("POST", "/v1")])
def test_outside_of_the_api(server_url, method, path):
    """Ours has a page at `/`; what the rest answers is 404, in HTML or JSON."""
    answer = requests.request(method, server_url + path, timeout=180)
    assert answer.status_code == 404 or (path == "/" and answer.status_code == 200)


def test_paths_ignore_case_and_names_are_percent_decoded(get, post):
    assert good(get("/v1/MODELS/tiny"))
    assert good(get("/V1/models/tiny/METADATA"))
    assert good(get("/v1/models/t%69ny"))
    assert good(get("/v1/models/tiny/labels/st%61ble/metadata"))
    assert good(post({"instances": [PHOTO.tolist()]}, "/v1/models/tiny/VERSIONS/2:predict"))
    assert good(post({"instances": [PHOTO.tolist()]}, "/v1/models/tiny/versions/002:predict"))


def test_the_version_asked_for_answers(post):
    body = {"inputs": CODES, "signature_name": "search"}
    for path in ("", "/versions/2", "/labels/canary"):
        assert good(post(body, f"/v1/models/tiny{path}:predict"))
    for path in ("/versions/1", "/labels/stable"):  # which has no index
        assert "search" in refused(post(body, f"/v1/models/tiny{path}:predict"), 400)


def test_options(server_url):
    headers = {"Origin": "http://example.org"}
    url = f"{server_url}/v1/models/tiny:predict"
    answer = requests.options(url, headers=headers, timeout=180)
    assert (answer.status_code, answer.content) == (200, b"")
    assert requests.options(url, timeout=180).status_code == 400
    assert requests.options(url, headers={"Origin": "null"}, timeout=180).status_code == 400


def test_no_other_site_may_read_answers(get):
    answer = get("/v1/models/tiny", headers={"Origin": "http://example.org"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


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


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip, identity"])
def test_gzip(post, encoding):
    body = gzip.compress(json.dumps({"instances": [PHOTO.tolist()]}).encode())
    assert good(post(body, headers={"Content-Encoding": encoding}))


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


def test_a_decompression_bomb(post):
    """TensorFlow Serving leaves it to the model, ours sees it before."""
    answer = post(files(png_header(16000, 16000) + b"\0" * 99))
    assert refused(answer, 413 if answer.status_code == 413 else 400)


def test_order_of_checks(post):
    good_body = {"instances": [IMAGE]}
    assert "unknown" in refused(post(good_body, "/v1/models/unknown:predict"), 404)
    refused(post(b"{", "/v1/models/unknown:predict"), 400)
    unknown = {**good_body, "signature_name": "sing"}
    refused(post(unknown, "/v1/models/unknown:predict"), 404)
    assert "sing" in refused(post({**unknown, "instances": []}), 400)
    refused(post(good_body, "/v1/models/tiny/versions/9:predict"), 404)
    refused(post({}, "/v1/models/unknown:predict"), 404)
    assert "string" in refused(post({"signature_name": 1}, "/v1/models/unknown:predict"), 400)
    refused(post(b"{", "/v1/models/unknown:classify"), 400)
    refused(post({"examples": [{"x": 1}]}, "/v1/models/unknown:classify"), 404)
    for verb in ("classify", "regress"):
        refused(post({"examples": [{"x": 1}]}, f"/v1/models/tiny:{verb}"), 400)


def test_a_model_without_index_has_no_search(post):
    body = {"signature_name": "search", "inputs": CODES}
    assert "search" in refused(post(body, "/v1/models/plain:predict"), 400)


# A model that is not ours: dtypes, several inputs, scalars


@pytest.fixture
def types(post):
    def ask(signature, **body):
        return post({"signature_name": signature, **body}, "/v1/models/types:predict")

    return ask


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("float32", [0, -1, 2.5, 0.2, 1e-7, 16777217, 3.4e38]),
        ("float64", [0, -1, 0.1, 1e300, 5e-324]),
        ("int8", [-128, 127]),
        ("int16", [-(2**15), 2**15 - 1]),
        ("int32", [-(2**31), 2**31 - 1]),
        ("int64", [-(2**63), 2**63 - 1, 2**53 + 1]),
        ("uint8", [0, 255]),
        ("uint32", [0, 2**32 - 1]),
        ("uint64", [0, 2**64 - 1, 2**53 + 1]),
        ("bool", [True, False]),
        ("string", ["", "text", "caf\u00e9 \u4f60 \U0001f600", '"\\\n']),
    ],
)
def test_dtypes_there_and_back(types, dtype, values):
    answer = good(types(f"echo_{dtype}", instances=values))["predictions"]
    kind = str if dtype == "string" else dtype
    np.testing.assert_array_equal(np.array(answer, kind), np.array(values, kind))
    if dtype.startswith("float"):  # whole numbers come back with .0
        assert [type(value) for value in answer] == [float] * len(values)
    else:
        assert [type(value) for value in answer] == [type(value) for value in values]
    assert good(types(f"echo_{dtype}", inputs=values))["outputs"] == answer


def test_float32_is_written_as_short_as_can_be(types):
    text = types("echo_float32", instances=[0.2, 1]).text
    assert text.split("[")[1].split("]")[0].replace(" ", "").replace("\n", "") == "0.2,1.0"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_not_a_number_and_infinity_are_bare_words(types, dtype):
    values = [math.nan, math.inf, -math.inf]
    answer = types(f"echo_{dtype}", instances=values)
    assert "NaN" in answer.text
    assert "-Infinity" in answer.text
    got = good(answer)["predictions"]
    assert math.isnan(got[0])
    assert got[1:] == values[1:]


def test_a_number_beyond_float32_becomes_infinite(types):
    for values in ([1e39, -1e39], [10**39, -(10**39)]):
        answer = good(types("echo_float32", instances=values))
        assert answer["predictions"] == [math.inf, -math.inf]
    assert good(types("echo_float64", instances=[1e39]))["predictions"] == [1e39]


def test_a_number_beyond_float64_cannot_be_read(post):
    for number in (b"1e999", b"-1e999", b"1" + b"0" * 400, b"1" + b"0" * 9999):
        body = b'{"signature_name": "echo_float32", "instances": [%s]}' % number
        refused(post(body, "/v1/models/types:predict"), 400)


@pytest.mark.parametrize(
    ("dtype", "given", "wrapped"),
    [
        ("uint8", [300, -1, 256], [44, 255, 0]),
        ("int8", [128, -129], [-128, 127]),
        ("int16", [2**15, 2**31 - 1], [-(2**15), -1]),
    ],
)
def test_small_integers_wrap(types, dtype, given, wrapped):
    assert good(types(f"echo_{dtype}", instances=given))["predictions"] == wrapped


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *((dtype, 2**31) for dtype in ("int8", "int16", "int32", "uint8")),
        *((dtype, -(2**31) - 1) for dtype in ("int8", "int16", "int32", "uint8")),
        *(("uint32", value) for value in (-1, 2**32)),
        *(("int64", value) for value in (2**63, -(2**63) - 1)),
        *(("uint64", value) for value in (-1, 2**64, 10**30)),
        *((dtype, 1.0) for dtype in ("int8", "int32", "int64", "uint8", "uint64")),
        *((dtype, True) for dtype in ("int32", "float32", "string")),
        *((dtype, None) for dtype in ("int32", "float32", "string", "bool")),
        *((dtype, "1") for dtype in ("int32", "float32", "bool")),
        *(("bool", value) for value in (0, 1.0)),
        ("string", 1),
        ("string", {"b64": "AA==", "more": 1}),
        ("string", {"b64": None}),
    ],
)
def test_values_of_the_wrong_type_or_size(types, dtype, value):
    refused(types(f"echo_{dtype}", instances=[value]), 400)
    refused(types(f"echo_{dtype}", inputs=[value]), 400)


@pytest.mark.parametrize("dtype", ["float16", "uint16"])
def test_dtypes_that_cannot_be_sent(types, dtype):
    refused(types(f"echo_{dtype}", instances=[1]), 501)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "uint16", "complex64"])
def test_dtypes_that_cannot_be_written(types, dtype):
    refused(types(f"write_{dtype}", instances=[1.0]), 400)


def test_strings_are_base64_only_under_names_that_end_in_bytes(types):
    answer = good(types("text", inputs=["text", {"b64": "YWJj"}, {"b64": "YWI"}]))["outputs"]
    assert answer["raw"] == ["text", "abc", "ab"]
    assert answer["raw_bytes"] == [b64(b"text"), b64(b"abc"), b64(b"ab")]
    bytes_only = types("text", instances=[{"b64": "/wA="}])
    assert bytes_only.status_code == 200
    assert b"\xff" in bytes_only.content  # raw, so that the answer is not UTF-8
    rows = good(types("text", instances=[{"x": {"b64": "YQ=="}}]))["predictions"]
    assert rows == [{"raw": "a", "raw_bytes": b64(b"a")}]


def test_several_inputs_by_row(types):
    rows = [{"a": [1, 2], "b": 7}, {"b": 2**53 + 1, "a": [3, 4.5]}]
    answer = good(types("two", instances=rows))["predictions"]
    assert answer == [{"sum": 3.0, "b": 8}, {"sum": 7.5, "b": 2**53 + 2}]
    for wrong in ([[1, 2]], [{"a": [1, 2]}], [{"a": [1, 2], "b": 1, "c": 1}], [rows[0], 1]):
        refused(types("two", instances=wrong), 400)


def test_several_inputs_by_column(types):
    columns = {"a": [[1, 2]], "b": [5], "c": "ignored"}
    assert good(types("two", inputs=columns))["outputs"] == {"sum": [3.0], "b": [6]}
    for wrong in ([[1, 2]], {"a": [[1, 2]]}, 5, {"b64": "AA=="}):
        refused(types("two", inputs=wrong), 400)


def test_a_scalar_can_be_sent_by_column_only(types):
    assert good(types("scaled", inputs={"x": [1, 2], "k": 3}))["outputs"] == [3, 6]


def test_rows_need_an_output_for_each(types):
    assert good(types("total", inputs=[1, 2, 3]))["outputs"] == 6.0
    refused(types("total", instances=[1, 2, 3]), 400)
    rows = [[[1.0]], [[2.0]]]
    assert good(types("cube", inputs=rows))["outputs"] == {"shape": [[2, 1, 1]], "x": rows}
    refused(types("cube", instances=rows), 400)


def test_shapes_of_lists(types):
    for ragged in ([[[1], [2, 3]]], [[[1]], [[2], [3]]], [[[1]], [2]], [[[1]], 2], [[[[1]]]]):
        refused(types("cube", inputs=ragged), 400)
    assert good(types("cube", inputs=[[[], []]]))["outputs"]["shape"] == [[1, 2, 0]]


def test_a_foreign_models_metadata(get):
    content = good(get("/v1/models/types/metadata"))
    signature = content["metadata"]["signature_def"]["signature_def"]["two"]
    shapes = {name: info["tensor_shape"]["dim"] for name, info in signature["inputs"].items()}
    assert {name: [size["size"] for size in dim] for name, dim in shapes.items()} == {
        "a": ["-1", "2"],
        "b": ["-1"],
    }
    assert {info["dtype"] for info in signature["inputs"].values()} == {"DT_FLOAT", "DT_INT64"}
    assert all(info["name"].endswith(":0") for info in signature["inputs"].values())
