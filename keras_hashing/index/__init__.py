"""Search over stored codes; needs no TensorFlow."""

from keras_hashing.index.coarse_to_fine import CoarseToFine
from keras_hashing.index.exact import Index

__all__ = ["CoarseToFine", "Index"]
