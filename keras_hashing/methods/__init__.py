"""Hashing methods: each a `keras.Model` from images to outputs. `NAMES` maps names to classes."""

from keras_hashing.methods.dhn import DHN
from keras_hashing.methods.hashing_model import HashingModel, MethodLoss
from keras_hashing.methods.saved import load

NAMES = {
    "dhn": DHN,
}

__all__ = ["DHN", "NAMES", "HashingModel", "MethodLoss", "load"]
