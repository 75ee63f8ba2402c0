"""Data sets and their protocols, folders of images, list files."""

from keras_hashing import spelling
from keras_hashing.data.folder import from_folder
from keras_hashing.data.image_set import ImageSet
from keras_hashing.data.images import list_images, read_image, resize
from keras_hashing.data.list_file import from_list
from keras_hashing.data.lists import from_lists
from keras_hashing.data.loading import Data, load
from keras_hashing.data.sampling import sample
from keras_hashing.data.sources import SOURCES, check_source, from_source

__all__ = [
    "SOURCES",
    "Data",
    "ImageSet",
    "check_source",
    "from_folder",
    "from_list",
    "from_lists",
    "from_source",
    "list_images",
    "load",
    "read_image",
    "resize",
    "sample",
]

spelling.guide(__name__)
