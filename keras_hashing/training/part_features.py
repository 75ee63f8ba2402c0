"""Frozen features of the parts of a folder, each photo computed once."""

from keras_hashing.training.frozen_features import FrozenFeatures


class PartFeatures:
    """Features of a folder's parts, in place of a `FrozenFeatures`.

    The training and validation photos of a folder are in its database too; theirs are its rows.

    Args:
        data: `keras_hashing.data.Data`.
        cache: `FrozenFeatures`.
    """

    def __init__(self, data, cache):
        self._wholes = (data.query, data.database)
        self._cache = cache

    def __repr__(self):
        return repr(self._cache)

    def of(self, images):
        """Features of an `ImageSet` of photos of the folder, float32 `(n, channels)`.

        Raises:
            ValueError: it is part neither of the queries nor of the database.
        """
        for whole in self._wholes:
            places = {name: place for place, name in enumerate(whole.ids)}
            if all(name in places for name in images.ids):
                return self._cache.of(whole)[[places[name] for name in images.ids]]
        raise ValueError(f"{images} is part neither of the queries nor of the database.")


def features_of(recipe, data, features_dir):
    """What gives features of a recipe's frozen backbone.

    Args:
        recipe: `Recipe` whose model names `backbone` and `image_size`.
        data: its `keras_hashing.data.Data`.
        features_dir: str or path-like, where they are kept.

    Returns:
        `PartFeatures` for a folder of photos, else `FrozenFeatures`.
    """
    cache = FrozenFeatures(features_dir, recipe.model["backbone"], recipe.model["image_size"])
    return PartFeatures(data, cache) if "folder" in recipe.data else cache
