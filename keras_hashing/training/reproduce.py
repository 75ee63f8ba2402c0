"""Train an entry's recipe again, and set the new figures beside the card's."""

import dataclasses
import pathlib
import re
from collections.abc import Iterator

from keras_hashing import zoo
from keras_hashing.training.publish import training_facts
from keras_hashing.training.recipe import parse_recipe, read_recipe
from keras_hashing.training.trained import FEATURES, train
from keras_hashing.types import Path


def reproduce(
    name: Path,
    out: Path,
    *,
    seeds: int = 1,
    data_dir: Path | None = None,
    features_dir: Path = FEATURES,
    verbose: int | str = 2,
) -> Iterator[tuple[int, zoo.Entry]]:
    """Train the recipe of an entry again, for one or several seeds.

    A seed that is done already is not trained again, and one that was stopped goes on.

    Args:
        name: str, a name of `keras_hashing.zoo.list()`, or the path of an entry's folder.
        out: str or path-like, the folder for runs and new entries, one sub-folder a seed.
        seeds: int, how many: the recipe's seed and those after it.
        data_dir, features_dir, verbose: as of `train`.

    Yields:
        Tuple of the seed and the new `keras_hashing.zoo.Entry`, one a seed.

    Raises:
        FileNotFoundError: the entry has no recipe.
        ValueError: an unknown name, or a recipe that cannot be read.

    Example:
        >>> again = reproduce("dhn_cifar10_48", "runs/again", seeds=3)  # starts when it is read
        >>> for seed, entry in again:  # doctest: +SKIP
        ...     print(seed, entry.metrics["map(expected)"])
    """
    source = zoo.find(name)
    published, recipe = zoo.info(source), read_recipe(source / zoo.RECIPE)
    for seed in range(recipe.seed, recipe.seed + seeds):
        folder = pathlib.Path(out) / f"seed_{seed}"
        path = folder / published.name
        again = recipe if seed == recipe.seed else _with_seed(recipe, seed)
        if not (path / zoo.METADATA).is_file():
            trained = train(
                again,
                run_dir=folder / "run",
                data_dir=data_dir,
                features_dir=features_dir,
                verbose=verbose,
            )
            zoo.save(
                trained.model,
                path,
                trained.data,
                recipe=again.text,
                training=training_facts(again, trained.history),
                outputs_of=trained.outputs_of,
            )
        yield seed, zoo.info(path)


def _with_seed(recipe, seed):
    """The recipe with another seed, in its text too, which the new entry keeps."""
    top, bracket, sections = recipe.text.partition("\n[")
    lines = [line for line in top.splitlines() if not re.match(r"\s*seed\s*=", line)]
    again = parse_recipe("\n".join([*lines, f"seed = {seed}"]) + bracket + sections)
    return dataclasses.replace(recipe, seed=again.seed, text=again.text)
