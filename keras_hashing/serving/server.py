"""Run the application until it is told to stop."""

import signal
import socket
import sys

import uvicorn

from keras_hashing.serving.app import create_app
from keras_hashing.serving.models import Models

_GRACE_SECONDS = 30  # for requests that still run when the server is told to stop


def serve(folders, host="127.0.0.1", port=8501, announce=None):
    """Load models and answer requests; ends with exit code 0 on SIGTERM or Ctrl-C.

    There is no authentication: bind to another address than loopback only where every caller
    may use the models.

    Args:
        folders: dict, model name -> folder of its numeric versions.
        host: str, address to bind.
        port: int, 0 to 65535; 0 takes a free one.
        announce: function of a line of text, told what is served and where; None for silence.

    Raises:
        FileNotFoundError: no model there.
        ValueError: a model that cannot be loaded.
        OSError: the port is taken.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # also what uvicorn ends in, after its own
    models = Models(folders)
    config = uvicorn.Config(
        create_app(models),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    listening = _listen(host, port)
    if announce is not None:
        url = f"http://{_bracketed(host)}:{listening.getsockname()[1]}"
        for name in models.names:
            version = models.find(name).number
            announce(f"{name}, version {version}: {url}/v1/models/{name}:predict")
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}, port {port}: {error.strerror}. Pass another --port."
        ) from error


def _bracketed(host):
    return f"[{host}]" if ":" in host else host
