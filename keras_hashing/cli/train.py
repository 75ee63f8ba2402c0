"""`keras-hashing train RECIPE.toml`: train by a recipe, then publish the entry."""

import pathlib
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def train(
    recipe: Annotated[pathlib.Path, typer.Argument(help="A TOML file; see zoo/recipes.")],
    data_dir: Annotated[
        pathlib.Path | None, typer.Option(help="Folder of TensorFlow Datasets.")
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
    """Train a hashing model by a recipe, then publish it as an entry.

    Called again after a kill, it goes on where it stopped. The test queries are used once, at
    the end, when codes and figures are written. A family of recipes gives one entry each, in the
    folder --out (default: here); those that are there are skipped.
    """
    from keras_hashing import training

    if training.is_family(recipe):
        _train_heads(training.read_family(recipe), out or pathlib.Path(), data_dir, features_dir)
        return
    read = training.read_recipe(recipe)
    out = out or pathlib.Path(read.name)
    if out.name != read.name:
        raise ValueError(f"the recipe's name is {read.name!r}; --out must end in it, got {out}.")
    if read.training.features:
        _train_heads([read], out.parent, data_dir, features_dir)
        return
    run_dir = run_dir or pathlib.Path("runs") / read.name
    model, data, history = training.train(read, run_dir, data_dir, verbose=2)
    typer.echo(f"Trained {len(history)} epoch(s). Encoding queries and database ...")
    entry = training.publish(read, model, data, history, out, features_dir, frozen_size)
    for key in ("map(expected)", "map(best)", "map(worst)", "map(index)"):
        typer.echo(f"{key}: {entry.metrics[key]:.4f}")
    typer.echo(f"Wrote {out}. Check it: keras-hashing zoo verify {out}")


def _train_heads(recipes, out, data_dir, features_dir):
    from tqdm import tqdm

    from keras_hashing import training

    entries = training.train_heads(recipes, out, data_dir, features_dir)
    for entry in tqdm(entries, total=len(recipes), unit="entry", disable=None):
        tqdm.write(f"{entry.name}: map(expected) {entry.metrics['map(expected)']:.4f}")
