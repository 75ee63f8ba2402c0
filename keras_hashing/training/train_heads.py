"""Entries of many recipes whose backbone stays frozen, on features that are computed once."""

import functools
import pathlib

from keras_hashing import data as datasets
from keras_hashing.training.frozen_features import FrozenFeatures
from keras_hashing.training.head import head_outputs, train_head
from keras_hashing.training.publish import frozen_rows, publish
from keras_hashing.zoo import METADATA


def train_heads(recipes, out, data_dir=None, features_dir="runs/features"):
    """Train heads and publish each; entries that are there already are skipped.

    Args:
        recipes: list of `Recipe`, all with `training.features`.
        out: str or path-like, the folder of the entries.
        data_dir: folder of TFDS; `None` for its default.
        features_dir: str or path-like, where features are kept.

    Yields:
        `keras_hashing.zoo.Entry`, one a recipe that was trained.

    Raises:
        ValueError: as of `train_head` and `publish`.
    """
    load = functools.cache(functools.partial(_load, data_dir, features_dir))
    rows = functools.cache(lambda bits, *key: frozen_rows(*load(*key), bits))
    for recipe in recipes:
        path = pathlib.Path(out) / recipe.name
        if (path / METADATA).is_file():
            continue
        key = (
            *(recipe.data["dataset"], recipe.data["protocol"], recipe.training.validation),
            *(recipe.model["backbone"], recipe.model["image_size"]),
        )
        data, features = load(*key)
        model, history = train_head(recipe, data, features)
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
            rows=rows(model.bits, *key),
        )


def _load(data_dir, features_dir, dataset, protocol, validation, backbone, image_size):
    data = datasets.load(dataset, protocol, data_dir, validation=validation)
    return data, FrozenFeatures(features_dir, backbone, image_size)
