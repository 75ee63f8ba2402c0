"""Run the application until it is told to stop."""

import signal
import socket
import sys

import uvicorn

from keras_hashing.serving.app import create_app
from keras_hashing.serving.models import Models, locate

_BACKLOG = 1024
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
    announce = announce or (lambda line: None)
    places = locate(folders)
    bound = _bind(host, port)  # before loading, which takes a while; nobody can connect yet
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # also what uvicorn ends in, after its own
    announce(f"Loading {', '.join(str(place) for _, place in places.values())} ...")
    models = Models(places)
    config = uvicorn.Config(
        create_app(models),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    bound.listen(_BACKLOG)  # before it is announced, so that the first caller gets through
    url = f"http://{_bracketed(host)}:{bound.getsockname()[1]}"
    for name, (version, _) in places.items():
        announce(f"{name}, version {version}: {url}/v1/models/{name}:predict")
    uvicorn.Server(config).run(sockets=[bound])


def _bind(host, port):
    """A socket at the address that does not listen yet."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OSError(
            f"cannot listen on {host}, port {port}: {error.strerror}. Pass another --port."
        ) from error
    return bound


def _bracketed(host):
    return f"[{host}]" if ":" in host else host
