"""Exported models, and a server that runs them, for all tests of this folder."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

import pytest
import uvicorn

from tests.serving.make_models import make_models
from tests.serving.traffic import write_version

SERVER_URL = "KERAS_HASHING_SERVER_URL"


class ServerProcess:
    """`keras-hashing serve` in a process of its own, on a free port.

    `lines` is what it said before it was ready.
    """

    def __init__(self, *arguments):
        errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, the process holds it
        self.process = subprocess.Popen(
            [sys.executable, "-m", "keras_hashing", "serve", *map(str, arguments), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if found := re.search(r"http://[^/]+", line):
                self.url = found.group()
                self.address = self.url.removeprefix("http://").partition(":")[::2]
                return
        code = self.process.wait()
        errors.seek(0)
        raise RuntimeError(f"the server ended with {code}: {errors.read()[-500:]}")

    def peak_bytes(self):
        """The most memory that the process has had so far."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text).group(1)) * 1024

    def stop(self):
        """Ask it to end, and give its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=180)
        self.process.stdout.close()
        return code


@contextlib.contextmanager
def running(app):
    """An application in a thread of this process, on a free port; yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    make_models(folder)
    return folder


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory):
    """Folder with `1` and `2`, unlike models with unlike indexes; and what both answer with."""
    folder = tmp_path_factory.mktemp("versions")
    return folder, {number: write_version(number, folder) for number in (1, 2)}


@pytest.fixture(scope="session")
def local_server(models_folder):
    """Our own server over `models_folder`; its exit code is checked at the end."""
    server = ServerProcess("--config", models_folder / "models.config")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="session")
def server_url(request):
    """The server of the environment if there is one, else our own."""
    return os.environ.get(SERVER_URL) or request.getfixturevalue("local_server").url
