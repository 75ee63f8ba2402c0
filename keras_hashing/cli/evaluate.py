"""`keras-hashing evaluate MODEL`: retrieval metrics of a model on a data set and protocol."""

import json
import pathlib
from typing import Annotated

import typer

from keras_hashing.cli import models, quiet

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command(epilog="Example: keras-hashing evaluate dhn_fashion_48 --data fashion")
def evaluate(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A zoo name, an entry's folder, or a .keras file."),
    ],
    data: Annotated[
        str, typer.Option(help="The data set: cifar10, mnist, fashion or multifashion.")
    ],
    protocol: Annotated[
        str | None,
        typer.Option(
            help="Which images are queries, which the database; such as cifar10-s1b.",
            show_default="the first of the data set",
        ),
    ] = None,
    data_dir: Annotated[
        pathlib.Path | None,
        typer.Option(help="Folder of TensorFlow Datasets.", show_default="~/tensorflow_datasets"),
    ] = None,
    at: Annotated[
        list[int] | None,
        typer.Option(help="Cutoff R of mAP@R; give it once for each.", show_default="1000"),
    ] = None,
    ties: Annotated[
        str,
        typer.Option(
            help="How equal distances are ordered: expected, the mean over all orders; or "
            "index, as in the database."
        ),
    ] = "expected",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
):
    """Encode a protocol's queries and database, and measure retrieval."""
    import keras_hashing as kh

    with quiet.without_native_messages():
        hashing = models.load_model(model)
        parts = kh.data.load(data, protocol, data_dir)
        codes = {
            name: kh.encode(hashing, getattr(parts, name).images, verbose=not as_json)
            for name in ("query", "database")
        }
        report = kh.evaluate(
            codes["query"],
            parts.query.labels,
            codes["database"],
            parts.database.labels,
            bits=hashing.bits,
            at=at or (1000,),
            ties=ties,
        )
    figures = {"model": model, "protocol": parts.protocol, **report.to_dict()}
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        typer.echo(f"{name:32} {value:.4f}" if isinstance(value, float) else f"{name:32} {value}")
