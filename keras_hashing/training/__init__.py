"""From a recipe to an entry: the only place that trains and publishes."""

from keras_hashing import spelling
from keras_hashing.training.family import is_family, read_family
from keras_hashing.training.on_images import LOGS
from keras_hashing.training.publish import publish
from keras_hashing.training.recipe import Recipe, describe_data, parse_recipe, read_recipe
from keras_hashing.training.reproduce import reproduce
from keras_hashing.training.source_recipe import folder_recipe, source_recipe
from keras_hashing.training.train_family import train_family
from keras_hashing.training.trained import RUNS, Trained, train
from keras_hashing.training.tune import Trial, hyper_model, tune

__all__ = [
    "LOGS",
    "RUNS",
    "Recipe",
    "Trained",
    "Trial",
    "describe_data",
    "folder_recipe",
    "hyper_model",
    "is_family",
    "parse_recipe",
    "publish",
    "read_family",
    "read_recipe",
    "reproduce",
    "source_recipe",
    "train",
    "train_family",
    "tune",
]

spelling.guide(__name__)
