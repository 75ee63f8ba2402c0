"""Search over stored codes; needs no TensorFlow."""

from keras_hashing.index.exact import Index

__all__ = ["Index"]
