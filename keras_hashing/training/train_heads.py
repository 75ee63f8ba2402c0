"""Entries of many recipes whose backbone stays frozen, on features that are computed once."""

import pathlib

from keras_hashing.training.on_features import head_outputs, train_head
from keras_hashing.training.part_features import features_of
from keras_hashing.training.publish import frozen_rows, publish
from keras_hashing.training.recipe_data import load_data
from keras_hashing.zoo import METADATA


def train_heads(recipes, out, data_dir=None, features_dir="runs/features"):
    """Train heads and publish each; entries that are there already are skipped.

    Args:
        recipes: list of `Recipe`, all with `training.features`.
        out: str or path-like, the folder of the entries.
        data_dir: folder of TFDS, `None` for its default; or the folder that holds the recipe's.
        features_dir: str or path-like, where features are kept.

    Yields:
        `keras_hashing.zoo.Entry`, one a recipe that was trained.

    Raises:
        ValueError: as of `train_head` and `publish`.
    """
    loaded: dict = {}  # of recipes that share them: data and features, and rows by bits
    rows: dict = {}
    for recipe in recipes:
        path = pathlib.Path(out) / recipe.name
        if (path / METADATA).is_file():
            continue
        key = (
            *(*recipe.data.items(), recipe.training.validation),
            *(recipe.model["backbone"], recipe.model["image_size"]),
        )
        if key not in loaded:
            data = load_data(recipe, data_dir)
            loaded[key] = data, features_of(recipe, data, features_dir)
        data, features = loaded[key]
        model, history = train_head(recipe, data, features)
        if (key, model.bits) not in rows and data.query.labels is not None:
            rows[key, model.bits] = frozen_rows(data, features, model.bits)
        yield publish(
            recipe,
            model,
            data,
            history,
            path,
            features_dir,
            outputs_of=lambda shipped, part, stored=features: head_outputs(
                shipped, stored.of(part)
            ),
            rows=rows.get((key, model.bits)),
        )
