"""`keras-hashing train RECIPE.toml | FOLDER`: train, then publish the entry."""

import pathlib
from typing import Annotated

import typer

from keras_hashing.cli import quiet

app = typer.Typer(add_completion=False)

_FIGURES = ("map(expected)", "map(best)", "map(worst)", "map(index)")


@app.command()
def train(
    source: Annotated[
        pathlib.Path,
        typer.Argument(
            metavar="RECIPE|FOLDER",
            help="A TOML file, see zoo/recipes; or photos, with a sub-folder for each class.",
        ),
    ],
    method: Annotated[str | None, typer.Option(help="Of a folder. [default: dhn]")] = None,
    bits: Annotated[
        int | None, typer.Option(help="Code length, of a folder. [default: 48]")
    ] = None,
    fine_tune: Annotated[
        bool,
        typer.Option("--fine-tune", help="Of a folder: train the backbone too."),
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(help="Of a folder. [default: 10 of fine-tuning, 20 or more]")
    ] = None,
    validation: Annotated[
        float | None, typer.Option(help="Share of each class to compare settings by. [0.1]")
    ] = None,
    query: Annotated[
        float | None, typer.Option(help="Share of each class that is tested at the end. [0.1]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of a folder. [default: 0]")] = None,
    data_dir: Annotated[
        pathlib.Path | None,
        typer.Option(help="Folder of TensorFlow Datasets, or the one that holds the photos'."),
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="The entry's folder. [default: the recipe's name, here]"),
    ] = None,
    run_dir: Annotated[
        pathlib.Path | None,
        typer.Option(help="Checkpoints and log of the run. [default: runs/NAME]"),
    ] = None,
    features_dir: Annotated[
        pathlib.Path,
        typer.Option(help="Features of the frozen backbone, kept for the next entry."),
    ] = pathlib.Path("runs/features"),
    frozen_size: Annotated[
        int, typer.Option(min=32, max=1024, help="Pixels, for those features.")
    ] = 224,
):
    """Train a hashing model by a recipe or on a folder of photos, then publish it as an entry.

    Called again after a kill, it goes on where it stopped. The test queries are used once, at
    the end, when codes and figures are written. A family of recipes gives one entry each, in the
    folder --out (default: here); those that are there are skipped. A folder is split by classes;
    its recipe is kept in the entry.
    """
    from keras_hashing import training

    given = {
        **{"method": method, "bits": bits, "epochs": epochs, "fine_tune": fine_tune or None},
        **{"validation": validation, "query": query, "seed": seed},
    }
    given = {name: value for name, value in given.items() if value is not None}
    if source.is_dir():
        _refuse_occupied(out)
        recipe = training.folder_recipe(source, name=out and out.name, **given)
        out = out or pathlib.Path(recipe.name)
        _refuse_occupied(out)
        data_dir = source.resolve().parent
        with quiet.without_native_messages():
            entry = _publish(recipe, out, data_dir, run_dir, features_dir, frozen_size)
        _print_entry(entry, source)
        return
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(f"a recipe says {names} itself; {source} is no folder. Leave it out.")
    if training.is_family(source):
        recipes = training.read_family(source)
        _train_family(recipes, out or pathlib.Path(), data_dir, features_dir, frozen_size)
        return
    recipe = training.read_recipe(source)
    out = out or pathlib.Path(recipe.name)
    if out.name != recipe.name:
        raise ValueError(f"the recipe's name is {recipe.name!r}; --out must end in it, got {out}.")
    entry = _publish(recipe, out, data_dir, run_dir, features_dir, frozen_size)
    for key in _FIGURES:
        typer.echo(f"{key}: {entry.metrics[key]:.4f}")
    typer.echo(f"Wrote {out}. Check it: keras-hashing zoo verify {out}")


def _publish(recipe, out, data_dir, run_dir, features_dir, frozen_size):
    """The entry of a recipe."""
    from keras_hashing import training

    run_dir = run_dir or pathlib.Path(training.RUNS) / recipe.name
    if recipe.training.epochs and not recipe.training.features:
        typer.echo(f"Watch it: tensorboard --logdir {run_dir / training.LOGS}")
    trained = training.train(
        recipe, run_dir=run_dir, data_dir=data_dir, features_dir=features_dir, verbose=2
    )
    typer.echo(f"Trained {len(trained.history)} epoch(s). Encoding queries and database ...")
    return training.publish(trained, out, frozen_size)


def _train_family(recipes, out, data_dir, features_dir, frozen_size):
    """Entries that are not there yet."""
    from tqdm import tqdm

    from keras_hashing import training

    entries = training.train_family(
        recipes, out, data_dir=data_dir, features_dir=features_dir, frozen_size=frozen_size
    )
    for entry in tqdm(entries, total=len(recipes), unit="entry", disable=None):
        tqdm.write(f"{entry.name}: map(expected) {entry.metrics['map(expected)']:.4f}")


def _refuse_occupied(out):
    """Now, and not after the training."""
    if out is not None and out.exists() and (out.is_file() or any(out.iterdir())):
        raise ValueError(f"{out} is there already. Give another --out, or delete it.")


def _print_entry(entry, folder):
    counts, figures = entry.counts, entry.metrics
    typer.echo(
        f"{entry.dataset}: {counts['train']:,} photos to train on, {counts['validation']:,} to "
        f"validate; {counts['query']:,} queries against {counts['database']:,}, those trained on "
        "among them."
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
    typer.echo(
        f"Wrote {entry.path}. Next:\n"
        f"  keras-hashing index {folder} --model {entry.path} --out {entry.name}.khindex\n"
        f"  keras-hashing search PHOTO.jpg --index {entry.name}.khindex\n"
        f"  keras-hashing export {entry.name}.khindex served/{entry.name}"
    )
