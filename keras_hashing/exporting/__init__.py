"""Models, and indexes of codes, as SavedModels for TensorFlow Serving; encoders for elsewhere."""

from keras_hashing import spelling
from keras_hashing.exporting.litert_file import export_litert
from keras_hashing.exporting.onnx_file import export_onnx
from keras_hashing.exporting.saved_model import export

__all__ = ["export", "export_litert", "export_onnx"]

spelling.guide(__name__)
