"""A hashing model's encoder as an ONNX file."""

import pathlib
from typing import TYPE_CHECKING

from keras_hashing import files
from keras_hashing.exporting import manifest
from keras_hashing.exporting.saved_model import check_model
from keras_hashing.types import Path

if TYPE_CHECKING:
    import keras

_OPSET = 18


def export_onnx(model: "keras.Model", path: Path) -> pathlib.Path:
    """Write the encoder for ONNX Runtime; needs the extra `onnx`.

    Input `images`, float32 `(n, image_size, image_size, 3)`, values 0 to 255: resize first, with
    `keras_hashing.data.images.resize`, since another resize gives other codes. Outputs `outputs`,
    float32 `(n, bits)`, and `code`, uint8 `(n, bytes)`. The file's metadata hold bits and packing.
    It is written only if ONNX Runtime gives the model's codes for random images.

    Args:
        model: hashing model from images, with `bits` and `image_size`.
        path: str or path-like of the file.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        TypeError: not a hashing model from images.
        ValueError: the model cannot be converted, or the converted one gives other codes.
        ModuleNotFoundError: the extra `onnx` is not installed.

    Example:
        >>> import keras_hashing as kh
        >>> model = kh.zoo.load("dhn_fashion_48")
        >>> export_onnx(model, "encoder.onnx")  # doctest: +SKIP
        PosixPath('encoder.onnx')
    """
    check_model(model)
    path = pathlib.Path(path)
    onnx, onnxruntime, tf2onnx = _packages()
    from keras_hashing.exporting import fixed_size

    module = fixed_size.FixedSizeEncoder(model)
    try:
        converted, _ = tf2onnx.convert.from_function(
            module.encode, input_signature=module.encode.input_signature, opset=_OPSET
        )
        onnx.helper.set_model_props(converted, _properties(model))
        content = converted.SerializeToString()
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except Exception as error:  # converter and runtime raise errors of many types
        reason = str(error).partition("\n")[0]
        raise ValueError(f"the model cannot be written as ONNX: {reason}") from error
    names = [output.name for output in session.get_outputs()]
    fixed_size.check_equal(
        model,
        lambda images: dict(zip(names, session.run(names, {"images": images}), strict=True)),
        "ONNX",
    )
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path


def _properties(model):
    return {
        "bits": str(model.bits),
        "image_size": str(model.image_size),
        "packing": manifest.PACKING,
    }


def _packages():
    try:
        import onnx
        import onnxruntime
        import tf2onnx
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"ONNX files need the package {error.name}. Install keras_hashing[onnx]."
        ) from error
    return onnx, onnxruntime, tf2onnx
