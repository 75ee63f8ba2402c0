"""How the server begins, and how it ends."""

import json
import signal
import socket

import pytest
import requests

from keras_hashing.serving.server import serve
from tests.exporting.images import photo
from tests.serving.conftest import ServerProcess

BODY = {"instances": [photo(9, 7).tolist()]}


def test_sigterm_ends_it_with_code_0_after_running_requests(models_folder):
    server = ServerProcess(models_folder / "plain")  # its name is `model` unless given
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps(BODY).encode()
    head = (
        "POST /v1/models/model:predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=180) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # it now reads the body
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(requests.ConnectionError):
            while True:  # until it takes no new connection
                requests.get(f"{server.url}/v1/models/model", timeout=180)
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert server.process.wait(timeout=180) == 0


def test_a_port_in_use_is_told_before_anything_is_loaded(models_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1, port {port}: .*Pass"):
            serve({"x": models_folder / "plain"}, port=port)
