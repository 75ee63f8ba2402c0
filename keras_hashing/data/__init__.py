"""Data sets and their protocols, folders of images, list files."""

from keras_hashing.data.image_set import ImageSet
from keras_hashing.data.images import list_images, read_image, resize
from keras_hashing.data.loading import Data, load

__all__ = [
    "Data",
    "ImageSet",
    "list_images",
    "load",
    "read_image",
    "resize",
]
