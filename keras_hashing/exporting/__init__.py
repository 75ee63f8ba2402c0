"""Models, and indexes of codes, as SavedModels for TensorFlow Serving."""

from keras_hashing.exporting.saved_model import export

__all__ = ["export"]
