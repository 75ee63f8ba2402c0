"""Our own server where it has limits of its own, or more than the contract."""

import concurrent.futures
import contextlib
import gzip
import itertools
import json
import socket
import threading
import types

import numpy as np
import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from keras_hashing import serving
from keras_hashing.serving.app import Settings, create_app
from keras_hashing.serving.bodies import Bodies
from keras_hashing.serving.contract import TensorSpec
from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.metrics import PATH
from tests.exporting.images import photo, png_header
from tests.serving.conftest import running
from tests.serving.test_contract import b64, good, refused

BODY = {"instances": [photo(9, 7).tolist()]}


def predict(url, body=None, model="tiny", **options):
    data = {"json": BODY if body is None else body} if not isinstance(body, bytes) else {}
    data = data or {"data": body}
    return requests.post(f"{url}/v1/models/{model}:predict", timeout=180, **data, **options)


def test_a_huge_body_is_413_as_json_and_the_server_lives(local_server):
    answer = predict(local_server.url, b"[" * (65 * 2**20))
    assert "the body is over" in refused(answer, 413)
    assert good(predict(local_server.url))


def test_a_body_that_inflates_too_far_is_413(local_server):
    bomb = gzip.compress(b" " * (65 * 2**20))
    answer = predict(local_server.url, bomb, headers={"Content-Encoding": "gzip"})
    assert "inflates" in refused(answer, 413)


@pytest.mark.parametrize("signature", ["encode_bytes", "search_bytes"])
def test_a_decompression_bomb_is_413_before_it_is_decoded(local_server, signature):
    file = b64(png_header(16000, 16000) + b"\0" * 99)
    body = {"signature_name": signature, "instances": [file]}
    assert "256000000 pixels in all" in refused(predict(local_server.url, body), 413)
    # Also where the model would take it for a text.
    body = {"signature_name": "echo_string", "instances": ["BMW", file]}
    assert "x has 256000000 pixels" in refused(predict(local_server.url, body, "types"), 413)


def test_deeply_nested_json_is_400(local_server):
    for inner in (b"[", b'{"a":'):
        data = b'{"instances": ' + inner * 1_000_000
        assert "nested too deeply" in refused(predict(local_server.url, data), 400)


def test_elsewhere_is_a_404_with_words(local_server):
    answer = requests.get(f"{local_server.url}/v2/models", timeout=180)
    assert "/v1/models/" in refused(answer, 404)


def test_large_answers_are_gzipped_for_those_who_ask(local_server):
    body = {"signature_name": "echo_float32", "inputs": list(range(2000))}
    url = f"{local_server.url}/v1/models/types:predict"
    for asked, given in (("gzip", "gzip"), ("identity", None), ("br", None)):
        answer = requests.post(url, json=body, headers={"Accept-Encoding": asked}, timeout=180)
        assert answer.headers.get("Content-Encoding") == given
        assert good(answer)["outputs"] == list(range(2000))
        assert (len(answer.raw.data) < 8000) == (given is not None) or answer.raw.data == b""
    small = requests.post(url, json={**body, "inputs": [1]}, timeout=180)
    assert "Content-Encoding" not in small.headers


def test_a_client_that_goes_away_does_no_harm(local_server):
    with socket.create_connection(local_server.address) as connection:
        connection.sendall(
            b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
        )
    assert good(requests.get(f"{local_server.url}/v1/models/tiny", timeout=180))


def test_many_requests_at_once_each_get_their_own_answer(local_server):
    bodies = [{"inputs": [photo(6 + i % 2, 5, seed=i).tolist()]} for i in range(24)]

    def ask(body):
        return good(predict(local_server.url, body))["outputs"]["code"]

    alone = [ask(body) for body in bodies]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        together = list(pool.map(ask, bodies))
    assert together == alone
    assert len({json.dumps(code) for code in alone}) > 12


class StandIn:
    """A model that doubles numbers, once `go` is set; in place of `Models`."""

    names = ("m",)

    def __init__(self):
        self.go, self.entered = threading.Event(), threading.Event()
        self.go.set()
        self.users = 0
        self.inputs = [TensorSpec("x", np.dtype("float32"), (None,))]
        self.version = types.SimpleNamespace(signatures={"serving_default": self}, queues={})

    def run(self, arrays):
        self.entered.set()
        self.go.wait(60)
        if (arrays["x"] < 0).any():
            raise ApiError(429, "negative")
        return {"y": arrays["x"] * 2}

    @contextlib.contextmanager
    def use(self, name, number=None, label=None):
        if name == "broken":
            raise RuntimeError("a path of this machine")
        self.users += 1
        try:
            yield self.version
        finally:
            self.users -= 1


@pytest.fixture
def model():
    return StandIn()


def ask(url, *numbers, model="m"):
    return predict(url, {"inputs": list(numbers)}, model)


def test_an_answer_that_does_not_come_is_504(model):
    model.go.clear()
    with running(create_app(model, Settings(seconds=0.05))) as url:
        answer = ask(url, 1)
        model.go.set()
        assert "did not answer within 0.05 seconds" in refused(answer, 504)
        assert good(ask(url, 1, 2))["outputs"] == [2.0, 4.0]
    assert model.users == 0


def test_a_full_queue_is_503_and_those_in_it_are_answered(model):
    model.go.clear()
    pool = concurrent.futures.ThreadPoolExecutor(8)
    with pool, running(create_app(model, Settings(max_rows=1, max_waiting=2))) as url:
        first = pool.submit(ask, url, 1)
        assert model.entered.wait(60)
        others = [pool.submit(ask, url, n) for n in range(2, 7)]
        done = list(itertools.islice(concurrent.futures.as_completed(others, timeout=60), 3))
        model.go.set()
        assert good(first.result())["outputs"] == [2.0]
        statuses = sorted(future.result().status_code for future in others)
        assert statuses == [200, 200, 503, 503, 503]
        for future in done:
            assert "too many requests are waiting" in refused(future.result(), 503)
        assert good(ask(url, 9))["outputs"] == [18.0]
    assert model.users == 0


def test_an_error_of_the_model_has_its_status_and_frees_the_version(model):
    with running(create_app(model)) as url:
        assert refused(ask(url, -1), 429) == "negative"
    assert model.users == 0


def test_a_fault_of_the_server_is_500_without_its_inner_life(model, caplog):
    with running(create_app(model)) as url:
        message = refused(ask(url, 1, model="broken"), 500)
        assert message == "the server failed; its log says why"
        assert good(ask(url, 1))
    assert "a path of this machine" in caplog.text


def test_a_half_sent_body_is_408_and_its_connection_closed(model):
    with running(create_app(model, bodies=Bodies(seconds=0.2))) as url:
        address = url.removeprefix("http://").split(":")
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(
                b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
            )
            received = b"".join(iter(lambda: connection.recv(9999), b""))  # until it is closed
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b'{"error":"the body did not come within 0.2 seconds' in received
        assert good(ask(url, 1))


def test_bodies_of_requests_that_are_not_answered_are_counted(model):
    model.go.clear()
    large = json.dumps({"inputs": [1] * 300}).encode()
    app = create_app(model, bodies=Bodies(limit=2000, total=1500))
    with concurrent.futures.ThreadPoolExecutor(1) as pool, running(app) as url:
        first = pool.submit(predict, url, large, "m")
        assert model.entered.wait(60)
        assert "too many large requests" in refused(predict(url, large, "m"), 503)
        model.go.set()
        assert good(first.result())
        assert good(predict(url, large, "m"))


def test_other_routes_stand_beside_the_api(model):
    async def page(request):
        return PlainTextResponse("a page")

    with running(create_app(model, routes=[Route("/", page), Route("/v1/models/m", page)])) as url:
        assert requests.get(f"{url}/", timeout=60).text == "a page"
        assert requests.post(f"{url}/", timeout=60).status_code == 404
        assert requests.get(f"{url}/monitoring/prometheus/metrics", timeout=60).text != "a page"
        assert requests.put(f"{url}/v1/models/m", timeout=60).status_code == 400


@pytest.mark.parametrize("prefix", ["/images", "/a/v1", "/V1", "/grün und rot"])
def test_mounted_under_a_prefix(model, prefix):
    async def page(request):
        return PlainTextResponse("a page")

    async def outside(request):
        return PlainTextResponse("of the other application")

    inner = serving.create_app(model, routes=[Route("/", page)])
    routes = [Mount(prefix, inner), Route("/v1/models/m", outside)]
    with running(Starlette(routes=routes)) as url:
        assert good(ask(url + prefix, 1, 2))["outputs"] == [2.0, 4.0]
        assert requests.get(f"{url}{prefix}/", timeout=60).text == "a page"
        assert 'model_name="m"' in requests.get(url + prefix + PATH, timeout=60).text
        answer = requests.get(f"{url}{prefix}/v2", timeout=60)
        assert "/v1/models/" in refused(answer, 404)
        message = refused(requests.put(f"{url}{prefix}/v1/models/m?a=b", timeout=60), 400)
        assert message == "Malformed request: PUT /v1/models/m?a=b"
        assert requests.get(f"{url}/v1/models/m", timeout=60).text == "of the other application"
    assert model.users == 0
