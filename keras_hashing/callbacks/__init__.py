"""Callbacks for `fit`."""

from keras_hashing.callbacks.retrieval import RetrievalEvaluation
from keras_hashing.callbacks.threshold import NarrowThreshold

__all__ = ["NarrowThreshold", "RetrievalEvaluation"]
