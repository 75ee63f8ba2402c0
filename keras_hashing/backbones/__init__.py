"""Networks that turn raw images into features: `get` takes a name or any `keras.Model`."""

from keras_hashing import spelling
from keras_hashing.backbones.catalog import NAMES, get

__all__ = ["NAMES", "get"]

spelling.guide(__name__)
