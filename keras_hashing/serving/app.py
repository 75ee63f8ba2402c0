"""The server's routes: TensorFlow Serving's REST contract over `Models`.

Source of the order of checks: TensorFlow Serving, `http_rest_api_handler.cc`.
"""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import functools
import json
import logging
import time
import urllib.parse
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from keras_hashing.serving import answers, batching, contract, image_limits, metrics, paths
from keras_hashing.serving.bodies import Bodies
from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.models import Models

_PREFIX = "/v1/"
_GZIP_BYTES = 2**12  # smaller answers are sent as they are

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Settings:
    """How requests are joined and bounded.

    Args:
        max_rows: int, of a joined batch.
        wait: float, seconds that a batch waits for more rows.
        max_waiting: int, requests to one signature of a version that may wait; 503 beyond it.
        seconds: float, until a request that waits or runs is answered with 504.

    Example:
        >>> Settings(max_rows=16).seconds
        30.0
    """

    max_rows: int = batching.MAX_ROWS
    wait: float = batching.WAIT_SECONDS
    max_waiting: int = batching.MAX_WAITING
    seconds: float = 30.0


def create_app(
    models: Models, settings: Settings | None = None, bodies: Any = None, routes: Sequence[Any] = ()
) -> ASGIApp:
    """The ASGI application that `keras-hashing serve` runs, to be run or mounted elsewhere.

    It has `/v1/models/...` and `/monitoring/prometheus/metrics`, below the path where it is
    mounted, and no authentication. Under another application the threads in which models run end
    with the process, as only the outermost one is told of its end.

    Args:
        models: `Models`, what is served; `load` them first.
        settings: `Settings`, or None for the usual ones.
        bodies: `bodies.Bodies`, or None for the usual bounds.
        routes: list of Starlette routes beside the API and the metrics, tried last; for the page
            to search with an image those of `page_routes`.

    Returns:
        ASGI application.

    Example:
        >>> from starlette.routing import Mount
        >>> from keras_hashing import serving
        >>> models = serving.Models([])  # of `serving.ServedModel("flowers", "exported/flowers")`
        >>> models.load()
        >>> app = Starlette(routes=[Mount("/hashing", serving.create_app(models))])
    """
    api = RestApi(models, settings or Settings(), bodies or Bodies())

    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield
        api.close()

    async def show_metrics(request):
        if request.url.query:
            return _error(400, "Malformed request: the metrics path takes no query")
        return Response(api.metrics.text(), media_type="text/plain; version=0.0.4")

    site = Starlette(
        routes=[Route(metrics.PATH, show_metrics), *routes],
        exception_handlers={404: _not_found, 405: _not_found},
        lifespan=lifespan,
    )

    async def app(scope, receive, send):
        """Paths of the API are matched by its own rules, not by Starlette's."""
        inside = scope["type"] == "http" and _is_api(scope)
        await (api if inside else site)(scope, receive, send)

    return GZipMiddleware(app, minimum_size=_GZIP_BYTES, compresslevel=1)


class RestApi:
    """Everything under `/v1/`, as one ASGI application.

    Args:
        models: `Models`.
        settings: `Settings`.
        bodies: `bodies.Bodies`.
    """

    def __init__(self, models, settings, bodies):
        self._models, self._settings, self._bodies = models, settings, bodies
        self.metrics = metrics.Metrics()
        # TensorFlow uses all cores within one run, so a second one at a time gains little.
        self._runner = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="model")
        # Bodies are read one by one: JSON takes many times its size in memory.
        self._reader = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="json")

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
        """End the threads; call it when no request is left."""
        self._runner.shutdown()
        self._reader.shutdown()

    async def _answer(self, request):
        call = paths.match(request.method, _path(request), request.headers.get("origin", ""))
        if call.kind == "options":
            return Response(media_type="application/json")
        if call.kind == "status":
            return self._status(call)
        if call.kind == "metadata":
            return self._metadata(call)
        started, status = time.perf_counter(), "ERROR"
        try:
            answer = await self._predict(request, call)
            status = "OK"
            return answer
        finally:
            if call.name in self._models.names:
                self.metrics.observe_request(call.name, status, time.perf_counter() - started)

    async def _predict(self, request, call):
        # The version stays loaded, and the body is counted, until the answer is written.
        async with self._bodies.read(request) as body, contextlib.AsyncExitStack() as held:
            version, asked, arrays = await self._in_reader(self._prepare, body, call, held)
            queue = self._queue(call.name, version, asked.signature)
            try:
                async with asyncio.timeout(self._settings.seconds):
                    outputs = await queue.submit(arrays)
            except TimeoutError:
                limit = f"{self._settings.seconds:g} seconds"
                raise ApiError(504, f"the model did not answer within {limit}") from None
            text = await self._in_reader(answers.write, outputs, asked.by_row)
        return Response(text, media_type="application/json")

    def _prepare(self, body, call, held):
        """Checks in the order of the original: JSON, model and version, signature, tensors."""
        asked = contract.parse(body)
        version = held.enter_context(self._models.use(call.name, call.number, call.label))
        if call.kind != "predict":
            raise ApiError(400, f"model {call.name} has no signature for {call.kind}; use predict")
        signature = version.signatures.get(asked.signature)
        if signature is None:
            known = ", ".join(sorted(version.signatures))
            raise ApiError(
                400, f'Serving signature name: "{asked.signature}" not found; there are {known}'
            )
        arrays = contract.tensors(asked, signature.inputs)
        image_limits.check(arrays)
        return version, asked, arrays

    def _queue(self, model_name, version, signature_name):
        if signature_name not in version.queues:
            run = functools.partial(self._run, model_name, version.signatures[signature_name])
            set_to = self._settings
            version.queues[signature_name] = batching.Batcher(
                run, self._runner, set_to.max_rows, set_to.max_waiting, set_to.wait
            )
        return version.queues[signature_name]

    def _run(self, model_name, signature, arrays):
        started = time.perf_counter()
        outputs = signature.run(arrays)
        self.metrics.observe_run(model_name, time.perf_counter() - started)
        return outputs

    async def _in_reader(self, function, *arguments):
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, function, *arguments)

    def _status(self, call):
        """A label is not looked up: all versions come back, as in the original."""
        rows = self._models.states(call.name, call.number)
        return _json({"model_version_status": [_version_status(*row) for row in rows]})

    def _metadata(self, call):
        with self._models.use(call.name, call.number, call.label) as version:
            spec = {"name": call.name, "signature_name": "", "version": str(version.number)}
            definitions = {"signature_def": version.definitions}
            return _json({"model_spec": spec, "metadata": {"signature_def": definitions}})


def _version_status(number, state, error):
    code = "UNKNOWN" if error else "OK"
    status = {"error_code": code, "error_message": error}
    return {"version": str(number), "state": state, "status": status}


def _is_api(scope):
    return urllib.parse.unquote(paths.inner(scope)).lower().startswith(_PREFIX)


def _path(request):
    """Path, below where the application is mounted, and query as sent."""
    path, query = paths.inner(request.scope), request.scope.get("query_string", b"")
    return f"{path}?{query.decode('latin-1')}" if query else path


async def _not_found(request, error):
    return _error(404, f"There is nothing at {request.url.path}; the API is under /v1/models/")


def _json(content):
    return Response(json.dumps(content, indent=2), media_type="application/json")


def _error(status, message):
    # What is left of a body that came too late is not waited for.
    headers = {"Connection": "close"} if status == 408 else None
    return JSONResponse({"error": message}, status, headers)
