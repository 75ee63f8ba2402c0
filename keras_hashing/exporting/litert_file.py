"""A hashing model's encoder as a LiteRT (`.tflite`) file."""

import pathlib
from typing import TYPE_CHECKING

from keras_hashing import files
from keras_hashing.exporting.saved_model import check_model
from keras_hashing.types import Path

if TYPE_CHECKING:
    import keras


def export_litert(model: "keras.Model", path: Path) -> pathlib.Path:
    """Write the encoder for LiteRT, on phones and small devices; needs the extra `litert`.

    The signature `serving_default` has the input `images`, float32
    `(n, image_size, image_size, 3)`, values 0 to 255: resize first, with
    `keras_hashing.data.images.resize`, since another resize gives other codes. Its outputs are
    `outputs`, float32 `(n, bits)`, and `code`, uint8 `(n, bytes)`, packed as everywhere. The file
    is written only if LiteRT gives the model's codes for random images.

    Args:
        model: hashing model from images, with `bits` and `image_size`.
        path: str or path-like of the file.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        TypeError: not a hashing model from images.
        ValueError: the model cannot be converted, or the converted one gives other codes.
        ModuleNotFoundError: the extra `litert` is not installed.

    Example:
        >>> import keras_hashing as kh
        >>> model = kh.zoo.load("dhn_fashion_48")
        >>> export_litert(model, "encoder.tflite")  # doctest: +SKIP
        PosixPath('encoder.tflite')
    """
    check_model(model)
    path = pathlib.Path(path)
    interpreter = _interpreter()
    import tensorflow as tf

    from keras_hashing.exporting import fixed_size

    module = fixed_size.FixedSizeEncoder(model)
    try:
        functions = [module.encode.get_concrete_function()]
        content = tf.lite.TFLiteConverter.from_concrete_functions(functions, module).convert()
        run = interpreter(model_content=content).get_signature_runner("serving_default")
    except Exception as error:  # converter and runtime raise errors of many types
        reason = str(error).partition("\n")[0]
        raise ValueError(f"the model cannot be written for LiteRT: {reason}") from error
    fixed_size.check_equal(model, lambda images: run(images=images), "LiteRT")
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path


def _interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"LiteRT files need the package {error.name}. Install keras_hashing[litert]."
        ) from error
    return Interpreter
