"""`keras-hashing zoo`: list, describe, verify and train the published models again."""

import dataclasses
import json
import pathlib
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_TFDS_FOLDER = "TFDS_DATA_DIR, else ~/tensorflow_datasets"  # what tfds itself takes

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A name of `zoo list`, or an entry's folder.")
]


@app.callback(epilog="Example: keras-hashing zoo list")
def zoo():
    """List, describe and verify the published models."""


@app.command("list", epilog="Example: keras-hashing zoo list --method dhn --bits 48")
def list_entries(
    method: Annotated[
        str | None, typer.Option(help="Only this method.", show_default="all")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Only this data set.", show_default="all")
    ] = None,
    bits: Annotated[
        int | None, typer.Option(help="Only this code length.", show_default="all")
    ] = None,
    as_json: _Json = False,
):
    """List the published models, one a line."""
    from keras_hashing import zoo

    entries = [zoo.info(name) for name in zoo.list(method=method, dataset=dataset, bits=bits)]
    if as_json:
        typer.echo(json.dumps([_document(entry) for entry in entries], indent=2))
        return
    rows = [
        (
            entry.name,
            str(entry.bits),
            f"{entry.backbone}, {entry.image_size} px",
            (entry.protocol or {}).get("name", entry.dataset),
            f"{entry.metrics['map(expected)']:.4f}" if "map(expected)" in entry.metrics else "-",
        )
        for entry in entries
    ]
    _print_table(None, ("entry", "bits", "backbone", "protocol", "mAP (expected)"), rows)


@app.command("info", epilog="Example: keras-hashing zoo info dhn_fashion_48")
def describe(name: _Name, as_json: _Json = False):
    """Describe one model: its figures, data, training, licence and folder."""
    from keras_hashing import zoo
    from keras_hashing.zoo.card import figure, label

    entry = zoo.info(name)
    if as_json:
        typer.echo(json.dumps(_document(entry), indent=2))
        return
    facts = [
        ("method", entry.method + (f", variant {entry.variant}" if entry.variant else "")),
        ("bits", str(entry.bits)),
        ("backbone", f"{entry.backbone}, {entry.image_size} px, {entry.parameters:,} weights"),
        ("data", (entry.protocol or {}).get("name", entry.dataset)),
        *((key, f"{count:,} images") for key, count in entry.counts.items()),
        *((label(key), figure(value)) for key, value in entry.metrics.items()),
        *((row["text"], f"{figure(row['map'])} ({row['ties']})") for row in entry.comparisons),
        *((key.replace("_", " "), str(value)) for key, value in entry.training.items()),
        ("licence", entry.licence),
        ("folder", str(entry.path or "not fetched yet")),
    ]
    _print_table(entry.name, ("", ""), facts)


@app.command("verify", epilog="Example: keras-hashing zoo verify dhn_fashion_48")
def verify_entries(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="A name or an entry's folder.", show_default="all entries"
        ),
    ] = None,
    reencode: Annotated[
        bool, typer.Option("--reencode", help="Encode the images again too; takes minutes.")
    ] = False,
    data_dir: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Folder of TensorFlow Datasets, for --reencode.", show_default=_TFDS_FOLDER
        ),
    ] = None,
    as_json: _Json = False,
):
    """Check files by their hashes, and the card's figures against the codes.

    The exit code is 1 if something is damaged.
    """
    from rich.console import Console

    from keras_hashing import zoo

    with Console(stderr=True).status("Computing the figures ..."):
        found = zoo.verify(name, reencode=reencode, data_dir=data_dir)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(item) for item in found], indent=2))
    else:
        for item in found:
            _print_verification(item)
        if not found:
            typer.echo("The zoo has no entries.")
    if any(item.problems for item in found):
        raise typer.Exit(1)


@app.command("reproduce", epilog="Example: keras-hashing zoo reproduce dhn_fashion_48 --seeds 3")
def reproduce_entry(
    name: _Name,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="How many seeds, from the recipe's on.")
    ] = 1,
    data_dir: Annotated[
        pathlib.Path | None,
        typer.Option(help="Folder of TensorFlow Datasets.", show_default=_TFDS_FOLDER),
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="Folder for runs and new entries.", show_default="runs/reproduce/NAME"),
    ] = None,
    features_dir: Annotated[
        pathlib.Path,
        typer.Option(help="Folder where features of a frozen backbone are kept for the next run."),
    ] = pathlib.Path("runs/features"),
    record: Annotated[
        bool, typer.Option("--record", help="Write the seeds' mAP into the entry's card.")
    ] = False,
):
    """Train an entry's recipe again, and print its card beside the rerun.

    Run it again after a stop: it goes on from there.
    """
    import statistics

    from keras_hashing import training, zoo
    from keras_hashing.zoo.card import figure, label

    folder = zoo.find(name)
    card = zoo.info(folder)
    out = out or pathlib.Path("runs/reproduce") / card.name
    found = dict(
        training.reproduce(name, out, seeds=seeds, data_dir=data_dir, features_dir=features_dir)
    )
    rows = []
    for key, stated in card.metrics.items():
        values = [entry.metrics[key] for entry in found.values() if key in entry.metrics]
        if not values:
            continue
        cells = [figure(value) for value in values]
        if len(values) > 1:
            cells.append(f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}")
        rows.append((label(key), figure(stated), *cells))
    header = ["figure", "card", *(f"seed {seed}" for seed in found)]
    _print_table(card.name, (*header, "mean ± deviation")[: len(rows[0])], rows)
    typer.echo(f"The new entries are in {out}.")
    if record:
        key = "map(expected)"
        zoo.record_reruns(folder, {seed: made.metrics[key] for seed, made in found.items()})
        typer.echo(f"Recorded in {folder}.")


@app.command("index", epilog="Example: keras-hashing zoo index published")
def write_index(
    folder: Annotated[
        pathlib.Path,
        typer.Argument(metavar="FOLDER", help="Folder with the entries in entries/NAME."),
    ],
):
    """Make a folder of entries a place for KERAS_HASHING_ZOO, as it is or behind a web server."""
    from keras_hashing.zoo import cache

    count = cache.write_index(folder)
    typer.echo(f"Wrote {folder / cache.INDEX} with {count} entries.")


def _document(entry):
    return {**dataclasses.asdict(entry), "path": entry.path and str(entry.path)}


def _print_verification(item):
    rows = [
        (key, "-" if stated is None else f"{stated:.6f}", f"{found:.6f}")
        for key, (stated, found) in item.figures.items()
    ]
    if rows:
        _print_table(item.name, ("figure", "card", "from the codes"), rows)
    if item.equal_bits is not None:
        typer.echo(f"Encoded again: {item.equal_bits:.4%} of the bits are equal.")
    for problem in item.problems:
        typer.echo(f"{item.name}: {problem}", err=True)
    if not item.problems:
        typer.echo(f"{item.name}: hashes and figures are right.")


def _print_table(title, header, rows):
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=None if title is None else Text(title), title_justify="left")
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
