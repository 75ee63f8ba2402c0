"""Layers that turn features into outputs whose sign is the code."""

from keras_hashing.layers.hash_head import HashHead

__all__ = [
    "HashHead",
]
