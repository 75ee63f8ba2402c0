"""`keras-hashing search QUERY.jpg`: the photos of an index that look most like a photo."""

import dataclasses
import json
import pathlib
from typing import Annotated

import typer

from keras_hashing import files
from keras_hashing.cli import models, quiet

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_NOTES = {"query": "the query itself", "copy": "same file contents", "": ""}


@app.command(epilog="Example: keras-hashing search photos/roses/0.jpg --html neighbours.html")
def search(
    queries: Annotated[
        list[pathlib.Path], typer.Argument(metavar="QUERY...", help="Photos, or folders of them.")
    ],
    index: Annotated[
        pathlib.Path | None,
        typer.Option(help="The index.", show_default="the newest *.khindex here"),
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Neighbours of each query.")] = 10,
    html: Annotated[
        pathlib.Path | None,
        typer.Option(help="Write a page with thumbnails to this file.", show_default="no page"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON.")] = False,
):
    """Find the photos of an index that look most like a photo.

    The distance is the number of bits in which two photos' codes differ: 0 is the same, half of
    the bits is nothing in common.
    """
    from rich.console import Console

    from keras_hashing import photos

    photo_index = photos.PhotoIndex(index or newest_index())
    encoder = models.photo_encoder(photo_index.model["name"], photo_index.model["hashing"])
    waiting = Console(stderr=True).status("Looking at the query ...")
    with quiet.without_native_messages(), waiting:
        answers = photo_index.search(_photos_of(queries), k, encoder)
    problems = [answer for answer in answers if answer.problem]
    if len(problems) == len(answers):
        raise ValueError(f"{files.printable(problems[0].query)}: {problems[0].problem}")
    if as_json:
        typer.echo(json.dumps(_document(photo_index, answers), indent=2))
    else:
        _print_tables(photo_index, answers)
    for answer in problems:
        typer.echo(f"Passed over {files.printable(answer.query)}: {answer.problem}", err=True)
    if html:
        _write_page(html, photo_index, answers)
        typer.echo(f"Wrote {html}", err=True)


def newest_index():
    """The index in the working folder that was last brought up to date."""
    from keras_hashing.photos import storage

    found = [path for path in pathlib.Path().glob("*.khindex") if storage.modified_ns(path)]
    if not found:
        raise FileNotFoundError(
            "There is no *.khindex in this folder. Make one with `keras-hashing index FOLDER`, "
            "or name one with --index."
        )
    return max(found, key=storage.modified_ns)


def _photos_of(queries):
    """The photos named, and those in the folders named."""
    from keras_hashing.data import images

    paths = []
    for query in queries:
        paths += images.list_images(query) if query.is_dir() else [query]
    return paths


def _document(photo_index, answers):
    return {
        "index": str(photo_index.directory),
        "folder": str(photo_index.folder),
        "bits": photo_index.bits,
        "answers": [dataclasses.asdict(answer) for answer in answers],
    }


def _print_tables(photo_index, answers):
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for answer in answers:
        if answer.problem:
            continue
        title = Text(files.printable(answer.query), style="bold")
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("", justify="right")
        table.add_column(f"of {photo_index.bits} bits differ", justify="right")
        table.add_column("photo", overflow="fold")
        table.add_column("", style="green")
        for place, item in enumerate(answer.neighbours, 1):
            name = Text(files.printable(item.path))
            table.add_row(str(place), str(item.distance), name, _NOTES[item.relation])
        console.print(table)
    console.print(f"{len(photo_index):,} photo(s) of {photo_index.folder}", style="dim")


def _write_page(html, photo_index, answers):
    from keras_hashing import files, photos

    page = photos.build_page(photo_index, answers, html.parent)
    with files.atomic_path(html) as path:
        path.write_text(page, encoding="utf-8")
