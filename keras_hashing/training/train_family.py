"""Entries of many recipes; those whose backbone stays frozen share data and features."""

import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keras_hashing.training.frozen_features import features_of
from keras_hashing.training.publish import publish
from keras_hashing.training.recipe import load_data
from keras_hashing.training.trained import FEATURES, train, train_loaded
from keras_hashing.types import Path
from keras_hashing.zoo import METADATA, Entry

if TYPE_CHECKING:
    from keras_hashing.training.recipe import Recipe


def train_family(
    recipes: "Sequence[Recipe]",
    out: Path,
    *,
    data_dir: Path | None = None,
    features_dir: Path = FEATURES,
    frozen_size: int = 224,
    verbose: int | str = 2,
) -> Iterator[Entry]:
    """Train recipes and publish each; entries that are there already are skipped.

    Args:
        recipes: list of `Recipe`.
        out: str or path-like, the folder of the entries.
        data_dir, features_dir, verbose: as of `train`.
        frozen_size: as of `publish`.

    Yields:
        `keras_hashing.zoo.Entry`, one a recipe that was trained, in the order of `recipes`.

    Raises:
        ValueError: as of `train` and `publish`.

    Example:
        >>> import keras_hashing as kh
        >>> recipes = kh.training.read_family("zoo/recipes/cifar10_frozen.toml")  # doctest: +SKIP
        >>> for entry in train_family(recipes, "entries"):  # doctest: +SKIP
        ...     print(entry.name, entry.metrics["map(expected)"])
    """
    loaded: dict = {}
    for recipe in recipes:
        path = pathlib.Path(out) / recipe.name
        if (path / METADATA).is_file():
            continue
        if recipe.training.features is None:
            trained = train(recipe, data_dir=data_dir, features_dir=features_dir, verbose=verbose)
        else:
            key = _material(recipe)
            if key not in loaded:
                data = load_data(recipe, data_dir)
                loaded[key] = data, features_of(recipe, data, features_dir)
            data, features = loaded[key]
            trained = train_loaded(recipe, data, features, features_dir)
        yield publish(trained, path, frozen_size=frozen_size)


def _material(recipe):
    """What recipes that share data and features have in common."""
    model = recipe.model
    return repr((recipe.data, recipe.training.validation, model["backbone"], model["image_size"]))
