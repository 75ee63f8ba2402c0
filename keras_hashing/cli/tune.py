"""`keras-hashing tune SOURCE`: search for settings, and write the best as a recipe."""

import json
import pathlib
from typing import Annotated, Any

import typer

from keras_hashing.cli import quiet, sources

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_SHOWN = 10  # trials in the table; --json has them all


@app.command(epilog="Example: keras-hashing tune photos --method dhn --bits 48 --trials 20")
def tune(
    source: Annotated[
        str,
        typer.Argument(
            metavar=sources.METAVAR, help=f"{sources.HELP} Or a recipe, whose images are meant."
        ),
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Method to try; give it once for each.",
            show_default="dhn hashnet csq orthohash greedyhash",
        ),
    ] = None,
    bits: Annotated[
        list[int] | None,
        typer.Option(help="Code length; give it once for each.", show_default="48"),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Number of trials in all.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the search, and of a folder's split.")] = 0,
    validation: sources.Validation = None,
    query: sources.Query = None,
    database: sources.Database = None,
    labels: sources.Labels = None,
    root: sources.Root = None,
    classes: sources.Classes = None,
    protocol: sources.Protocol = None,
    data_dir: sources.DataDir = None,
    out: Annotated[
        pathlib.Path, typer.Option(help="The file for the best trial's recipe.")
    ] = pathlib.Path("best.toml"),
    run_dir: Annotated[
        pathlib.Path, typer.Option(help="Folder in which KerasTuner keeps the trials.")
    ] = pathlib.Path("runs"),
    features_dir: Annotated[
        pathlib.Path,
        typer.Option(help="Folder for features of the frozen backbone, kept for the next trial."),
    ] = pathlib.Path("runs/features"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the trials as JSON.")] = False,
):
    """Search for a method's settings by mAP on validation images; the queries stay untouched.

    Heads are trained on features of the frozen EfficientNet-Lite0, which are computed once, so a
    trial takes seconds. Called again, it goes on where it stopped; with more --trials it adds some.
    """
    from keras_hashing import files, training

    content, data_dir = sources.read_source(
        source,
        data_dir,
        seed=seed,
        protocol=protocol,
        **{"validation": validation, "query": query, "database": database},
        **{"labels": labels, "root": root, "classes": classes},
    )
    searched: dict[str, Any] = {"methods": method} if method else {}
    searched |= {"bits": bits} if bits else {}
    with quiet.without_native_messages():
        found = training.tune(
            content,
            data_dir=data_dir,
            run_dir=run_dir,
            features_dir=features_dir,
            **searched,
            trials=trials,
            seed=seed,
        )
    if found[0].val_map is None:
        raise ValueError(f"no trial came to its end; the last: {found[0].problem}")
    with files.atomic_path(out) as temporary:
        temporary.write_text(found[0].recipe.text, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps([_facts(trial) for trial in found], indent=2))
        return
    _print_table(found)
    name = found[0].recipe.name
    where = f" --data-dir {data_dir}" if data_dir else ""
    typer.echo(f"Wrote {out}. Train it: keras-hashing train {out} --out {name}{where}")


def _facts(trial):
    model, training = trial.recipe.model, trial.recipe.training
    return {
        "val_map": trial.val_map,
        "method": model["method"],
        "bits": model["bits"],
        "learning_rate": training.learning_rate,
        "schedule": training.schedule,
        "quantization_weight": model.get("quantization_weight"),
        "epochs": training.epochs,
        "problem": trial.problem,
    }


def _print_table(trials):
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("val mAP", "method", "bits", "learning rate", "schedule", "quantization"):
        table.add_column(name, justify="left" if name in ("method", "schedule") else "right")
    for trial in trials[:_SHOWN]:
        facts = _facts(trial)
        weight = facts["quantization_weight"]
        table.add_row(
            "failed" if trial.val_map is None else f"{trial.val_map:.4f}",
            facts["method"],
            str(facts["bits"]),
            f"{facts['learning_rate']:g}",
            facts["schedule"],
            "" if weight is None else f"{weight:g}",
        )
    Console().print(table)
    failed = [trial for trial in trials if trial.val_map is None]
    typer.echo(f"{len(trials)} trial(s), {len(failed)} failed.")
    for trial in failed[:_SHOWN]:
        typer.echo(f"  {trial.recipe.name}: {trial.problem}")
