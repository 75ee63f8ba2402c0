"""`keras-hashing evaluate MODEL --data SOURCE`: retrieval metrics of a model on images."""

import json
from typing import Annotated

import typer

from keras_hashing.cli import quiet, sources

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command(epilog="Example: keras-hashing evaluate dhn_fashion_48 --data fashion")
def evaluate(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A zoo name, an entry's folder, or a .keras file."),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar=sources.METAVAR,
            help=f"{sources.HELP} Or a recipe, whose images are meant. Not needed with lists for "
            "--query and --database.",
            show_default="those lists",
        ),
    ] = None,
    query: sources.Query = None,
    database: sources.Database = None,
    labels: sources.Labels = None,
    root: sources.Root = None,
    classes: sources.Classes = None,
    protocol: sources.Protocol = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of a folder's split.", show_default="0")
    ] = None,
    data_dir: sources.DataDir = None,
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
    """Encode queries and database of a set of images, and measure retrieval."""
    import keras_hashing as kh
    from keras_hashing import training

    if data is None and (query is None or database is None):
        raise ValueError("say what to evaluate on: --data, or --query LIST --database LIST.")
    settings, data_dir = sources.read_source(
        f"{database}" if data is None else data,
        data_dir,
        seed=seed,
        protocol=protocol,
        **{"query": query, "database": database},
        **{"labels": labels, "root": root, "classes": classes},
    )
    with quiet.without_native_messages():
        hashing = kh.load(model)
        parts = kh.data.from_source(settings, data_dir)
        if parts.query.labels is None:
            raise ValueError(
                f"there are no labels to measure by in {parts.name}: give each image its classes."
            )
        codes = {
            name: kh.encode(hashing, _images(getattr(parts, name)), verbose=not as_json)
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
    figures = {
        **{"model": model, "data": training.describe_data(settings), "protocol": parts.protocol},
        **report.to_dict(),
    }
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        if value is not None:
            typer.echo(
                f"{name:32} {value:.4f}" if isinstance(value, float) else f"{name:32} {value}"
            )


def _images(part):
    return part.paths if part.images is None else part.images
