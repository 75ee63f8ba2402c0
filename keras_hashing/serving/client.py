"""A client for exported models, on this package's server or TensorFlow Serving's."""

import base64
import io
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import requests
from PIL import Image, ImageOps
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Retry

from keras_hashing import pixels

ROWS_PER_REQUEST = 32  # images or codes
_BYTES_PER_REQUEST = 24 * 2**20  # before base64, which adds a third
_ORIENTATION = 0x0112  # EXIF tag

Source = str | os.PathLike | bytes | np.ndarray


class ServerError(RuntimeError):
    """The server refused a request.

    Args:
        status: int, the HTTP status.
        message: str, the server's.

    Example:
        >>> print(ServerError(404, "Could not find any versions of model flowers"))
        the server answered 404: Could not find any versions of model flowers
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the server answered {status}: {message}")
        self.status = status


class _Again(Retry):
    """Tries again, but not when the answer only takes too long: that would add to the load."""

    def increment(self, method=None, url=None, response=None, error=None, *others, **named):
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, *others, **named)


class Client:
    """Asks a served model for codes and neighbours.

    Connections that fail or end and answers of 503 are tried again, with growing pauses; nothing
    else is. Images travel as files: JPEG and PNG as they are, everything else as PNG made here, and
    upright if EXIF says that the image is turned.

    Args:
        url: str, of the server, or of a model: `http://127.0.0.1:8501`, or
            `.../v1/models/NAME`, `.../v1/models/NAME/versions/2` or `.../labels/stable`.
        model: str, the model's name if `url` is the server's.
        timeout: float, seconds to wait for a connection, and for each part of an answer.
        retries: int, further attempts.

    Example:
        >>> client = Client("http://127.0.0.1:8501")
        >>> client
        Client('http://127.0.0.1:8501/v1/models/model')
        >>> client.encode(["cat.jpg", "dog.png"])  # doctest: +SKIP
        array([[ 17, 201, ...
    """

    def __init__(
        self, url: str, model: str = "model", timeout: float = 60.0, retries: int = 4
    ) -> None:
        url = url.rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"`url` must start with http:// or https://; got {url!r}.")
        self._url = url if "/v1/models/" in url else f"{url}/v1/models/{model}"
        self._timeout = timeout
        self._session = requests.Session()
        policy = _Again(
            total=retries,
            redirect=0,
            other=0,
            status_forcelist=[503],
            allowed_methods=None,  # predictions change nothing, so POST may be sent again
            backoff_factor=0.1,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=policy))

    def __repr__(self):
        return f"Client({self._url!r})"

    def encode(self, images: Source | Sequence[Source]) -> np.ndarray:
        """Codes of images.

        Args:
            images: a path, the bytes of an image file, a uint8 array `(h, w, 3)`; a list of
                these; or a uint8 array `(n, h, w, 3)`.

        Returns:
            uint8 array `(n, bytes)`; one row also for a single image.

        Raises:
            FileNotFoundError, ValueError, TypeError: an image that cannot be read or sent.
            ServerError: the server refused the request.
            requests.ConnectionError: no server, after all attempts.
        """
        codes = [
            np.frombuffer(base64.b64decode(code["b64"]), np.uint8)
            for files in _file_batches(images)
            for code in self._predict("encode_bytes", image_bytes=files)["code_bytes"]
        ]
        return np.stack(codes)

    def search(self, queries: Source | Sequence[Source]) -> tuple[np.ndarray, np.ndarray]:
        """The nearest items of the exported index.

        Args:
            queries: codes, a uint8 array `(n, bytes)`; or images, as `encode` takes them.

        Returns:
            Distances, int32 `(n, k)`, and ids, int64 `(n, k)`; -1 where there are fewer than k.

        Raises:
            As `encode`; ServerError also if the model was exported without an index.
        """
        if isinstance(queries, np.ndarray) and queries.ndim == 2:
            answers = [self._predict("search", codes=rows) for rows in _code_batches(queries)]
        else:
            batches = _file_batches(queries)
            answers = [self._predict("search_bytes", image_bytes=files) for files in batches]
        return (
            np.concatenate([np.array(answer["distances"], np.int32) for answer in answers]),
            np.concatenate([np.array(answer["ids"], np.int64) for answer in answers]),
        )

    def status(self) -> dict[str, Any]:
        """The model's versions and their states, as the server reports them."""
        return self._get("")

    def metadata(self) -> dict[str, Any]:
        """The model's signatures, as the server reports them."""
        return self._get("/metadata")

    def _get(self, path: str) -> dict[str, Any]:
        return _content(self._session.get(self._url + path, timeout=self._timeout))

    def _predict(self, signature: str, **inputs: list) -> dict[str, Any]:
        body: dict[str, Any] = {"signature_name": signature, "inputs": inputs}
        answer = self._session.post(f"{self._url}:predict", json=body, timeout=self._timeout)
        return _content(answer)["outputs"]


def _content(answer: requests.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = {"error": answer.text[:200]}
    if answer.status_code != 200 or not isinstance(content, dict):
        error = content.get("error", answer.reason) if isinstance(content, dict) else content
        raise ServerError(answer.status_code, str(error))
    return content


def _code_batches(codes: np.ndarray) -> Iterator[list]:
    if codes.dtype != np.uint8 or not len(codes):
        raise TypeError(
            f"`queries` must be packed codes, uint8 (n, bytes) with n >= 1; got {codes.dtype} "
            f"{codes.shape}. `encode` makes them."
        )
    for start in range(0, len(codes), ROWS_PER_REQUEST):
        yield codes[start : start + ROWS_PER_REQUEST].tolist()


def _file_batches(images: Source | Sequence[Source]) -> Iterator[list[dict[str, str]]]:
    """JSON values of the files, in lists of a size that servers take."""
    single = isinstance(images, str | os.PathLike | bytes)
    single = single or (isinstance(images, np.ndarray) and images.ndim == 3)
    sources: Sequence[Any] = [images] if single else images  # type: ignore[assignment]
    if not len(sources):
        raise ValueError("`images` is empty. Pass at least one image.")
    batch: list[dict[str, str]] = []
    size = 0
    scale = pixels.Scale()
    for source in sources:
        if isinstance(source, np.ndarray) and source.dtype.kind in "iuf":
            scale.see(source[None])
            if source.dtype.kind == "f":
                scale.end()  # before it is told to convert: scaled images would become black
        file = _file(source)
        if batch and (len(batch) == ROWS_PER_REQUEST or size + len(file) > _BYTES_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append({"b64": base64.b64encode(file).decode("ascii")})
        size += len(file)
    scale.end()
    yield batch


def _file(source: Source) -> bytes:
    """A JPEG or PNG file of one image, upright."""
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[-1] != 3:
            raise TypeError(
                "`images` as arrays must be uint8 of shape (h, w, 3); got "
                f"{source.dtype} {source.shape}. Round and convert: images.astype('uint8')."
            )
        return _png(Image.fromarray(source))
    if isinstance(source, bytes):
        return _upright(source, "the image")
    return _upright(pathlib.Path(source).read_bytes(), str(source))


def _upright(data: bytes, name: str) -> bytes:
    try:
        with Image.open(io.BytesIO(data)) as image:
            turned = image.getexif().get(_ORIENTATION, 1) not in (0, 1)
            if image.format in ("JPEG", "PNG") and not turned:
                return data
            if image.mode.startswith(("I", "F")):
                raise ValueError("it has more than 8 bits a channel; save it as PNG")
            mode = "RGBA" if image.has_transparency_data else "RGB"  # the model blends on white
            return _png(ImageOps.exif_transpose(image).convert(mode))
    except Exception as error:  # damaged files make Pillow raise errors of many types
        raise ValueError(f"{name} cannot be read as an image: {error}") from error


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
