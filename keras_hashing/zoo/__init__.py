"""Published models: weights, codes, figures, and what is needed to check each of them."""

from keras_hashing import spelling
from keras_hashing.zoo.card import record_reruns, render_card
from keras_hashing.zoo.catalog import find, info, list, shipped
from keras_hashing.zoo.loading import load
from keras_hashing.zoo.metadata import METADATA, RECIPE, Entry
from keras_hashing.zoo.saving import image_outputs, save
from keras_hashing.zoo.stored_codes import codes
from keras_hashing.zoo.verification import verify

__all__ = [
    "METADATA",
    "RECIPE",
    "Entry",
    "codes",
    "find",
    "image_outputs",
    "info",
    "list",
    "load",
    "record_reruns",
    "render_card",
    "save",
    "shipped",
    "verify",
]

spelling.guide(__name__)
