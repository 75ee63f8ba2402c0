"""Layers that learn codes from features without training by gradients."""

from keras_hashing import spelling
from keras_hashing.hashers.itq import ITQ
from keras_hashing.hashers.ksh import KSH
from keras_hashing.hashers.lsh import LSH
from keras_hashing.hashers.pcah import PCAHash
from keras_hashing.hashers.semantic import SemanticHash
from keras_hashing.hashers.spectral import SpectralHash
from keras_hashing.hashers.super_bit_lsh import SuperBitLSH

__all__ = [
    "ITQ",
    "KSH",
    "LSH",
    "PCAHash",
    "SemanticHash",
    "SpectralHash",
    "SuperBitLSH",
]

spelling.guide(__name__)
