"""`keras-hashing export MODEL PATH`: write a model as a SavedModel."""

import json
import pathlib
from typing import Annotated

import typer

from keras_hashing.cli import models

app = typer.Typer(add_completion=False)


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="A zoo name, an entry's folder, or a .keras file.")],
    path: Annotated[
        pathlib.Path, typer.Argument(help="Folder of versions; 1 or the next one is added.")
    ],
    index: Annotated[
        pathlib.Path | None,
        typer.Option(help="An index of this model's codes, saved by Index.save; adds search."),
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Neighbours that a search returns.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
):
    """Write a model, and an index if given, for TensorFlow Serving or `keras-hashing serve`."""
    import keras_hashing

    searched = None if index is None else keras_hashing.Index.load(index)
    version = keras_hashing.export(models.load_model(model), path, index=searched, k=k)
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    if as_json:
        typer.echo(json.dumps({"path": str(version), **manifest}, indent=2))
        return
    size = sum(facts["bytes"] for facts in manifest["files"].values())
    items = manifest["index_items"]
    searches = "" if items is None else f", searches {items:,} items"
    typer.echo(f"{version}: {manifest['bits']}-bit codes{searches}, {size / 1e6:.1f} MB.")
    typer.echo(f"Serve it: keras-hashing serve {path}")
