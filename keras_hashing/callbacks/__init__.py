"""Callbacks for `fit`."""

from keras_hashing.callbacks.retrieval import RetrievalEvaluation

__all__ = ["RetrievalEvaluation"]
