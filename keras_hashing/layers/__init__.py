"""Layers that turn features into outputs whose sign is the code."""

from keras_hashing import spelling
from keras_hashing.layers.bihalf import BiHalf
from keras_hashing.layers.divide_and_encode import DivideAndEncode
from keras_hashing.layers.hash_head import HashHead
from keras_hashing.layers.piecewise_threshold import PiecewiseThreshold
from keras_hashing.layers.scaled_tanh import PowerSchedule, ScaledTanh
from keras_hashing.layers.straight_through_sign import StraightThroughSign

__all__ = [
    "BiHalf",
    "DivideAndEncode",
    "HashHead",
    "PiecewiseThreshold",
    "PowerSchedule",
    "ScaledTanh",
    "StraightThroughSign",
]

spelling.guide(__name__)
