"""How the server begins, and how it ends."""

import concurrent.futures
import json
import shutil
import signal
import socket

import pytest
import requests

from keras_hashing.serving import server as serving
from keras_hashing.serving.versions import ServedModel
from tests.serving.conftest import ServerProcess
from tests.serving.traffic import Traffic, questions, same

HELD = 24  # requests of which the server has begun to read the body


def begin(server, body):
    """Send a request but for its body, and wait until the server asks for that."""
    head = (
        "POST /v1/models/model:predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(server.address, timeout=180)
    connection.sendall(head.encode())
    assert connection.recv(1000).startswith(b"HTTP/1.1 100")
    return connection


def finish(connection, body):
    """Send the body; return the answer as `requests` would."""
    connection.sendall(body)
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    connection.close()
    head, _, content = received.partition(b"\r\n\r\n")
    response = requests.Response()
    response.status_code = int(head.split()[1])
    response._content = content
    return response


def test_sigterm_under_load_every_accepted_request_is_answered(two_versions, tmp_path):
    folder, versions = two_versions
    asked = questions({1: versions[1]})
    shutil.copytree(folder / "1", tmp_path / "m" / "1")
    server = ServerProcess(tmp_path / "m")  # the name is `model` unless given
    bodies = [json.dumps(question.body).encode() for question in asked[:HELD]]
    with Traffic(f"{server.url}/v1/models/model:predict", asked, clients=8) as traffic:
        while len(traffic.seen) < 50:
            assert server.process.poll() is None
        connections = [begin(server, body) for body in bodies]
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(requests.ConnectionError):
            while True:  # until it takes no new connection
                requests.get(f"{server.url}/v1/models/model", timeout=180)
        with concurrent.futures.ThreadPoolExecutor(HELD) as pool:
            answers = list(pool.map(finish, connections, bodies))
    for question, answer in zip(asked, answers, strict=False):
        assert same(question.answers[1], answer)
    # An answer that came was whole and right; without one the connection was not taken any more.
    assert {1} == set.union(*(versions for *_, versions in traffic.seen if versions is not None))
    assert not [question for *_, question, versions in traffic.seen if versions == set()]
    assert server.process.wait(timeout=180) == 0


def test_what_is_loaded_is_told_before_it_is_served(local_server, models_folder):
    lines = local_server.lines
    loading = f"Loading tiny, version 2: {models_folder}/tiny/2 (files checked with its manifest)"
    assert lines[0].startswith(loading)
    assert any(f"{models_folder}/types/1 (files unchecked: no manifest)" in line for line in lines)
    assert lines[-1] == f"{local_server.url}/v1/models/tiny:predict"
    assert local_server.address[0] == "127.0.0.1"


def test_a_reader_that_goes_away_does_not_stop_it():
    def announce(line):
        raise BrokenPipeError

    serving._teller(announce)("a line")
    serving._teller(None)("a line")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("192.168.0.1", False), ("example.org", False)),
    ],
)
def test_addresses_that_only_this_machine_reaches(host, loopback):
    assert serving._is_loopback(host) == loopback


def test_an_address_that_others_reach_is_told_before_anything_is_loaded(monkeypatch, tmp_path):
    class Loaded(Exception):
        pass

    def load(models):
        raise Loaded

    monkeypatch.setattr(serving.Models, "load", load)
    monkeypatch.setattr(serving.signal, "signal", lambda *arguments: None)
    (tmp_path / "1").mkdir()
    for host, told in (("127.0.0.1", []), ("0.0.0.0", ["0.0.0.0"])):
        lines = []
        with pytest.raises(Loaded):
            serving.serve([ServedModel("m", tmp_path)], host, 0, lines.append)
        assert [line.split()[3] for line in lines] == told


def test_small_answers_are_sent_without_delay():
    """Otherwise each waits 40 ms for the client's system to confirm the head before it."""
    with serving._bind("127.0.0.1", 0) as bound:
        bound.listen()
        with socket.create_connection(bound.getsockname()), bound.accept()[0] as accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # what asyncio looks at


def test_a_port_in_use_is_told_before_anything_is_loaded(models_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1, port {port}: .*Pass"):
            serving.serve([ServedModel("x", models_folder / "plain")], port=port)


def test_what_is_not_there_is_told_before_the_port_is_taken(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(FileNotFoundError, match="There is no folder"),
    ):
        serving.serve([ServedModel("x", tmp_path / "none")], port=taken.getsockname()[1])
