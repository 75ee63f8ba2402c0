"""Callbacks for `fit`."""

from keras_hashing import spelling
from keras_hashing.callbacks.code_health import CodeHealth
from keras_hashing.callbacks.retrieval import RetrievalEvaluation
from keras_hashing.callbacks.tensorboard_retrieval import TensorBoardRetrieval
from keras_hashing.callbacks.threshold import NarrowThreshold

__all__ = ["CodeHealth", "NarrowThreshold", "RetrievalEvaluation", "TensorBoardRetrieval"]

spelling.guide(__name__)
