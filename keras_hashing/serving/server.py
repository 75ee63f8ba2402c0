"""Run the application until it is told to stop."""

import ipaddress
import signal
import socket
import sys

import uvicorn

from keras_hashing.serving.app import create_app
from keras_hashing.serving.models import Models
from keras_hashing.serving.page_routes import page_routes

_BACKLOG = 1024
_GRACE_SECONDS = 60  # for requests that still run when the server is told to stop
_IDLE_SECONDS = 60  # until a connection without requests is closed


def serve(served, host="127.0.0.1", port=8501, announce=None, settings=None, images=None):
    """Load models and answer requests; ends with exit code 0 on SIGTERM or Ctrl-C.

    There is no authentication: bind to another address than loopback only where every caller
    may use the models.

    Args:
        served: list of `versions.ServedModel`.
        host: str, address to bind.
        port: int, 0 to 65535; 0 takes a free one.
        announce: function of a line of text, told what is loaded and where it is served, also
            later, when a new version appears; None for silence.
        settings: `app.Settings`, or None for the usual ones.
        images: path-like, the folder of the images in the models' indexes, for the page to show;
            or None.

    Raises:
        FileNotFoundError: no model or no images there.
        ValueError: a model that cannot be loaded.
        OSError: the port is taken.
    """
    tell = _teller(announce)
    models = Models(served, tell)
    page = page_routes(models, images)
    bound = _bind(host, port)  # before loading, which takes a while; nobody can connect yet
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # also what uvicorn ends in, after its own
    if not _is_loopback(host):
        tell(f"Everyone who reaches {host} can use the models: there is no authentication.")
    models.load()
    config = uvicorn.Config(
        create_app(models, settings, routes=page),
        # One choice each, whatever else is installed.
        http="h11",
        loop="asyncio",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    bound.listen(_BACKLOG)  # before it is announced, so that the first caller gets through
    url = f"http://{_bracketed(host)}:{bound.getsockname()[1]}"
    for name in models.names:
        tell(f"{url}/v1/models/{name}:predict")
    tell(f"A page to search with an image: {url}/")
    with models.watched():
        uvicorn.Server(config).run(sockets=[bound])


def _teller(announce):
    def tell(line):
        try:
            if announce is not None:
                announce(line)
        except OSError:
            pass  # nobody reads along any more, which is no reason to stop serving

    return tell


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host, port):
    """A socket at the address that does not listen yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers without delay only on sockets that name TCP: 40 ms a request.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
