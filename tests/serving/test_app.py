"""Our own server where it has limits of its own, or more than the contract."""

import concurrent.futures
import gzip
import json
import socket

import requests

from tests.exporting.images import photo

BODY = {"instances": [photo(9, 7).tolist()]}


def test_a_huge_body_is_413_as_json_and_the_server_lives(local_server):
    url = f"{local_server.url}/v1/models/tiny:predict"
    answer = requests.post(url, data=b"[" * (65 * 2**20), timeout=180)
    assert answer.status_code == 413
    assert "the body is over" in answer.json()["error"]
    assert requests.post(url, json=BODY, timeout=180).status_code == 200


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
    answer = requests.post(f"{local_server.url}/v1/models/tiny:predict", json=body, timeout=180)
    assert answer.status_code == 400
    assert "outside uint8's range" in answer.json()["error"]


def test_deeply_nested_json_is_400(local_server):
    data = b'{"instances": ' + b"[" * 1_000_000
    answer = requests.post(f"{local_server.url}/v1/models/tiny:predict", data=data, timeout=180)
    assert answer.status_code == 400


def test_elsewhere_is_a_404_with_words(local_server):
    answer = requests.get(f"{local_server.url}/v2/models", timeout=180)
    assert answer.status_code == 404
    assert "/v1/models/" in answer.json()["error"]


def test_a_client_that_goes_away_does_no_harm(local_server):
    host, port = local_server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{"
        )
    assert requests.get(f"{local_server.url}/v1/models/tiny", timeout=180).status_code == 200


def test_many_requests_at_once_each_get_their_own_answer(local_server):
    url = f"{local_server.url}/v1/models/tiny:predict"
    bodies = [{"inputs": [photo(6 + i % 2, 5, seed=i).tolist()]} for i in range(24)]

    def ask(body):
        return requests.post(url, json=body, timeout=180).json()["outputs"]["code"]

    alone = [ask(body) for body in bodies]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        together = list(pool.map(ask, bodies))
    assert together == alone
    assert len({json.dumps(code) for code in alone}) > 12
