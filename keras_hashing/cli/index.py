"""`keras-hashing index FOLDER`: make a folder of photos searchable."""

import dataclasses
import json
import pathlib
import time
from typing import Annotated

import typer

from keras_hashing import files
from keras_hashing.cli import models, quiet

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_SHOWN = 10  # unreadable files named on the screen; --json has them all


@app.command(epilog="Example: keras-hashing index photos")
def index(
    folder: Annotated[
        pathlib.Path,
        typer.Argument(metavar="FOLDER", help="The photos; sub-folders belong to it."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="A hashing model whose codes to use: a zoo name, an entry's folder or a .keras "
            "file.",
            show_default="ImageNet features and ITQ fitted on the photos",
        ),
    ] = None,
    bits: Annotated[int | None, typer.Option(help="Code length.", show_default="64")] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Where the index is kept.", show_default="FOLDER's name and .khindex, here"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
):
    """Make a folder of photos searchable, with no training.

    Run it again when photos come, change or go: only what is new is encoded. A run that was
    stopped goes on where it was. Files that cannot be read are listed and passed over.
    """
    from keras_hashing import photos

    out = out or default_index(folder)
    started = time.monotonic()
    try:
        with quiet.without_native_messages():
            summary = photos.update(out, folder, _encoder(out, model), bits, _progress_bar())
    except KeyboardInterrupt:
        typer.echo("Stopped. What was encoded is kept: the same command goes on.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(json.dumps({"index": str(out), **dataclasses.asdict(summary)}, indent=2))
    else:
        typer.echo(_words(out, summary, time.monotonic() - started))


def default_index(folder):
    """The index's place if none is given: the folder's name, in the working folder."""
    return pathlib.Path(f"{folder.resolve().name or 'photos'}.khindex")


def _encoder(out, model):
    """The model asked for; if none is, the one that the index was made with."""
    from keras_hashing.photos import storage

    if model is not None:
        return models.photo_encoder(models.lasting_name(model), hashing=True)
    if storage.modified_ns(out):
        made_with = storage.read(out).model
        return models.photo_encoder(made_with["name"], made_with["hashing"])
    return models.photo_encoder(models.DEFAULT_BACKBONE, hashing=False)


def _progress_bar():
    """Function of (done, total) that draws a bar on a terminal."""
    from tqdm.auto import tqdm

    bar = None

    def show(done, total):
        nonlocal bar
        if bar is None:
            bar = tqdm(desc="index", total=total, unit=" photos", disable=None, leave=False)
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    return show


def _words(out, summary, seconds):
    from keras_hashing.photos import page

    lines = [
        f"{out}: {summary.photos:,} photo(s), {summary.bits}-bit codes, "
        f"{page.describe(summary.projection)}.",
        f"{summary.new:,} new, {summary.changed:,} changed, {summary.deleted:,} deleted; "
        f"{summary.encoded:,} encoded in {seconds:.1f} s.",
    ]
    if summary.resumed:
        lines.append(f"{summary.resumed:,} were encoded by a run that did not finish.")
    if summary.unreadable:
        lines.append(f"{len(summary.unreadable):,} file(s) passed over:")
        lines += [f"  {files.printable(p)}: {why}" for p, why in summary.unreadable[:_SHOWN]]
        if len(summary.unreadable) > _SHOWN:
            lines.append(f"  and {len(summary.unreadable) - _SHOWN:,} more; --json lists all.")
    lines.append(f"Find neighbours: keras-hashing search PHOTO.jpg --index {out}")
    return "\n".join(lines)
