"""Exported models, and a server that runs them, for all tests of this folder."""

import os
import re
import subprocess
import sys

import pytest

from tests.serving.make_models import make_models

SERVER_URL = "KERAS_HASHING_SERVER_URL"


class ServerProcess:
    """`keras-hashing serve` in a process of its own, on a free port."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "keras_hashing", "serve", *map(str, arguments), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for line in self.process.stdout:
            if found := re.search(r"http://[^/]+", line):
                self.url = found.group()
                return
        raise RuntimeError(f"the server ended with {self.process.wait()}")

    def stop(self):
        """Ask it to end, and give its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=180)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    make_models(folder)
    return folder


@pytest.fixture(scope="session")
def local_server(models_folder):
    """Our own server over `models_folder`; its exit code is checked at the end."""
    names = ("tiny", "plain")
    server = ServerProcess(
        *(part for name in names for part in ("--model", f"{name}={models_folder / name}"))
    )
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="session")
def server_url(request):
    """The server of the environment if there is one, else our own."""
    return os.environ.get(SERVER_URL) or request.getfixturevalue("local_server").url
