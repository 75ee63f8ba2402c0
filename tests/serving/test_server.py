"""Our own server: its limits, its metrics, how it begins and how it ends."""

import concurrent.futures
import gzip
import json
import signal
import socket
import subprocess
import sys

import pytest
import requests

from tests.exporting.images import photo
from tests.serving.conftest import ServerProcess

BODY = {"instances": [photo(9, 7).tolist()]}


def run_serve(*arguments):
    """`keras-hashing serve` that is expected to end by itself: exit code and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_hashing", "serve", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("keras-hashing:")]
    return done.returncode, " ".join(lines)


def test_a_huge_body_is_413_as_json_and_the_server_lives(local_server):
    url = f"{local_server.url}/v1/models/tiny:predict"
    answer = requests.post(url, data=b"[" * (65 * 2**20), timeout=60)
    assert answer.status_code == 413
    assert "the body is over" in answer.json()["error"]
    assert requests.post(url, json=BODY, timeout=60).status_code == 200


def test_a_body_that_inflates_too_far_is_413(local_server):
    bomb = gzip.compress(b" " * (65 * 2**20))
    answer = requests.post(
        f"{local_server.url}/v1/models/tiny:predict",
        data=bomb,
        headers={"Content-Encoding": "gzip"},
        timeout=60,
    )
    assert answer.status_code == 413
    assert "inflates" in answer.json()["error"]


def test_a_number_outside_uint8_is_refused_and_not_wrapped(local_server):
    body = {"signature_name": "search", "inputs": [[300, 1]]}
    answer = requests.post(f"{local_server.url}/v1/models/tiny:predict", json=body, timeout=60)
    assert answer.status_code == 400
    assert "outside uint8's range" in answer.json()["error"]


def test_deeply_nested_json_is_400(local_server):
    data = b'{"instances": ' + b"[" * 1_000_000
    answer = requests.post(f"{local_server.url}/v1/models/tiny:predict", data=data, timeout=60)
    assert answer.status_code == 400


def test_elsewhere_is_a_404_with_words(local_server):
    answer = requests.get(f"{local_server.url}/v2/models", timeout=60)
    assert answer.status_code == 404
    assert "/v1/models/" in answer.json()["error"]


def test_a_client_that_goes_away_does_no_harm(local_server):
    host, port = local_server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
        )
    assert requests.get(f"{local_server.url}/v1/models/tiny", timeout=60).status_code == 200


def test_metrics(local_server):
    url = f"{local_server.url}/v1/models/plain:predict"
    requests.post(url, json=BODY, timeout=60)
    requests.post(url, data=b"{", timeout=60)
    requests.post(f"{local_server.url}/v1/models/stranger:predict", json=BODY, timeout=60)
    answer = requests.get(f"{local_server.url}/monitoring/prometheus/metrics", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    count = ':tensorflow:serving:request_count{model_name="plain",status="%s"}'
    assert float(samples[count % "OK"]) >= 1
    assert float(samples[count % "ERROR"]) >= 1
    latency = ":tensorflow:serving:request_latency_count"
    assert any(line.startswith(f'{latency}{{API="Predict"') for line in lines)
    assert "stranger" not in answer.text
    query = requests.get(f"{local_server.url}/monitoring/prometheus/metrics?x=1", timeout=60)
    assert query.status_code == 400


def test_many_requests_at_once_each_get_their_own_answer(local_server):
    url = f"{local_server.url}/v1/models/tiny:predict"
    bodies = [{"inputs": [photo(6 + i % 2, 5, seed=i).tolist()]} for i in range(24)]

    def ask(body):
        return requests.post(url, json=body, timeout=60).json()["outputs"]["code"]

    alone = [ask(body) for body in bodies]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        together = list(pool.map(ask, bodies))
    assert together == alone
    assert len({json.dumps(code) for code in alone}) > 12


def test_sigterm_ends_it_with_code_0_after_running_requests(models_folder):
    server = ServerProcess(models_folder / "plain")  # its name is `model` unless given
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps(BODY).encode()
    head = (
        "POST /v1/models/model:predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # it now reads the body
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(requests.ConnectionError):
            while True:  # until it takes no new connection
                requests.get(f"{server.url}/v1/models/model", timeout=60)
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert server.process.wait(timeout=60) == 0


def test_a_users_mistakes_are_one_line_and_exit_code_2(models_folder, tmp_path):
    for arguments, words in (
        (["/nowhere"], "There is no folder /nowhere"),
        ([models_folder / "plain" / "1"], "It is itself a version: serve"),
        ([], "give PATH"),
        ([tmp_path, "--model", f"x={tmp_path}"], "give PATH"),
        (["--model", "x"], "NAME=PATH; got 'x'"),
        (["--model", "x=/a", "--model", "x=/b"], "names 'x' twice"),
    ):
        code, message = run_serve(*arguments)
        assert code == 2
        assert words in message


def test_a_port_in_use_is_told(models_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message = run_serve(models_folder / "plain", "--port", port)
    assert code == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in message
