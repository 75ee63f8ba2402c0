"""One version of a model: its files checked, loaded, and ready to run."""

import dataclasses
import pathlib

import numpy as np

from keras_hashing.exporting import item_names, manifest
from keras_hashing.serving import warmup
from keras_hashing.serving.contract import TensorSpec
from keras_hashing.serving.errors import from_tensorflow

_TAG = "serve"


class Signature:
    """One signature of a loaded SavedModel.

    Args:
        function: the callable of `loaded.signatures`.
    """

    def __init__(self, function):
        self._function = function
        self.inputs = [_spec(name, s) for name, s in function.structured_input_signature[1].items()]

    def run(self, arrays):
        """Compute it; blocks.

        Args:
            arrays: dict, input name -> array.

        Returns:
            dict, output name -> array; strings as an object array of bytes.

        Raises:
            ApiError: with the status that TensorFlow Serving gives to the failure.
        """
        import tensorflow as tf

        try:
            inputs = {spec.name: tf.constant(arrays[spec.name]) for spec in self.inputs}
            return {name: _array(tensor) for name, tensor in self._function(**inputs).items()}
        except Exception as error:  # whatever the graph raises must not end the server
            raise from_tensorflow(error) from error


@dataclasses.dataclass
class Version:
    """One loaded version.

    Args:
        number: int.
        signatures: dict, name -> `Signature`.
        definitions: dict, signature name -> its definition as proto3 JSON.
        loaded: what `tf.saved_model.load` gave; holds the variables.
        names: dict, id in its index -> name, or None if it was exported without.
        queues: dict, signature name -> what joins its requests; filled by the server.
    """

    number: int
    signatures: dict
    definitions: dict
    loaded: object
    names: dict | None = None
    queues: dict = dataclasses.field(default_factory=dict)


def load(number, folder):
    """Compare a version's files with its manifest if there is one, load it, and warm it up.

    A SavedModel is a program: its graph may read and write files. Load only what you trust.

    Args:
        number: int.
        folder: `pathlib.Path`.

    Raises:
        ValueError: the files are not those of the manifest, it is not a SavedModel, or one of its
            warm-up requests fails.
    """
    import tensorflow as tf

    folder = pathlib.Path(folder)
    manifest.check(folder)
    try:
        definitions = _definitions(folder)
        loaded = tf.saved_model.load(str(folder), tags=[_TAG])
        signatures = {name: Signature(function) for name, function in loaded.signatures.items()}
    except Exception as error:  # files that are none make TensorFlow raise errors of many types
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{folder} cannot be loaded as a SavedModel: {reason}") from error
    warmup.replay(folder, signatures)
    return Version(number, signatures, definitions, loaded, item_names.read(folder))


def has_manifest(folder):
    """Whether a version's files can be compared with a manifest."""
    return (folder / manifest.NAME).is_file()


def _definitions(folder):
    from google.protobuf import json_format
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graphs = [graph for graph in saved.meta_graphs if set(graph.meta_info_def.tags) == {_TAG}]
    if not graphs:
        raise ValueError(f"it has no graph with the tag {_TAG!r}")
    return {
        name: json_format.MessageToDict(
            definition,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
        for name, definition in graphs[0].signature_def.items()
    }


def _spec(name, spec):
    if spec.dtype.name == "string":
        dtype = np.dtype(object)
    elif spec.dtype.name in ("resource", "variant"):
        dtype = np.dtype("V")  # no array can be made for it
    else:
        dtype = np.dtype(spec.dtype.as_numpy_dtype)
    shape = spec.shape.as_list() if spec.shape.rank is not None else None
    return TensorSpec(name, dtype, None if shape is None else tuple(shape))


def _array(tensor):
    value = tensor.numpy()
    return np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
