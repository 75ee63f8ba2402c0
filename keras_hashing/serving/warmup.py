"""Running the requests that lie in an export, before the version takes others.

Source: TensorFlow Serving, `saved_model_warmup_util.cc`.
"""

import logging

from keras_hashing.exporting.warmup import PATH

MAX_RECORDS = 1000

_PASSED_OVER = ("classify_log", "regress_log", "multi_inference_log")  # no signature here takes one

_log = logging.getLogger(__name__)


def replay(folder, signatures):
    """Run the recorded predict requests of a version.

    Args:
        folder: `pathlib.Path` of the version.
        signatures: dict, name -> `Signature`.

    Returns:
        int, how many were run; 0 without a file, or without the package that can read it.

    Raises:
        ValueError: a record that cannot be read or run, or more than 1000 of them.
    """
    file = folder / PATH
    if not file.is_file():
        return 0
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError:
        _log.warning("%s is not run: pip install tensorflow-serving-api", file)
        return 0
    import tensorflow as tf

    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            count += 1
            if count > MAX_RECORDS:
                raise ValueError(f"more than {MAX_RECORDS} records")
            _run(prediction_log_pb2.PredictionLog.FromString(record), signatures)
    except Exception as error:  # TensorFlow's, protobuf's or the model's
        raise ValueError(f"{file}, record {count}: {error}. Export the model again.") from error
    return count


def _run(log, signatures):
    import tensorflow as tf

    kind = log.WhichOneof("log_type")
    if kind in _PASSED_OVER:
        return
    if kind != "predict_log":
        raise ValueError(f"a {kind} cannot be run")
    request = log.predict_log.request
    signature = signatures.get(request.model_spec.signature_name or "serving_default")
    if signature is None:
        raise ValueError(f"no signature {request.model_spec.signature_name!r}")
    arrays = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
    if missing := sorted({spec.name for spec in signature.inputs} - arrays.keys()):
        raise ValueError(f"the input {missing[0]!r} is missing")
    for spec in signature.inputs:
        if arrays[spec.name].dtype != spec.dtype:
            raise ValueError(f"{spec.name} must be {spec.dtype}; got {arrays[spec.name].dtype}")
        spec.check(arrays[spec.name].shape)
    signature.run(arrays)
