"""Folders of photos made searchable with no training."""

from keras_hashing import spelling
from keras_hashing.photos.encoder import Encoder
from keras_hashing.photos.page import build_page
from keras_hashing.photos.photo_index import Answer, Neighbour, PhotoIndex
from keras_hashing.photos.photo_model import photo_model
from keras_hashing.photos.updating import Summary, update

__all__ = [
    "Answer",
    "Encoder",
    "Neighbour",
    "PhotoIndex",
    "Summary",
    "build_page",
    "photo_model",
    "update",
]

spelling.guide(__name__)
