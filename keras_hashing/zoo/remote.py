"""Files of a zoo that lies elsewhere: in a folder, or behind a URL."""

import errno
import pathlib

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

_TIMEOUT = (10, 60)  # seconds to connect, and between two pieces
_PIECE = 1 << 16  # bytes
_AGAIN = "Run it again: it goes on where it stopped."


def fetch(base, name, path, size, progress=None):
    """Have a file of `size` bytes; what is there of it already is not fetched again.

    Args:
        base: str, a folder or an http(s) URL.
        name: str, the file's path below it, with slashes.
        path: `pathlib.Path` to write to; longer files are started over.
        size: int, bytes.
        progress: optional function of a number of bytes, called as they come.

    Raises:
        FileNotFoundError: the base has no such file.
        OSError: it cannot be reached, stops half-way, answers something else, or the disk is
            full; the text says what to do.
    """
    done = path.stat().st_size if path.is_file() else 0
    if done > size:
        path.unlink()
        done = 0
    if progress:
        progress(done)
    if done < size:
        pieces = _from_url if is_url(base) else _from_folder
        _append(path, pieces(base, name, done, size), size - done, progress)
    found = path.stat().st_size if path.is_file() else 0
    if found < size:
        raise OSError(f"{place(base, name)} stopped after {found:,} of {size:,} bytes. {_AGAIN}")


def read(base, name, most):
    """All of a small file, bytes.

    Raises:
        FileNotFoundError, OSError: as `fetch`; also for more than `most` bytes.
    """
    pieces = _from_url if is_url(base) else _from_folder
    found = b"".join(piece for _, piece in pieces(base, name, 0, most + 1))
    if len(found) > most:
        raise OSError(f"{place(base, name)} has more than {most:,} bytes, so it is no zoo's.")
    return found


def is_url(base):
    """Whether a base is a URL; otherwise it is a folder."""
    return base.lower().startswith(("http://", "https://"))


def place(base, name):
    """Path or URL of a file of a base."""
    return f"{base.rstrip('/')}/{name}"


def _append(path, pieces, most, progress):
    """Write pieces, each with whether all before it is void, to the end of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("ab") as file:
            for restarted, piece in pieces:
                if restarted:
                    most += file.tell()
                    if progress:
                        progress(-file.tell())
                    file.truncate(0)
                piece = piece[:most]
                file.write(piece)
                most -= len(piece)
                if progress:
                    progress(len(piece))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise OSError(
            errno.ENOSPC, f"the disk of {path.parent} is full. Free some room. {_AGAIN}"
        ) from error


def _from_folder(base, name, start, stop):
    path = pathlib.Path(base) / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: {base} does not have it.")
    with path.open("rb") as file:
        file.seek(start)
        while piece := file.read(min(_PIECE, stop - file.tell())):
            yield False, piece


def _from_url(base, name, start, stop):
    url = place(base, name)
    headers = {"Range": f"bytes={start}-"} if start else {}
    # Otherwise a server may compress, and lengths are others.
    headers["Accept-Encoding"] = "identity"
    try:
        with (
            _session() as session,
            session.get(url, headers=headers, timeout=_TIMEOUT, stream=True) as response,
        ):
            _check(url, response)
            restarted = start > 0 and response.status_code != 206
            left = stop if restarted else stop - start
            for piece in response.iter_content(_PIECE):
                yield restarted, piece[:left]
                restarted, left = False, left - len(piece)
                if left <= 0:
                    return
    except requests.RequestException as error:
        raise OSError(f"{url} could not be fetched ({error}). {_AGAIN}") from error


def _check(url, response):
    if response.status_code == 404:
        raise FileNotFoundError(f"{url} is not there (404): that zoo does not have it.")
    if response.status_code not in (200, 206):
        raise OSError(f"{url} answered {response.status_code} {response.reason}. {_AGAIN}")
    if "text/html" in response.headers.get("Content-Type", ""):
        raise OSError(f"{url} answered a web page, not a file. Check KERAS_HASHING_ZOO.")


def _session():
    session = requests.Session()
    retry = Retry(total=3, backoff_factor=0.5, status_forcelist=(502, 503, 504))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session
