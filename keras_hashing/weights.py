"""A model's weights as a safetensors file: no pickle, everything checked before it is used."""

import hashlib
import pathlib

import numpy as np
import safetensors
import safetensors.numpy

from keras_hashing import files


def save(model, path, half=(), without=()):
    """Write the weights of a built model, keyed by `variable.path`.

    Args:
        model: `keras.Model`, built; every layer named, so that a second build has the same paths.
        path: str or path-like; written whole or not at all.
        half: first parts of the paths whose float32 weights are stored as float16.
        without: first parts of the paths whose weights are left out.

    Returns:
        Hex SHA-256 of the file.

    Raises:
        ValueError: two variables of one path, or values that are not finite.
    """
    arrays = {}
    for variable in _part(model, without):
        array = np.asarray(variable)
        if variable.path in arrays:
            raise ValueError(f"two weights have the path {variable.path!r}; name every layer.")
        if array.dtype == np.float32 and _first(variable) in half:
            array = array.astype(np.float16)
        if not np.isfinite(array).all():
            raise ValueError(
                f"the weight {variable.path!r} holds NaN or infinity; it is not saved. "
                "Lower the learning rate or check the data."
            )
        arrays[variable.path] = array
    with files.atomic_path(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary)
        temporary.chmod(0o644)  # the library writes files that only their owner may read
        return files.sha256(temporary)


def load(model, path, sha256=None, without=()):
    """Fill a built model from a file written by `save`; nothing is assigned unless all fits.

    Args:
        model: `keras.Model`, built.
        path: str or path-like.
        sha256: optional hex digest that the file's bytes must have, compared before parsing.
        without: first parts of the paths of weights that stay as they are.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another digest, not a safetensors file, a weight missing or left over, of
            another shape or dtype, or not finite.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"the weights file {path} is missing.")
    data = path.read_bytes()
    if sha256 is not None:
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise ValueError(
                f"the weights file {path} is damaged or was changed: its SHA-256 is {found}, "
                f"and {sha256} was expected. Get the file again."
            )
    fill(model, data, path, without)


def fill(model, data, path, without=()):
    """As `load`, from the bytes of such a file; `path` is where they are from, for errors."""
    try:
        arrays = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). Get it again."
        ) from error
    for variable, array in _match(model, _part(model, without), arrays, path):
        variable.assign(array)


def fingerprint(model):
    """Hex SHA-256 over the values of a model's weights, in their order."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.asarray(weight).tobytes())
    return digest.hexdigest()


def _part(model, without):
    return [variable for variable in model.weights if _first(variable) not in without]


def _first(variable):
    return variable.path.split("/")[0]


def _match(model, weights, arrays, path):
    """Pairs of variable and array, after every check."""
    variables = {variable.path: variable for variable in weights}
    missing = sorted(variables.keys() - arrays.keys())
    extra = sorted(arrays.keys() - variables.keys())
    if missing or extra:
        raise ValueError(
            f"{path} does not fit {model.name!r}: "
            f"missing {missing[:3] or 'nothing'}, left over {extra[:3] or 'nothing'}. "
            "Build the model with the settings that it was saved with."
        )
    pairs = []
    for name, variable in variables.items():
        array, dtype = arrays[name], np.dtype(variable.dtype)
        halved = dtype == np.float32 and array.dtype == np.float16
        if array.shape != tuple(variable.shape) or not (halved or array.dtype == dtype):
            raise ValueError(
                f"{path}: the weight {name!r} must be {dtype} of shape {tuple(variable.shape)}; "
                f"got {array.dtype} of shape {array.shape}."
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{path}: the weight {name!r} holds NaN or infinity.")
        pairs.append((variable, array.astype(dtype)))
    return pairs
