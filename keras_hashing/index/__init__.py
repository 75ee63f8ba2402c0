"""Search over stored codes; loads TensorFlow for large searches only."""

from keras_hashing import spelling
from keras_hashing.index.coarse_to_fine import CoarseToFine
from keras_hashing.index.index import Index

__all__ = ["CoarseToFine", "Index"]

spelling.guide(__name__)
