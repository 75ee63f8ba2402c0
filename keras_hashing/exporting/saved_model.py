"""Write a hashing model, and an index if given, as one version of a SavedModel."""

import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keras_hashing import checks
from keras_hashing.exporting import item_names, manifest
from keras_hashing.exporting import warmup as warmup_records
from keras_hashing.index import Index
from keras_hashing.types import ArrayLike, Path

if TYPE_CHECKING:
    import keras


def export(
    model: "keras.Model",
    path: Path,
    index: Index | None = None,
    ids: ArrayLike = None,
    k: int = 10,
    names: Sequence[str] | None = None,
    warmup: bool = False,
) -> pathlib.Path:
    """Export for TensorFlow Serving, `keras-hashing serve`, or any SavedModel runtime.

    Signatures:
        `serving_default`: `images`, float32 `(n, height, width, 3)`, values 0 to 255, any size
            up to 4096, to `outputs`, float32 `(n, bits)`, and `code`, uint8 `(n, bytes)`. Images
            in [0, 1] are valid black pictures here; only `keras_hashing.encode` refuses them.
        `encode_bytes`: `image_bytes`, string `(n,)`, whole JPEG or PNG files, to `code_bytes`,
            string `(n,)`, and `code_hex`, the same bytes in hexadecimal. The EXIF orientation is
            not applied.
        `search`, with an index: `codes`, uint8 `(n, bytes)`, to `distances`, int32 `(n, k)`, and
            `ids`, int64 `(n, k)`, by (distance, position); -1 where the index has fewer items.
        `search_bytes`, with an index: `image_bytes` to the same.

    Beside the model lies `manifest.json`: zoo entry, bits, how codes are packed, and size and
    sha256 of every file.

    Args:
        model: hashing model from images, with `bits` and `image_size`.
        path: str or path-like, the folder of the model's versions; made if missing. The version
            is 1, then the highest + 1. It appears whole or not at all.
        index: `keras_hashing.Index`, or packed codes, uint8 `(items, bytes)`. All of it is
            written, and searched exactly.
        ids: int array `(items,)`, unique, 0 or more, for `index` given as codes. Default: 0,
            1, ...
        k: int from 1 to 10,000, results per query.
        names: list of str, what the index's items are called, by position; kept beside the model.
            With paths below a folder, `keras-hashing serve --images FOLDER` shows the images.
        warmup: bool, whether to add requests that TensorFlow Serving runs before it calls the
            version ready; needs the extra `warmup`.

    Returns:
        `pathlib.Path` of the version's folder.

    Raises:
        TypeError: not a hashing model from images, codes that are not uint8, or `ids` that are
            not whole numbers.
        ValueError: `index` of other bits than the model's, `ids` not unique or of another
            length, `names` of another length, or a model that TensorFlow Serving cannot run; the
            message names what stands in the way.
        ModuleNotFoundError: `warmup` without its extra.

    Example:
        >>> import keras_hashing as kh
        >>> model = kh.zoo.load("dhn_cifar10_48")  # doctest: +SKIP
        >>> kh.export(model, "models/photos")  # doctest: +SKIP
        PosixPath('models/photos/1')
    """
    check_model(model)
    k = checks.whole("k", k, 1, 10_000, "Pass the number of neighbours a search returns.")
    index = _searched(model.bits, index, ids)
    _check_names(names, index)
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=path) as work:
        written = pathlib.Path(work, "model")
        functions = _save(model, written, index, k)
        _check_portable(written)
        if names is not None:
            item_names.write(written, index.ids, names)
        if warmup:
            warmup_records.write(written, functions, model.image_size, -(-model.bits // 8))
        manifest.write(written, model, index, k)
        return _publish(written, path)


def check_model(model):
    """Raise TypeError unless it is a hashing model from images."""
    if not isinstance(getattr(model, "bits", None), int) or not callable(model):
        raise TypeError(
            f"`model` must be a hashing model with `bits`; got {type(model).__name__}. "
            "Load one with keras_hashing.zoo.load or keras_hashing.load."
        )
    if getattr(model, "image_size", None) is None:
        raise TypeError(
            "`model` must take images and have `image_size`; this one takes features. "
            "Train a method with a backbone, or join head and backbone into one model first."
        )


def _searched(bits, index, ids):
    """The index, or one of the codes given in its place; None without either."""
    if index is None:
        if ids is not None:
            raise ValueError("`ids` were given without `index`. Pass the codes as `index`.")
        return None
    if not isinstance(index, Index):
        codes, index = index, Index(bits)
        index.add(codes, ids)
    elif ids is not None:
        raise ValueError("`ids` are taken from the index. Leave `ids` out.")
    if index.bits != bits:
        raise ValueError(
            f"`index` has {index.bits}-bit codes, but the model makes {bits}. "
            "Fill an index with this model's codes."
        )
    return index


def _check_names(names, index):
    if names is None:
        return
    if index is None:
        raise ValueError("`names` were given without `index`. They name the items of an index.")
    if len(names) != len(index) or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"`names` must be {len(index)} texts, one for each item of `index`; got {len(names)} "
            "values. Pass them in the order in which the items were added."
        )


def _save(model, folder, index, k):
    import tensorflow as tf

    from keras_hashing.exporting.signatures import HashingModule

    module = HashingModule(model)
    signatures = module.signatures()
    if index is not None:
        signatures |= module.search_signatures(index, k)
    # No debug stripper: it would take the checks of the inputs away.
    tf.saved_model.save(module, os.fspath(folder), signatures=signatures)
    return signatures


def _check_portable(folder):
    from keras_hashing.exporting import portability

    found = portability.problems(folder)
    if found:
        more = f", and {len(found) - 3} more" if len(found) > 3 else ""
        raise ValueError(
            f"the model cannot run in TensorFlow Serving: {'; '.join(found[:3])}{more}. Build "
            "grouped convolutions from split, Conv2D and concatenate; leave out jit_compile=True "
            "on functions and Python functions in layers."
        )


def _publish(written, path):
    """Rename into place as the next version; a server sees it whole or not at all."""
    while True:
        taken = [int(p.name) for p in path.iterdir() if p.name.isascii() and p.name.isdigit()]
        version = path / str(max(taken, default=0) + 1)
        try:
            written.rename(version)
        except OSError:
            if version.exists():  # another export took the number meanwhile
                continue
            raise
        return version
