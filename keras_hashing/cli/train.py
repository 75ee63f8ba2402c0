"""`keras-hashing train SOURCE`: train on images or by a recipe, then publish the entry."""

import pathlib
from typing import Annotated, Any

import typer

from keras_hashing.cli import quiet, sources

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_FIGURES = ("map(expected)", "map(best)", "map(worst)", "map(index)")


@app.command(epilog="Example: keras-hashing train photos --method dhn --bits 48 --out mine")
def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar=f"RECIPE|{sources.METAVAR}",
            help=f"A recipe, NAME.toml, see zoo/recipes. {sources.HELP}",
        ),
    ],
    method: Annotated[
        str | None, typer.Option(help="Method, without a recipe.", show_default="dhn")
    ] = None,
    bits: Annotated[
        int | None, typer.Option(help="Code length, without a recipe.", show_default="48")
    ] = None,
    fine_tune: Annotated[
        bool,
        typer.Option("--fine-tune", help="Train the backbone too, without a recipe."),
    ] = False,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the photos, without a recipe.",
            show_default="10 of fine-tuning, 20 or more of a head",
        ),
    ] = None,
    validation: sources.Validation = None,
    query: sources.Query = None,
    database: sources.Database = None,
    labels: sources.Labels = None,
    root: sources.Root = None,
    classes: sources.Classes = None,
    protocol: sources.Protocol = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the split and of the training, without a recipe.", show_default="0"
        ),
    ] = None,
    data_dir: sources.DataDir = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="The entry's folder.", show_default="the recipe's name, here"),
    ] = None,
    run_dir: Annotated[
        pathlib.Path | None,
        typer.Option(help="Folder for checkpoints and log of the run.", show_default="runs/NAME"),
    ] = None,
    features_dir: Annotated[
        pathlib.Path,
        typer.Option(help="Folder for features of the frozen backbone, kept for the next entry."),
    ] = pathlib.Path("runs/features"),
    frozen_size: Annotated[
        int, typer.Option(min=32, max=1024, help="Side in pixels of the images for those features.")
    ] = 224,
):
    """Train a hashing model on images or by a recipe, then publish it as an entry.

    Called again after a kill, it goes on where it stopped. The test queries are used once, at
    the end, when codes and figures are written. A family of recipes gives one entry each, in the
    folder --out (default: here); those that are there are skipped. Images of one's own are split
    by classes, and the recipe is kept in the entry.
    """
    from keras_hashing import training

    places: dict[str, Any] = {
        "data_dir": data_dir,
        "features_dir": features_dir,
        "frozen_size": frozen_size,
    }
    settings: dict[str, Any] = {
        **{"method": method, "bits": bits, "epochs": epochs, "fine_tune": fine_tune or None},
        "seed": seed,
    }
    of_images = {
        **{"validation": validation, "query": query, "database": database},
        **{"labels": labels, "root": root, "classes": classes, "protocol": protocol},
    }
    settings, of_images = _given(settings), _given(of_images)
    if sources.is_recipe(source):
        _refuse_beside_a_recipe(source, {**settings, **of_images})
        _train_recipe(pathlib.Path(source), out, run_dir, places)
        return
    _refuse_occupied(out)
    content, places["data_dir"] = sources.read_source(source, data_dir, seed=seed, **of_images)
    with quiet.without_native_messages():
        recipe = training.source_recipe(
            content, data_dir=places["data_dir"], name=out.name if out else None, **settings
        )
        out = out or pathlib.Path(recipe.name)
        _refuse_occupied(out)
        trained, entry = _publish(recipe, out, run_dir, **places)
    _print_entry(trained, entry, source)


def _given(options):
    return {name: value for name, value in options.items() if value is not None}


def _refuse_beside_a_recipe(source, given):
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(f"a recipe says {names} itself; {source} is a recipe. Leave it out.")


def _train_recipe(source, out, run_dir, places):
    from keras_hashing import training

    if training.is_family(source):
        recipes = training.read_family(source)
        _train_family(recipes, out or pathlib.Path(), places)
        return
    recipe = training.read_recipe(source)
    out = out or pathlib.Path(recipe.name)
    if out.name != recipe.name:
        raise ValueError(f"the recipe's name is {recipe.name!r}; --out must end in it, got {out}.")
    _, entry = _publish(recipe, out, run_dir, **places)
    for key in _FIGURES:
        if key in entry.metrics:
            typer.echo(f"{key}: {entry.metrics[key]:.4f}")
    typer.echo(f"Wrote {out}. Check it: keras-hashing zoo verify {out}")


def _publish(recipe, out, run_dir, data_dir, features_dir, frozen_size):
    """The `Trained` of a recipe and its entry."""
    from keras_hashing import training

    run_dir = run_dir or pathlib.Path(training.RUNS) / recipe.name
    if recipe.training.epochs and not recipe.training.features:
        typer.echo(f"Watch it: tensorboard --logdir {run_dir / training.LOGS}")
    trained = training.train(
        recipe, run_dir=run_dir, data_dir=data_dir, features_dir=features_dir, verbose=2
    )
    typer.echo(f"Trained {len(trained.history)} epoch(s). Encoding queries and database ...")
    return trained, training.publish(trained, out, frozen_size=frozen_size)


def _train_family(recipes, out, places):
    """Entries that are not there yet."""
    from tqdm.auto import tqdm

    from keras_hashing import training

    entries = training.train_family(recipes, out, **places)
    for entry in tqdm(entries, total=len(recipes), unit="entry", disable=None):
        found = entry.metrics.get("map(expected)")  # None where there are no classes
        tqdm.write(f"{entry.name}: map(expected) {found:.4f}" if found else entry.name)


def _refuse_occupied(out):
    """Now, and not after the training."""
    if out is not None and out.exists() and (out.is_file() or any(out.iterdir())):
        raise ValueError(f"{out} is there already. Give another --out, or delete it.")


def _print_entry(trained, entry, source):
    from keras_hashing.training.frozen_features import rows_in

    counts, figures = entry.counts, entry.metrics
    searched = rows_in(trained.data.database, trained.data.train) is not None
    among = ", those trained on among them" if searched else ""
    typer.echo(
        f"{entry.dataset}: {counts['train']:,} photos to train on, {counts['validation']:,} to "
        f"validate; {counts['query']:,} queries against {counts['database']:,}{among}."
    )
    if "val_map_expected" in entry.training:
        typer.echo(f"validation mAP {entry.training['val_map_expected']:.4f}")
    if "map(expected)" in figures:
        best, worst = figures["map(best)"], figures["map(worst)"]
        typer.echo(
            f"mAP {figures['map(expected)']:.4f}, {entry.bits} bits; by the order of ties "
            f"{worst:.4f} to {best:.4f}. Beside it:"
        )
        for row in entry.comparisons:
            typer.echo(f"  {row['map']:.4f}  {row['text']}")
    else:
        typer.echo("Without classes there is nothing to measure retrieval by.")
    if "folder" not in trained.recipe.data:
        typer.echo(f"Wrote {entry.path}. Check it: keras-hashing zoo verify {entry.path}")
        return
    typer.echo(
        f"Wrote {entry.path}. Next:\n"
        f"  keras-hashing index {source} --model {entry.path} --out {entry.name}.khindex\n"
        f"  keras-hashing search PHOTO.jpg --index {entry.name}.khindex\n"
        f"  keras-hashing export {entry.name}.khindex served/{entry.name}"
    )
