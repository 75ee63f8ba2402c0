"""The page beside the REST API, and the thumbnails that it shows."""

import functools
import os
import urllib.parse
from typing import Any

import anyio
import jinja2
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from keras_hashing import pages
from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.models import Models
from keras_hashing.serving.thumbnails import Thumbnails
from keras_hashing.types import Path

_AT_ONCE = 2  # images decoded at the same time; one may take 200 MB

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",  # other sites cannot show these images
    "Cache-Control": "no-cache",
}


def page_routes(models: Models, images: Path | None = None) -> list[Any]:
    """Routes of the page: `/`, `/page/...` and, with a folder of images, `/thumbnails/ID`.

    Args:
        models: `Models`; the page offers their names.
        images: path-like, the folder of the images in the models' indexes, or None.

    Returns:
        List of Starlette routes.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder.

    Example:
        >>> from keras_hashing import serving
        >>> [route.path for route in page_routes(serving.Models([]))]
        ['/', '/page/page.css', '/page']
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_hashing.serving", "page"), autoescape=True
    )
    template = environment.get_template("index.html")

    async def index(request):
        html = template.render(models=models.names, thumbnails=images is not None)
        return HTMLResponse(html, headers=_HEADERS)

    async def style(request):
        return FileResponse(pages.STYLE, media_type="text/css")

    static = StaticFiles(packages=[("keras_hashing.serving", "page")])
    routes = [Route("/", index), Route("/page/page.css", style), Mount("/page", static)]
    if images is not None:
        show = functools.partial(_show, models, Thumbnails(images), anyio.CapacityLimiter(_AT_ONCE))
        routes.append(Route("/thumbnails/{item}", show))
    return routes


async def _show(models, thumbnails, limiter, request):
    def read():
        # Of the version that answers a search now.
        with models.use(request.query_params.get("model") or next(iter(models.names), "")) as one:
            return thumbnails.read(request.path_params["item"], one.names)

    try:
        picture, name = await anyio.to_thread.run_sync(read, limiter=limiter)
    except ApiError as error:
        return JSONResponse({"error": str(error)}, error.status)
    named = urllib.parse.quote(os.fsencode(name).decode("utf-8", "replace"))
    disposition = f"inline; filename*=UTF-8''{named}"
    return Response(
        picture, media_type="image/jpeg", headers={**_HEADERS, "Content-Disposition": disposition}
    )
