"""Layers that learn codes from features without training by gradients."""

from keras_hashing.hashers.itq import ITQ
from keras_hashing.hashers.lsh import LSH
from keras_hashing.hashers.super_bit_lsh import SuperBitLSH

__all__ = [
    "ITQ",
    "LSH",
    "SuperBitLSH",
]
