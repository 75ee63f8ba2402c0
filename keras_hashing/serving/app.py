"""The server's routes: TensorFlow Serving's REST contract over `Models`.

Source of paths, checks and their order: TensorFlow Serving, `http_rest_api_handler.cc` and
`http_rest_api_util.cc`.
"""

import asyncio
import concurrent.futures
import contextlib
import json
import logging
import re
import time
import urllib.parse

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keras_hashing.serving import bodies, contract, image_limits, metrics
from keras_hashing.serving.batching import Batcher
from keras_hashing.serving.errors import ApiError

_NAME = r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
_PREDICT = re.compile(_NAME + r":(predict|classify|regress)", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(_NAME + r"(/metadata)?", re.IGNORECASE | re.ASCII)
_LARGEST_VERSION = 2**63 - 1

_log = logging.getLogger(__name__)


def create_app(models, max_body_bytes=bodies.MAX_BODY_BYTES):
    """The ASGI application.

    Args:
        models: `Models`, what is served.
        max_body_bytes: int, limit on a request's body, as sent and once inflated.

    Returns:
        `starlette.applications.Starlette`.
    """
    api = RestApi(models, max_body_bytes)

    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield
        api.close()

    async def show_metrics(request):
        if request.url.query:
            return _error(400, "Malformed request: the metrics path takes no query")
        return Response(api.metrics.text(), media_type="text/plain; version=0.0.4")

    return Starlette(
        routes=[Route("/v1/{path:path}", api), Route(metrics.PATH, show_metrics)],
        exception_handlers={404: _not_found, 405: _not_found},
        lifespan=lifespan,
    )


class RestApi:
    """Everything under `/v1/`: one ASGI application, because paths are matched by the contract.

    Args:
        models: `Models`.
        max_body_bytes: int.
    """

    def __init__(self, models, max_body_bytes=bodies.MAX_BODY_BYTES):
        self.models = models
        self.metrics = metrics.Metrics()
        self._max_body_bytes = max_body_bytes
        # TensorFlow uses all cores within one run, so a second one at a time gains little.
        self._executor = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="model")
        self._batchers = {}

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        except ApiError as error:
            answer = _error(error.status, str(error))
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            answer = _error(500, "the server failed; its log says why")
        await answer(scope, receive, send)

    def close(self):
        """End the thread that runs models; call it when no request is left."""
        self._executor.shutdown()

    async def _answer(self, request):
        path = _path(request)
        if request.method == "OPTIONS":
            return _preflight(request)
        if request.method == "POST" and (match := _PREDICT.fullmatch(path)):
            *target, verb = match.groups()
            if verb == verb.lower():  # paths ignore case, verbs do not
                return await self._timed_predict(request, _target(*target), verb)
        if request.method == "GET":
            if path.lower() == "/v1/models":
                raise ApiError(400, "Missing model name in request.")
            if match := _STATUS.fullmatch(path):
                *target, metadata = match.groups()
                show = self._metadata if metadata else self._status
                return show(*_target(*target))
        raise ApiError(400, f"Malformed request: {request.method} {path}")

    async def _timed_predict(self, request, target, verb):
        name = target[0]
        started, status = time.perf_counter(), "ERROR"
        try:
            answer = await self._predict(request, target, verb)
            status = "OK"
            return answer
        finally:
            if name in self.models.names:
                self.metrics.observe(name, status, time.perf_counter() - started)

    async def _predict(self, request, target, verb):
        body = await bodies.read(request, self._max_body_bytes)
        # In a thread: a large body takes a while, and other requests must not wait for it.
        asked = await asyncio.to_thread(contract.parse, body)
        version = self.models.find(*target)
        if verb != "predict":
            raise ApiError(400, f"model {target[0]} has no signature for {verb}; use predict")
        signature = version.signatures.get(asked.signature)
        if signature is None:
            known = ", ".join(sorted(version.signatures))
            raise ApiError(
                400, f'Serving signature name: "{asked.signature}" not found; there are {known}'
            )
        arrays = await asyncio.to_thread(_checked_arrays, asked, signature.inputs)
        outputs = await self._batcher(signature).submit(arrays)
        text = await asyncio.to_thread(contract.response, outputs, asked.by_row)
        return Response(text, media_type="application/json")

    def _batcher(self, signature):
        if signature not in self._batchers:
            self._batchers[signature] = Batcher(signature.run, self._executor)
        return self._batchers[signature]

    def _status(self, name, number, label):
        """A label is not looked up: all versions come back, as in the original."""
        return _json(
            {
                "model_version_status": [
                    {
                        "version": str(version),
                        "state": state,
                        "status": {"error_code": "OK", "error_message": ""},
                    }
                    for version, state in self.models.states(name, number)
                ]
            }
        )

    def _metadata(self, name, number, label):
        version = self.models.find(name, number, label)
        spec = {"name": name, "signature_name": "", "version": str(version.number)}
        definitions = {"signature_def": version.signature_definitions}
        return _json({"model_spec": spec, "metadata": {"signature_def": definitions}})


def _checked_arrays(asked, specs):
    arrays = contract.tensors(asked, specs)
    image_limits.check(arrays)
    return arrays


def _path(request):
    """Path and query as sent: the contract matches both together, before percent-decoding."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string", b"")
    return (raw + b"?" + query if query else raw).decode("latin-1")


def _target(name, number, label):
    """Model name, version number and label of a matched path."""
    if number is not None:
        # Python refuses to convert thousands of digits, so their number is looked at first.
        digits = number.lstrip("0") or "0"
        if len(digits) > 19 or int(digits) > _LARGEST_VERSION:
            raise ApiError(400, f"Failed to convert version: {number[:40]} to numeric.")
        number = int(digits)
    decode = urllib.parse.unquote
    return decode(name), number, label and decode(label)


def _preflight(request):
    if request.headers.get("origin", "").startswith(("http://", "https://")):
        return Response(media_type="application/json")
    raise ApiError(400, f"Malformed request: OPTIONS {_path(request)}")


async def _not_found(request, error):
    return _error(404, f"There is nothing at {request.url.path}; the API is under /v1/models/")


def _json(content):
    return Response(json.dumps(content, indent=2), media_type="application/json")


def _error(status, message):
    return JSONResponse({"error": message}, status)
