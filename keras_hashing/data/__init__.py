"""Data sets and their protocols, folders of images, list files."""

from keras_hashing.data.folder import from_folder
from keras_hashing.data.image_set import ImageSet
from keras_hashing.data.images import list_images, read_image, resize
from keras_hashing.data.list_file import from_list
from keras_hashing.data.loading import Data, load
from keras_hashing.data.sampling import sample

__all__ = [
    "Data",
    "ImageSet",
    "from_folder",
    "from_list",
    "list_images",
    "load",
    "read_image",
    "resize",
    "sample",
]
