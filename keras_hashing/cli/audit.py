"""`keras-hashing audit CODES`: what can be said of anyone's codes."""

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
        typer.Argument(help="Codes of the database; or a file or an entry's folder with all."),
    ],
    bits: Annotated[
        int | None, typer.Option(help="Code length.", show_default="that of the codes")
    ] = None,
    labels: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Class numbers or names, or multi-hot rows.", show_default="none, or of CODES"
        ),
    ] = None,
    ids: Annotated[
        pathlib.Path | None,
        typer.Option(help="An id for each item.", show_default="none, or of CODES"),
    ] = None,
    query: Annotated[
        pathlib.Path | None,
        typer.Option(help="Codes of queries.", show_default="of CODES, or items of the database"),
    ] = None,
    query_labels: Annotated[
        pathlib.Path | None,
        typer.Option(help="Their labels, in the same form.", show_default="none, or of --query"),
    ] = None,
    query_ids: Annotated[
        pathlib.Path | None, typer.Option(help="Their ids.", show_default="none, or of --query")
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Write a page (.html), or the picture alone (.png, .svg, .pdf).",
            show_default="no file",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print all figures as JSON.", show_default="tables of text"),
    ] = False,
):
    """Look into codes before a figure is made from them.

    Leaks, repetitions, idle bits and ties are told, and with labels what mAP is under each
    convention that papers use.

    Files are .npy, .npz, .mat, .csv, .tsv or .txt. Codes are packed bytes, signs -1 and +1, or
    bits 0 and 1. A file with several arrays, such as codes.npz of an entry, gives whatever it
    holds by name.

    Example: keras-hashing audit codes.npy --labels labels.csv --query query_codes.npy
    --query-labels query_labels.csv --out audit.html
    """
    from rich.console import Console

    import keras_hashing as kh
    from keras_hashing.auditing import page

    if out is not None:
        page.check_ending(out)
    waiting = Console(stderr=True).status("Searching and counting ...")
    with quiet.without_native_messages(), waiting:
        found = kh.audit(
            codes,
            bits,
            labels=labels,
            ids=ids,
            query_codes=query,
            query_labels=query_labels,
            query_ids=query_ids,
        )
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        _print(found, codes.name)
    if out is not None:
        page.write(out, found, codes.name)
        typer.echo(f"Wrote {out}", err=True)


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
