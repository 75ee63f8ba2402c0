"""`keras-hashing audit CODES.npy`: what can be said of anyone's codes."""

import json
import pathlib
from typing import Annotated

import typer

from keras_hashing.cli import quiet

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command(epilog="Example: keras-hashing audit codes.npy --labels labels.npy --out audit.html")
def audit(
    codes: Annotated[
        pathlib.Path,
        typer.Argument(metavar="CODES", help="Packed codes of the database, uint8 (items, bytes)."),
    ],
    bits: Annotated[
        int | None, typer.Option(help="Code length.", show_default="8 times the width")
    ] = None,
    labels: Annotated[
        pathlib.Path | None,
        typer.Option(help="Class numbers, or multi-hot rows.", show_default="none"),
    ] = None,
    ids: Annotated[
        pathlib.Path | None, typer.Option(help="An id for each item.", show_default="none")
    ] = None,
    query: Annotated[
        pathlib.Path | None,
        typer.Option(help="Codes of queries.", show_default="items of the database"),
    ] = None,
    query_labels: Annotated[
        pathlib.Path | None,
        typer.Option(help="Labels of the queries, in the same form.", show_default="none"),
    ] = None,
    query_ids: Annotated[
        pathlib.Path | None, typer.Option(help="Ids of the queries.", show_default="none")
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Write a page (.html), or the picture alone (.png, .svg, .pdf).",
            show_default="no file",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
):
    """Look into codes before a figure is made from them.

    Files are .npy arrays. Leaks, repetitions, idle bits and ties are told, and with labels what
    mAP is under each convention that papers use.
    """
    from rich.console import Console

    import keras_hashing as kh
    from keras_hashing.auditing import page

    if out is not None:
        page.check_ending(out)
    waiting = Console(stderr=True).status("Searching and counting ...")
    with quiet.without_native_messages(), waiting:
        found = kh.audit(
            _array(codes, mapped=True),
            bits,
            _array(labels),
            _array(ids),
            _array(query),
            _array(query_labels),
            _array(query_ids),
        )
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        _print(found, codes.name)
    if out is not None:
        page.write(out, found, codes.name)
        typer.echo(f"Wrote {out}", err=True)


def _array(path, mapped=False):
    """The array of a .npy file, or None for None."""
    import numpy as np

    if path is None:
        return None
    try:
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} cannot be read as a .npy array: {error}") from error
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path} holds several arrays; save the one that is meant as .npy.")
    return array


def _print(found, name):
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from keras_hashing.auditing import tables

    console = Console()

    def table(title, *columns):
        made = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
        for column in columns:
            numeric = column in tables.NUMERIC
            made.add_column(column, justify="right" if numeric else "left", overflow="fold")
        return made

    console.print(Text(f"{name}: {tables.headline(found)}", style="bold"))
    for sentence in found.faults:
        console.print(Text(f"! {sentence}", style="red"))
    for sentence in found.remarks:
        console.print(Text(f"- {sentence}"))
    for title, columns, rows in tables.tables(found):
        made = table(title, *columns)
        for row in rows:
            made.add_row(*map(Text, row))
        console.print(made)
    for note in found.notes:
        console.print(Text(f"Note: {note}.", style="dim"))
