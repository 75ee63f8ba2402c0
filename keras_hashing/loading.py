"""Load a model, whatever it is kept in."""

import os
import pathlib
from typing import TYPE_CHECKING

from keras_hashing.types import Path

if TYPE_CHECKING:
    import keras

# Files by which a folder is known.
_SAVED_BY_KERAS = "model.weights.h5"  # `model.save(folder, zipped=False)`
_EXPORTED = "saved_model.pb"


def load(what: Path) -> "keras.Model":
    """The model of a zoo entry, or of a file that `model.save` wrote.

    Args:
        what: str or path-like: a name of `keras_hashing.zoo.list()`, the folder of an entry, or a
            `.keras` file.

    Returns:
        `HashingModel`, or the `keras.Model` that the file holds; of a file compiled if it was.

    Raises:
        TypeError: neither text nor a path.
        FileNotFoundError: no such file or folder.
        ValueError: an unknown name, with the nearest; another kind of file or folder; or a
            damaged entry.

    Example:
        >>> import tempfile
        >>> import keras_hashing as kh
        >>> path = pathlib.Path(tempfile.mkdtemp(), "photos.keras")
        >>> kh.methods.DHN(bits=12, backbone="small_cnn", image_size=8).save(path)
        >>> kh.load(path).bits
        12
    """
    if not isinstance(what, (str, os.PathLike)):
        raise TypeError(
            "`what` must be the name of a zoo entry, its folder, or a .keras file; got "
            f"{type(what).__name__}."
        )
    from keras_hashing import methods, zoo

    path = pathlib.Path(what)
    if (path.suffix == ".keras" and not path.is_dir()) or path.is_file():
        return methods.load(path)
    if (path / _SAVED_BY_KERAS).is_file():
        return methods.load(path)
    if (path / _EXPORTED).is_file():
        raise ValueError(
            f"{path} is an exported model, which runs without Keras: `keras-hashing serve` and "
            "`tensorflow.saved_model.load` take it. Load the .keras file or entry it was made of."
        )
    if not path.is_dir() and path.suffix.lower() in (".h5", ".hdf5", ".safetensors"):
        raise FileNotFoundError(f"there is no model file {path}. Pass a .keras file.")
    return zoo.load(what)
