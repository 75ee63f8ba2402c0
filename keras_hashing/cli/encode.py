"""`keras-hashing encode SRC DST`: many images to parquet shards of codes."""

import dataclasses
import enum
import json
import pathlib
from typing import Annotated

import typer

from keras_hashing.cli import models, quiet

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


class Engine(enum.StrEnum):
    """Where it runs."""

    local = enum.auto()
    ray = enum.auto()


class Features(enum.StrEnum):
    """In which form features are kept."""

    float16 = enum.auto()
    float32 = enum.auto()


@app.command(epilog="Example: keras-hashing encode photos codes --model dhn_fashion_48")
def encode(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC",
            help="A folder of images, of parquet or of TFRecord files; one such file; or an "
            "fsspec URL of any of these.",
        ),
    ],
    target: Annotated[
        pathlib.Path, typer.Argument(metavar="DST", help="The folder of the shards.")
    ],
    model: Annotated[str, typer.Option(help="A zoo name, an entry's folder, or a .keras file.")],
    engine: Annotated[
        Engine, typer.Option(help="This process, or Ray (extra `ray`).")
    ] = Engine.local,
    workers: Annotated[
        int | None,
        typer.Option(help="Ray's processes.", show_default="one for each core; on a cluster, all"),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="A running Ray cluster.", show_default="one of this machine, on loopback"
        ),
    ] = None,
    shard_size: Annotated[
        int | None,
        typer.Option(help="Images in each shard.", show_default="by their number, 256 to 10,000"),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Images that go through the model at a time.")
    ] = 64,
    column: Annotated[
        str | None,
        typer.Option(
            help="Parquet column or TFRecord feature of the images.",
            show_default="image and the other usual names",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="Column or feature of class numbers; `folder` for sub-folders.",
            show_default="no labels",
        ),
    ] = None,
    features: Annotated[
        Features | None,
        typer.Option(
            help="Keep the backbone's features too, in this form.", show_default="codes only"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
):
    """Encode many images to parquet shards of codes, here or on Ray.

    A run that was stopped goes on with the same command. Broken images are passed over and stand
    in DST/quarantine.jsonl.
    """
    import keras_hashing
    from keras_hashing import corpus

    try:
        with quiet.without_native_messages():
            hashing = keras_hashing.load(model)
            summary = corpus.encode(
                model=hashing,
                source=source,
                target=target,
                engine=engine.value,
                workers=workers,
                address=address,
                shard_size=shard_size,
                batch_size=batch_size,
                column=column,
                label=label,
                features=features.value if features else None,
                name=models.lasting_name(model),
            )
    except KeyboardInterrupt:
        typer.echo("Stopped. Finished shards are kept: the same command goes on.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(json.dumps({"corpus": str(target), **dataclasses.asdict(summary)}, indent=2))
    else:
        typer.echo(_words(target, summary))


def _words(target, summary):
    speed = f" in {summary.seconds:.1f} s" if summary.encoded else ""
    lines = [
        f"{target}: {summary.images - summary.broken:,} code(s) of {summary.bits} bits in "
        f"{summary.shards:,} shard(s); {summary.encoded:,} image(s) encoded{speed}."
    ]
    if summary.resumed:
        lines.append(f"{summary.resumed:,} were encoded by a run before.")
    if summary.broken:
        lines.append(f"{summary.broken:,} image(s) passed over: {target / 'quarantine.jsonl'}")
    return "\n".join(lines)
