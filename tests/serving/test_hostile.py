"""What strangers send: answered with a documented status, and the next good request as ever."""

import base64
import contextlib
import gzip
import json
import socket

import hypothesis
import numpy as np
import pytest
import requests
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.exporting.images import FILES, file_bytes, photo, png_header
from tests.serving.conftest import ServerProcess
from tests.serving.test_contract import b64, good

MEGABYTE = 2**20
STATUSES = {200, 400, 404, 413, 501}
GOOD = {"signature_name": "encode_bytes", "instances": [b64(file_bytes(photo(9, 7)))]}

NAMES = st.sampled_from(["types", "tiny", "plain"])
SIGNATURES = st.sampled_from(
    ["serving_default", "encode_bytes", "search", "search_bytes", "two", "scaled", "total", "cube"]
    + ["text", "write_float16", "echo_uint8", "echo_int64", "echo_bool", "echo_string", "", "x"]
)
NUMBERS = st.one_of(
    st.integers(-3, 260),
    st.integers(),
    st.integers(10**300, 10**320),
    st.floats(),
    st.booleans(),
    st.none(),
)
STRINGS = st.one_of(
    st.text(max_size=20),
    st.fixed_dictionaries({"b64": st.one_of(st.text(max_size=12), st.integers())}),
    st.binary(max_size=60).map(b64),
    st.sampled_from(sorted(FILES.values())).map(lambda file: b64(file[:90])),
)
KEYS = st.sampled_from(["images", "image_bytes", "codes", "x", "a", "b", "k", "b64", ""])
VALUES = st.recursive(
    st.one_of(NUMBERS, STRINGS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=25,
)


def nested(depth, leaf):
    for _ in range(depth):
        leaf = [leaf]
    return leaf


RANKS = st.builds(nested, st.integers(0, 40), st.one_of(NUMBERS, st.just([]), st.just([1, [2]])))
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.one_of(SIGNATURES, SIGNATURES, SIGNATURES, VALUES),
        "instances": st.one_of(VALUES, RANKS, st.lists(VALUES, max_size=3)),
        "inputs": st.one_of(VALUES, RANKS, st.dictionaries(KEYS, VALUES, max_size=3)),
    },
).map(lambda value: json.dumps(value).encode())


@st.composite
def damaged(draw, originals, noise):
    """One of the originals with a part replaced."""
    data = draw(st.sampled_from(originals))
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.integers(0, 12)))
    return data[:start] + draw(st.binary(max_size=noise)) + data[end:]


VALID = [
    json.dumps(body).encode()
    for body in (
        GOOD,
        {"signature_name": "search", "inputs": [[1, 2], [255, 15]]},
        {"instances": [photo(2, 2).tolist()]},
        {"signature_name": "two", "instances": [{"a": [1.5, -2e3], "b": 7}]},
        {"signature_name": "echo_float32", "inputs": [0.5, float("nan"), float("-inf")]},
    )
]
WELL_FORMED = st.one_of(
    st.tuples(st.just("echo_float32"), st.lists(st.floats(allow_nan=True), min_size=1)),
    st.tuples(st.just("echo_float64"), st.lists(st.integers(-(10**20), 10**20), min_size=1)),
    st.tuples(st.just("echo_uint8"), st.lists(st.integers(-(2**31), 2**32), min_size=1)),
    st.tuples(st.just("echo_bool"), st.lists(st.booleans(), min_size=1)),
    st.tuples(st.just("text"), st.lists(st.text(), min_size=1)),
    st.tuples(st.just("echo_string"), st.lists(st.binary().map(b64), min_size=1)),
    st.tuples(st.just("search"), st.lists(st.tuples(st.integers(0, 256), st.integers(0, 16)))),
    st.tuples(
        st.just("cube"),
        hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, max_side=3)).map(
            lambda array: array.tolist()
        ),
    ),
)
RIGHT = st.tuples(WELL_FORMED, st.sampled_from(["inputs", "instances"])).map(
    lambda given: json.dumps({"signature_name": given[0][0], given[1]: given[0][1]}).encode()
)
BODIES = st.one_of(OBJECTS, RIGHT, damaged(VALID, 4), st.binary(max_size=80))
ENCODED = st.one_of(
    BODIES.map(lambda body: (body, {})),
    RIGHT.map(lambda body: (body, {})),
    BODIES.map(lambda body: (gzip.compress(body, 1), {"Content-Encoding": "gzip"})),
    BODIES.map(lambda body: (body, {"Content-Encoding": "gzip"})),
    damaged([gzip.compress(body, 1) for body in VALID], 4).map(
        lambda body: (body, {"Content-Encoding": "gzip"})
    ),
)
OTHERS = [file_bytes(photo(), kind) for kind in ("GIF", "BMP", "WEBP", "TIFF")]
ANIMATED = file_bytes(photo(), "WEBP", save_all=True, append_images=[])
IMAGES = damaged([*FILES.values(), *OTHERS, ANIMATED], 12)


@pytest.fixture(scope="module")
def server(models_folder):
    """A server of our own, since its memory is measured."""
    server = ServerProcess("--config", models_folder / "models.config")
    yield server
    assert server.stop() == 0


@pytest.fixture
def send(server):
    """Function that posts a body; before and after, a good request is answered."""
    with requests.Session() as session:

        def post(body, model="tiny", **options):
            url = f"{server.url}/v1/models/{model}:predict"
            return session.post(url, data=body, timeout=180, **options)

        expected = good(post(json.dumps(GOOD)))
        yield post
        assert server.process.poll() is None
        assert good(post(json.dumps(GOOD))) == expected


def check(answer):
    assert answer.status_code in STATUSES, answer.text
    # A string that is echoed may hold any bytes, so that the answer is not UTF-8.
    content = json.loads(answer.content.decode("utf-8", "surrogateescape"))
    keys = {"predictions", "outputs"} if answer.status_code == 200 else {"error"}
    assert len(content) == 1
    assert keys & content.keys()


def fuzz(strategy, count, ask):
    """Ask about `count` examples of the strategy; return how many of each status there were."""
    statuses = {}

    @hypothesis.settings(
        max_examples=count, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(strategy)
    def run(example):
        answer = ask(example)
        check(answer)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1

    run()
    return statuses


@pytest.mark.parametrize("count", [200, pytest.param(5000, marks=pytest.mark.slow)])
def test_any_body(server, send, count):
    before = server.peak_bytes()
    strategy = st.tuples(NAMES, ENCODED)
    statuses = fuzz(strategy, count, lambda x: send(x[1][0], x[0], headers=x[1][1]))
    assert sum(statuses.values()) >= count
    assert min(statuses.get(200, 0), statuses.get(400, 0)) > count // 50  # both were reached
    assert server.peak_bytes() - before < 300 * MEGABYTE


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_any_damaged_image(server, send, count):
    before = server.peak_bytes()

    def ask(file):
        return send(json.dumps({"signature_name": "search_bytes", "instances": [b64(file)]}))

    statuses = fuzz(IMAGES, count, ask)
    assert sum(statuses.values()) >= count
    assert min(statuses.get(200, 0), statuses.get(400, 0)) > count // 50
    assert server.peak_bytes() - before < 500 * MEGABYTE


SEGMENTS = st.one_of(
    st.text(max_size=12).map(lambda text: requests.utils.quote(text, safe="")),
    st.text("./:%?#&=\\abtiny0129-", max_size=12),
    st.sampled_from(["..", "%2e%2e", "..%2f..", "tiny", "%00", "versions", "labels", "metadata"]),
)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_any_path(server, send, count):
    def ask(example):
        method, parts, tail = example
        request = requests.Request(method, server.url, data=json.dumps(GOOD)).prepare()
        path = "/v1/models/" + "/".join(parts) + tail
        request.url = server.url + path.replace("#", "%23").replace("\\", "%5c")
        with requests.Session() as session:
            return session.send(request, timeout=180)

    methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PROPFIND"])
    tails = st.sampled_from(["", ":predict", ":Predict", "/metadata", "?x", ":predict?y=/../.."])

    def only_errors(example):
        answer = ask(example)
        if answer.status_code == 200 and example[0] == "GET":  # a status or metadata: no error
            answer._content = b'{"outputs": 1}'
        return answer

    fuzz(st.tuples(methods, st.lists(SEGMENTS, max_size=4), tails), count, only_errors)


def test_large_and_hostile_bodies(server, send):
    """Each is near a limit; together they leave a bounded process behind."""
    size = MEGABYTE
    for unit in (b"[],", b"{},", b'"",', b"1e308,", b"[[[[1]]]],", b'{"b64":""},'):
        for signature in (b"serving_default", b"encode_bytes", b"search"):
            head = b'{"signature_name": "%s", "instances": [' % signature
            check(send(head + unit * (size // len(unit)) + b"0]}"))
    check(send(b'{"instances": "' + b"A" * size))
    check(send(b'{"instances": ' + b"1" * size))
    for level in (1, 9):
        bomb = gzip.compress(b" " * (100 * MEGABYTE), level)
        answer = send(bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 413
    doubled = gzip.compress(gzip.compress(b" " * (100 * MEGABYTE)))
    assert send(doubled, headers={"Content-Encoding": "gzip"}).status_code == 400
    assert server.peak_bytes() < 2.5 * 2**30


@pytest.mark.slow
def test_bodies_of_the_full_size(server, send):
    for unit in (b"[],", b"{},", b'"",', b"0.5,", b"[0,0,0],"):
        head = b'{"instances": ['
        check(send(head + unit * (63 * MEGABYTE // len(unit)) + b"0]}"))
    assert server.peak_bytes() < 6 * 2**30


def test_image_bombs(server, send):
    before = server.peak_bytes()
    bombs = [png_header(side, side) + b"\0" * 99 for side in (16000, 2**31 - 1)]
    bombs += [file_bytes(photo(1, 1), "GIF")[:6] + b"\xff\xff\xff\xff" + b"\0" * 50]
    # Each may be decoded by itself, all of them together may not.
    bombs += [[png_header(5000, 5000) + b"\0" * 99] * 6]
    for bomb in bombs:
        for signature in ("encode_bytes", "search_bytes"):
            files = [b64(file) for file in (bomb if isinstance(bomb, list) else [bomb])]
            answer = send(json.dumps({"signature_name": signature, "instances": files}))
            assert answer.status_code == 413, answer.text
    assert server.peak_bytes() - before < 100 * MEGABYTE


def test_bodies_that_do_not_end(server, send):
    """Fifty that stop half-way, and one that comes a byte at a time and is answered."""
    body = json.dumps(GOOD).encode()
    head = (
        f"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:

        def connect(data):
            connection = socket.create_connection(server.address, timeout=180)
            stack.enter_context(connection).sendall(data)
            return connection

        for _ in range(50):
            connect(head + body[: len(body) // 2])
            connect(head[:30])
        slow = connect(head)
        for byte in body:
            slow.sendall(bytes([byte]))
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
        check(send(json.dumps(GOOD)))


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/models/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/models/tiny HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n",
        b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz"
        b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,  # a TLS greeting
    ],
)
def test_what_is_no_http(server, send, data):
    """The HTTP layer answers 400 itself, in plain text, and closes."""
    with socket.create_connection(server.address, timeout=180) as connection:
        connection.sendall(data)
        with contextlib.suppress(ConnectionResetError):  # it closed before it had read all
            assert connection.recv(100).startswith(b"HTTP/1.1 4")


def test_base64_of_every_kind(send):
    file = base64.b64encode(file_bytes(photo(9, 7))).decode()
    for text in (file + "=", file[:-1], file + "\0", "=" + file, file.replace("A", "\u0430")):
        body = json.dumps({"signature_name": "encode_bytes", "instances": [{"b64": text}]})
        check(send(body))
