"""`keras-hashing export MODEL PATH`: write a model as a SavedModel, for ONNX or for LiteRT."""

import enum
import json
import pathlib
from typing import Annotated

import typer

from keras_hashing import files
from keras_hashing.cli import models

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


class Format(enum.StrEnum):
    """What is written."""

    savedmodel = enum.auto()
    onnx = enum.auto()
    litert = enum.auto()


@app.command(epilog="Example: keras-hashing export photos.khindex served/photos")
def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A zoo name, an entry's folder, a .keras file; or a photo index, which brings "
            "its codes along.",
        ),
    ],
    path: Annotated[
        pathlib.Path,
        typer.Argument(
            metavar="PATH",
            help="Folder of versions; 1 or the next one is added. For the other formats, the file.",
        ),
    ],
    index: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="An index of this model's codes, saved by Index.save; adds search.",
            show_default="none",
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Neighbours that a search returns.")] = 10,
    format: Annotated[
        Format,
        typer.Option(
            help="What to write. onnx and litert hold the encoder only, checked to give the "
            "same codes."
        ),
    ] = Format.savedmodel,
    warmup: Annotated[
        bool, typer.Option("--warmup", help="Add requests that TensorFlow Serving runs first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
):
    """Write a model, and an index if given, for TensorFlow Serving or `keras-hashing serve`."""
    from keras_hashing.photos import storage

    photo_index = storage.modified_ns(model) > 0
    if index is not None and (photo_index or format is not Format.savedmodel):
        raise typer.BadParameter("--index goes with a model, and with the format savedmodel")
    loaded, contents, folder = _from_photos(model) if photo_index else _from_model(model, index)
    if format is not Format.savedmodel:
        _write_encoder(loaded, path, format, as_json)
        return
    import keras_hashing

    version = keras_hashing.export(loaded, path, k=k, warmup=warmup, **contents)
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    if as_json:
        typer.echo(json.dumps({"path": str(version), **manifest}, indent=2))
        return
    size = sum(facts["bytes"] for facts in manifest["files"].values())
    items = manifest["index_items"]
    searches = "" if items is None else f", searches {items:,} items"
    typer.echo(f"{version}: {manifest['bits']}-bit codes{searches}, {size / 1e6:.1f} MB.")
    shows = "" if folder is None else f" --images {folder}"
    typer.echo(f"Serve it: keras-hashing serve {path}{shows}")


def _from_model(model, index):
    """The model, what else to export with it, and the folder of its images."""
    import keras_hashing

    searched = None if index is None else keras_hashing.Index.load(index)
    return keras_hashing.load(model), {"index": searched}, None


def _from_photos(directory):
    """As `_from_model`, from a photo index: an item's id is its photo's place in the list."""
    from keras_hashing import photos

    index = photos.PhotoIndex(directory)
    encoder = models.photo_encoder(index.model["name"], index.model["hashing"])
    contents = {"index": index.codes, "names": index.paths}
    return photos.photo_model(index, encoder), contents, files.printable(index.folder)


def _write_encoder(model, path, format, as_json):
    from keras_hashing import exporting

    write = {Format.onnx: exporting.export_onnx, Format.litert: exporting.export_litert}[format]
    written = write(model, path)
    facts = {"path": str(written), "bits": model.bits, "image_size": model.image_size}
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    size = written.stat().st_size / 1e6
    typer.echo(
        f"{written}: {model.bits}-bit codes of {model.image_size} px images, equal to the "
        f"model's, {size:.1f} MB."
    )
