"""`keras-hashing demo`: the product on real images, in one run."""

import base64
import pathlib
import subprocess
import sys
import time
from typing import Annotated, Any

import typer

from keras_hashing.cli import quiet

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_CIFAR_ENTRY = "dhn_cifar10_48"
_FASHION_ENTRY = "dhn_fashion_48"
_QUERIES = 200  # of the bundled sample; the others are the database
_START_SECONDS = 120


@app.command(epilog="Example: keras-hashing demo --images photos")
def demo(
    out: Annotated[
        pathlib.Path, typer.Option(help="Folder for the page and the exported model.")
    ] = pathlib.Path("demo-output"),
    images: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="A folder of your photos to search as well, with no training.", show_default="none"
        ),
    ] = None,
):
    """Check published figures, search real images, and serve a model over REST."""
    out.mkdir(parents=True, exist_ok=True)
    _say("1. A published model, checked from its shipped codes")
    with quiet.without_native_messages():
        _check_published()
        _say(f"2. Search in a bundled sample of real images ({_FASHION_ENTRY})")
        model, query_image, query_code = _search_sample(out)
        _say("3. Export as a SavedModel, serve it, ask it over REST")
        _serve_one(model, out, query_image, query_code)
    if images is not None:
        _say(f"4. Your photos: {images}")
        _search_photos(images, out)


def _check_published():
    import keras_hashing as kh

    kh.zoo.load(_CIFAR_ENTRY)
    published = kh.zoo.info(_CIFAR_ENTRY).metrics["map(expected)"]
    stored = kh.zoo.codes(_CIFAR_ENTRY)
    report = kh.evaluate(
        stored.query_codes,
        stored.query_labels,
        stored.database_codes,
        stored.database_labels,
        bits=kh.zoo.info(_CIFAR_ENTRY).bits,
    )
    typer.echo(
        f"   {_CIFAR_ENTRY}: {report.queries:,} queries, {report.database:,} images\n"
        f"   mAP on its card   {published:.9f}\n"
        f"   mAP recomputed    {report.map:.9f}  (expected over ties; between "
        f"{report.map_worst:.4f} and {report.map_best:.4f} by tie order)"
    )


def _search_sample(out):
    """Encode the sample, search it and write the page; one query's image and code for step 3."""
    import numpy as np

    import keras_hashing as kh
    from keras_hashing import encoding
    from keras_hashing.cli import demo_page

    sample = kh.data.sample()
    model = kh.zoo.load(_FASHION_ENTRY)
    outputs = encoding.outputs(model, sample.images, verbose=True)
    codes = kh.codes.pack(outputs)
    places = np.random.default_rng(0).permutation(len(sample))
    query, database = places[:_QUERIES], places[_QUERIES:]
    index = kh.Index(bits=model.bits)
    index.add(codes[database], ids=database)
    distances, ids = index.search(codes[query], k=10)
    report = kh.evaluate(
        codes[query],
        sample.labels[query],
        codes[database],
        sample.labels[database],
        bits=model.bits,
        at=(10,),
    )
    page = out / "index.html"
    demo_page.write(page, _FASHION_ENTRY, sample, outputs, query, distances, ids, report)
    typer.echo(
        f"   {len(query)} queries, {len(database):,} images, {model.bits} bits: "
        f"mAP {report.map:.4f}, precision@10 {report.precision_at[10]:.4f}\n"
        f"   Page to look at: {page}"
    )
    return model, sample.images[query[0]], codes[query[0]]


def _serve_one(model, out, image, code):
    import keras_hashing as kh

    version = kh.export(model, out / "model")
    typer.echo(f"   Exported to {version}")
    command = [sys.executable, "-m", "keras_hashing", "serve", str(out / "model"), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = _announced(server)
        typer.echo(f"   POST {url}")
        answer = _ask(url, image)
        served = base64.b64decode(answer["code_bytes"]["b64"])
        typer.echo(f"   Answer: {answer}")
        same = "the code" if served == code.tobytes() else "ANOTHER code than"
        typer.echo(f"   It is {same} that the model gave in this process.")
    finally:
        server.terminate()
        status = server.wait(timeout=60)
    typer.echo(f"   The server shut down with exit code {status}.")
    if served != code.tobytes() or status:
        raise RuntimeError("the served model did not answer or end as it should")


def _announced(server):
    """The URL that the server prints once it is ready."""
    started = time.monotonic()
    for line in server.stdout:
        if ":predict" in line:
            return line.split()[-1]
        if time.monotonic() - started > _START_SECONDS:
            break
    raise RuntimeError("the server did not start")


def _ask(url, image):
    """One image, as a PNG file in base64: what a TensorFlow Serving client sends."""
    import io

    import numpy as np
    import requests
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.squeeze(image)).save(file, "PNG")
    content = base64.b64encode(file.getvalue()).decode()
    body: dict[str, Any] = {
        "signature_name": "encode_bytes",
        "instances": [{"image_bytes": {"b64": content}}],
    }
    response = requests.post(url, json=body, timeout=60)
    response.raise_for_status()
    return response.json()["predictions"][0]


def _search_photos(folder, out):
    from keras_hashing.cli import index, search

    place = out / "photos.khindex"
    index.index(folder, out=place)
    from keras_hashing.data import list_images

    first = list_images(folder)[0]
    search.search([first], index=place, html=out / "photos.html")


def _say(line):
    typer.secho(line, bold=True)
