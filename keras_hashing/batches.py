"""What a user passed as images or features, decided once: batches of arrays with labels and ids.

Taken are arrays and tensors; lists and tuples of images (arrays or PIL images, also of different
sizes), of batches or of paths; one image file; a folder of images; a list file; an `ImageSet`; a
`tf.data.Dataset`, `keras.utils.PyDataset`, generator or other iterable of images or batches, alone,
in tuples (images, labels, …) or in dicts.
"""

import collections.abc
import os
import pathlib

import numpy as np

from keras_hashing import pixels
from keras_hashing.data import images as image_files
from keras_hashing.data.image_set import ImageSet
from keras_hashing.data.list_file import from_list
from keras_hashing.elements import FEATURES, IMAGES, Reader, array, is_array, is_text, listed
from keras_hashing.source import Batch, Files, Items, Rows, Source, Stream

__all__ = [
    "FEATURES",
    "IMAGES",
    "Batch",
    "Files",
    "Items",
    "Rows",
    "Source",
    "Stream",
    "open_source",
    "parted",
]

_FEATURES = "Pass features, or make the model with a backbone."
_LISTS = {".txt", ".csv", ".tsv", ".lst"}


def open_source(x, y=None, *, rank=None, image_size=None, name="images"):
    """What was passed, as a `Source`.

    Args:
        x: in one of the forms that the module's docstring lists.
        y: labels of `x`, in its order; a stream's own take their place.
        rank: int, of a batch of what the model takes: 4 for images, 2 for features; None where
            `x` is to tell.
        image_size: int, side in pixels to which files, and images of different sizes, are
            resized; None for a model that does not say.
        name: str, the argument's name for errors.

    Returns:
        `Source`.

    Raises:
        FileNotFoundError: no such file or folder.
        TypeError: `x` is none of these.
        ValueError: a shape or scale of pixels that no model takes, a data set without an end, no
            items, or another number of labels; of a stream some of it while iterating.
    """
    source = _opened(x, y, Reader(rank, image_size, name))
    source.name = name
    return source


def _opened(x, y, reader):
    if y is None:
        x, y = parted(x, reader.rank)
    if isinstance(x, (str, os.PathLike)):
        x = _from_disk(pathlib.Path(x), reader)
    if isinstance(x, Source):
        return x if y is None else _relabelled(x, y)
    if isinstance(x, ImageSet):
        return _image_set(x, y, reader)
    if hasattr(x, "bounding_shape"):  # a ragged tensor
        x = [row.to_tensor() if hasattr(row, "to_tensor") else row for row in x]
    if isinstance(x, (list, tuple)) or (is_array(x) and str(x.dtype) == "object"):
        return _of_list(list(x), y, reader)
    if is_array(x):
        return _of_array(x, y, reader)
    if hasattr(x, "convert") and hasattr(x, "getexif"):  # a PIL image
        return _of_list([x], y, reader)
    source = _of_stream(x, reader)
    source.labels_beside = y is not None
    return source


def parted(x, rank=None):
    """Images and labels of a tuple `(images, labels)` or `(images, labels, weights)`.

    Returns:
        (x, y); y is None where `x` is not such a tuple, but for example one of several images.
    """
    if not isinstance(x, tuple) or len(x) not in (2, 3):
        return x, None
    first, second = x[0], x[1]
    if isinstance(first, (str, os.PathLike)):
        pair = not isinstance(second, (str, os.PathLike))
    elif is_array(first) or listed(first):
        ranks = np.ndim(first), np.ndim(second)
        whole = ranks[0] == rank if rank else ranks[0] in (IMAGES, FEATURES)
        multi_hot = ranks == (2, 2) and len(first) == len(second)
        multi_hot = multi_hot and np.shape(first)[1] != np.shape(second)[1]
        pair = whole and (ranks[1] < ranks[0] or multi_hot)
    else:
        pair = not hasattr(first, "getexif")  # a PIL image is an item
    return (first, second) if pair else (x, None)


def _class_names(names):
    """Each file's folder, where all lie in one sub-folder of two or more; else None."""
    parts = [name.split("/") for name in names]
    if {len(part) for part in parts} != {2} or len({part[0] for part in parts}) < 2:
        return None
    return np.array([part[0] for part in parts])


def _from_disk(path, reader):
    """A folder or an image file as `Files`, a list file as an `ImageSet`, an array file's array."""
    if path.suffix == ".npy" and path.is_file():
        return np.load(path, mmap_mode="r", allow_pickle=False)
    if reader.rank == FEATURES:
        raise TypeError(
            f"`{reader.name}` must hold features (n, channels), or name a .npy file of them; got "
            f"{str(path)!r}. {_FEATURES}"
        )
    if path.is_dir():
        paths = image_files.list_images(path)
        names = [found.relative_to(path).as_posix() for found in paths]
        return Files(paths, reader.image_size, _class_names(names), names)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}. Check the path.")
    if path.suffix.lower() in _LISTS:
        return from_list(path, image_size=reader.image_size or 224)
    return Files([path], reader.image_size, ids=[path.name])


def _image_set(images, y, reader):
    labels = _matching(images.labels if y is None else y, len(images))
    if reader.rank == FEATURES:
        raise ValueError(
            f"this model takes features (n, channels); got an ImageSet of images. {_FEATURES}"
        )
    if images.images is not None:
        reader.rank = IMAGES
        return Rows(images.images, reader, labels, images.ids)
    return Files(images.paths, reader.image_size or images.image_size, labels, images.ids)


def _relabelled(source, y):
    source.labels = _matching(y, source.count)
    return source


def _of_array(x, y, reader):
    if is_text(x):
        return _of_list([reader.text(item) for item in array(x).ravel()], y, reader)
    reader.check_shape(x)
    return Rows(x, reader, _matching(y, len(x)))


def _of_list(x, y, reader):
    if not x:
        return Items([], reader)
    if all(isinstance(item, (str, os.PathLike)) for item in x):
        if reader.rank == FEATURES:
            raise TypeError(f"this model takes features (n, channels); got {x[0]!r}. {_FEATURES}")
        return Files([pathlib.Path(path) for path in x], reader.image_size, _matching(y, len(x)))
    x = [array(item) if listed(item) else item for item in x]
    reader.learn(x[0])
    if reader.batched or isinstance(x[0], (tuple, dict)):
        source = Stream(lambda: iter(x), reader, length=len(x))
        source.labels_beside = y is not None
        return source
    if reader.rank == IMAGES:
        scale = pixels.Scale(reader.name)
        for item in filter(is_array, x):
            scale.see(np.asarray(item)[None])
        scale.end()
    return Items(x, reader, _matching(y, len(x)))


def _of_stream(x, reader):
    if hasattr(x, "element_spec"):  # tf.data
        length = int(x.cardinality())
        if length == -1:  # tf.data's "infinite"
            raise _endless(reader.name, "Pass the dataset without `repeat()`.")
        return Stream(lambda: iter(x), reader, length=length if length >= 0 else None)
    if hasattr(x, "num_batches") and hasattr(x, "__getitem__"):  # keras.utils.PyDataset
        count = x.num_batches
        if count is None:
            raise _endless(reader.name, "Pass a `PyDataset` with a length.")
        reader.batched = True
        return Stream(lambda: (x[number] for number in range(count)), reader, length=count)
    if isinstance(x, (bytes, dict, set, frozenset)) or not isinstance(x, collections.abc.Iterable):
        what = "features" if reader.rank == FEATURES else "images"
        raise TypeError(
            f"`{reader.name}` must hold {what}; got {type(x).__name__}. Allowed are an array, a "
            "list of images or paths, a folder, a file, an ImageSet, a tf.data.Dataset, a "
            f"PyDataset and a generator. {_hint_for(x)}"
        )
    again = not isinstance(x, collections.abc.Iterator)
    return Stream(
        lambda: iter(x), reader, again, len(x) if isinstance(x, collections.abc.Sized) else None
    )


def _hint_for(x):
    if all(hasattr(x, part) for part in ("train", "query", "database")):
        return "Pass one part of the data, such as `data.query`."
    if isinstance(x, dict):
        return "Pass the array under one of its keys."
    return "Pass one of these."


def _endless(name, way_out):
    return ValueError(f"`{name}` never ends. {way_out}")


def _matching(labels, count):
    if labels is None:
        return None
    single = not hasattr(labels, "__len__") or getattr(labels, "shape", None) == ()
    found = repr(labels) if single else len(labels)
    if found != count:
        raise ValueError(
            f"`labels` must have one row for each of {count} items; got {found}. "
            "Pass labels in the order of the items."
        )
    return labels
