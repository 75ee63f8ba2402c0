"""Requests that TensorFlow Serving replays when it loads a version, before it is called ready.

Source: TensorFlow Serving, `g3doc/saved_model_warmup.md`: a TFRecord of `PredictionLog`.
"""

import io
import os
import pathlib

import numpy as np

PATH = pathlib.PurePath("assets.extra", "tf_serving_warmup_requests")
_ROWS = (1, 32)  # a request alone, and a batch; pixels only alone, as 32 images are megabytes


def write(folder, functions, image_size, width):
    """Write one or two requests for each signature, each run first.

    A request that fails would keep the server from loading the version, so none is written then.

    Args:
        folder: `pathlib.Path` of a saved version.
        functions: dict, signature name -> `tf.function`, as they were saved.
        image_size: int, side in pixels of the images in the requests.
        width: int, bytes of a code.

    Raises:
        ModuleNotFoundError: the extra `warmup` is not installed.
    """
    import tensorflow as tf

    prediction_log = _protos()
    records = []
    for name in functions:
        for rows in _ROWS[:1] if name == "serving_default" else _ROWS:
            inputs = _inputs(name, rows, image_size, width)
            functions[name](**{key: tf.constant(value) for key, value in inputs.items()})
            log = prediction_log.PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = name
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            records.append(log.SerializeToString(deterministic=True))
    path = folder / PATH
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(os.fspath(path)) as writer:
        for record in records:
            writer.write(record)


def _protos():
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Warm-up records need the package tensorflow-serving-api. Install "
            "keras_hashing[warmup]; with tensorflow-cpu, run "
            "`pip install --no-deps tensorflow-serving-api` instead."
        ) from error
    return prediction_log_pb2


def _inputs(signature, rows, image_size, width):
    """Input name -> array of a valid request."""
    if signature == "serving_default":
        return {"images": np.full((rows, image_size, image_size, 3), 128, np.float32)}
    if signature == "search":
        return {"codes": np.zeros((rows, width), np.uint8)}
    return {"image_bytes": np.array([_jpeg(image_size)] * rows, object)}


def _jpeg(size):
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (size, size), (128, 128, 128)).save(file, "JPEG")
    return file.getvalue()
