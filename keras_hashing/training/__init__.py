"""From a recipe to an entry: the only place that trains and publishes."""

from keras_hashing.training.publish import publish
from keras_hashing.training.recipe import Recipe, read_recipe
from keras_hashing.training.train import train

__all__ = ["Recipe", "publish", "read_recipe", "train"]
