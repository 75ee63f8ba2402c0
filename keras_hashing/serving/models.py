"""Model versions on disk, loaded and ready to run."""

import dataclasses
import functools
import pathlib

import numpy as np

from keras_hashing.exporting import manifest
from keras_hashing.serving.contract import TensorSpec
from keras_hashing.serving.errors import ApiError, from_tensorflow


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
            return {name: np.asarray(t.numpy()) for name, t in self._function(**inputs).items()}
        except Exception as error:  # whatever the graph raises must not end the server
            raise from_tensorflow(error) from error


@dataclasses.dataclass
class Version:
    """One loaded version.

    Args:
        number: int.
        folder: `pathlib.Path`.
        signatures: dict, name -> `Signature`.
        loaded: what `tf.saved_model.load` gave; holds the variables.
    """

    number: int
    folder: pathlib.Path
    signatures: dict
    loaded: object

    @functools.cached_property
    def signature_definitions(self):
        """The signatures as proto3 JSON, for metadata."""
        from google.protobuf import json_format
        from tensorflow.core.protobuf import saved_model_pb2

        saved = saved_model_pb2.SavedModel.FromString((self.folder / "saved_model.pb").read_bytes())
        return {
            name: json_format.MessageToDict(
                definition,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            for name, definition in saved.meta_graphs[0].signature_def.items()
        }


class Models:
    """The served models, loaded: one version of each.

    Args:
        places: dict, name -> (version, folder), as `locate` gives it.

    Raises:
        ValueError: a folder that is no SavedModel.
    """

    def __init__(self, places):
        self._versions = {name: {place[0]: load(*place)} for name, place in places.items()}

    @property
    def names(self):
        """Names of the served models."""
        return list(self._versions)

    def find(self, name, number=None, label=None):
        """The version asked for; the highest if neither number nor label is given.

        Raises:
            ApiError: 404 for an unknown name or number, 400 for an unknown label.
        """
        versions = self._versions.get(name, {})
        if versions and label is not None:
            raise ApiError(400, f"Unrecognized servable version label: {label}")
        wanted = max(versions, default=None) if number is None else number
        if wanted not in versions:
            which = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise ApiError(404, f"Servable not found for request: {which}")
        return versions[wanted]

    def states(self, name, number=None):
        """(version, state) of a model's known versions, or of one.

        Raises:
            ApiError: 404, nothing known of it.
        """
        known = [(n, "AVAILABLE") for n in sorted(self._versions.get(name, {}), reverse=True)]
        found = [pair for pair in known if number in (None, pair[0])]
        if not found:
            version = "" if number is None else f" version {number} of"
            raise ApiError(404, f"Could not find any versions of{version} model {name}")
        return found


def locate(folders):
    """Find what is to be served, and check its files, without loading anything.

    Args:
        folders: dict, model name -> folder of numeric versions.

    Returns:
        Dict, name -> (number, `pathlib.Path`) of the highest version.

    Raises:
        FileNotFoundError: no such folder, or no version in it.
        ValueError: a name that no URL can hold, or files that are not those of the manifest.
    """
    for name in folders:
        if not name or set(name) & set("/:"):
            raise ValueError(f"A model's name must be without '/' and ':'; got {name!r}.")
    places = {name: newest(folder) for name, folder in folders.items()}
    for _, place in places.values():
        manifest.check(place)
    return places


def newest(folder):
    """(number, path) of the highest version in a model's folder.

    Raises:
        FileNotFoundError: no such folder, or no version in it.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. keras-hashing export writes one.")
    numbered = [(int(p.name), p) for p in folder.iterdir() if p.name.isascii() and p.name.isdigit()]
    if not numbered:
        if (folder / "saved_model.pb").exists():
            hint = f"It is itself a version: serve {folder.parent}."
        else:
            hint = "keras-hashing export writes versions 1, 2, ..."
        raise FileNotFoundError(f"{folder} holds no numeric version. {hint}")
    return max(numbered)


def load(number, folder):
    """Load one version, whose files were compared with its manifest.

    Raises:
        ValueError: it is not a SavedModel.
    """
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{folder} cannot be loaded as a SavedModel: {reason}") from error
    signatures = {name: Signature(function) for name, function in loaded.signatures.items()}
    return Version(number, pathlib.Path(folder), signatures, loaded)


def _spec(name, spec):
    dtype = np.dtype(object) if spec.dtype.name == "string" else np.dtype(spec.dtype.as_numpy_dtype)
    return TensorSpec(name, dtype, tuple(spec.shape.as_list()))
