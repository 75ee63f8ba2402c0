"""Load a model that a user saved as a `.keras` file."""

import importlib
import pathlib

import keras

from keras_hashing.types import Path

# Importing them registers their classes with Keras. Methods, which import this module, have
# brought the rest.
_REGISTERING = ("backbones.local_response", "hashers", "layers", "losses", "regularizers")


def load(path: Path) -> keras.Model:
    """Load a `.keras` file with every class of this package known.

    Args:
        path: str or path-like; of a folder too, if `model.save(path, zipped=False)` wrote it.

    Returns:
        The saved `keras.Model`, compiled if it was.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a `.keras` file.

    Example:
        >>> import keras_hashing as kh
        >>> model = kh.methods.DHN(bits=12, backbone="small_cnn", image_size=28)
        >>> model.save("photos.keras")
        >>> load("photos.keras").bits
        12
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no model file {path}. `model.save(path)` writes one; entries of the zoo "
            "are loaded by name, `keras_hashing.load(name)`."
        )
    if path.suffix != ".keras" and not path.is_dir():
        raise ValueError(f"`path` must be a .keras file; got {path}.")
    for name in _REGISTERING:
        importlib.import_module(f"keras_hashing.{name}")
    return keras.saving.load_model(path)
