"""Images to outputs and codes, with any model: the one loop that predicts."""

from typing import TYPE_CHECKING

import numpy as np
from tqdm.auto import tqdm

from keras_hashing import checks, codes
from keras_hashing.batches import FEATURES, IMAGES, open_source
from keras_hashing.types import Float32Array, Images, UInt8Array

if TYPE_CHECKING:
    import keras

_LONG = 20  # batches; with verbose="auto" a progress bar is shown from here on


def encode(
    model: "keras.Model", images: Images, batch_size: int = 64, verbose: int | str = "auto"
) -> UInt8Array:
    """Codes of images.

    Args:
        model: hashing model, images `(n, h, w, 1 or 3)` to outputs `(n, bits)`; or any Keras model
            of images or of features.
        images: array or tensor `(n, h, w, 1 or 3)` with values 0 to 255; a list of images, which
            may differ in size, or of paths; an `ImageSet`; a folder, an image file or a list file;
            a `tf.data.Dataset`, `PyDataset` or generator of images or batches, alone, in tuples
            (images, labels) or in dicts such as `{"image": …}`. A model without a backbone takes
            features `(n, channels)` in the same forms instead.
        batch_size: int, images at a time; a batched Dataset keeps its own batches.
        verbose: 0 or 1, whether to show a progress bar; "auto" shows one from 20 steps on.

    Returns:
        uint8 array `(n, ceil(bits / 8))`; a folder's files in sorted order.

    Raises:
        FileNotFoundError: no such file or folder.
        TypeError: `images` is none of these.
        ValueError: pixels on another scale than 0 to 255, another shape, no images, a Dataset
            that never ends, or outputs that are not finite.

    Example:
        >>> import numpy as np
        >>> from keras_hashing import methods
        >>> model = methods.DHN(bits=12, backbone=None)
        >>> encode(model, np.eye(3, 8, dtype="float32")).shape
        (3, 2)
    """
    return codes_of(model, outputs(model, images, batch_size, verbose))


def outputs(
    model: "keras.Model", images: Images, batch_size: int = 64, verbose: int | str = "auto"
) -> Float32Array:
    """Outputs of images before the sign, float32 `(n, bits)`; arguments as for `encode`.

    Example:
        >>> import numpy as np
        >>> from keras_hashing import methods
        >>> outputs(methods.DHN(bits=12, backbone=None), np.eye(3, 8, dtype="float32")).shape
        (3, 12)
    """
    return outputs_and_labels(model, source_for(model, images), batch_size, verbose)[0]


def codes_of(model, outputs):
    """Codes of a model's outputs, float `(n, bits)`.

    Those of a hashing model have their threshold at 0, even where none is negative; those of
    another model are refused where that cannot be, as with sigmoid outputs; see `codes.pack`.
    """
    if getattr(model, "threshold_is_zero", False):
        outputs = np.where(outputs >= 0, np.int8(1), np.int8(-1))
    return codes.pack(outputs)


def outputs_and_labels(model, source, batch_size=64, verbose="auto", *, each=None, finite=True):
    """Outputs of a source, and its labels in the same order.

    Args:
        model, batch_size, verbose: as for `encode`.
        source: `batches.Source`.
        each: function that is given the images of each batch, or None.
        finite: bool, refuse outputs with NaN or infinity.

    Returns:
        float32 array `(n, bits)`; labels as they were given, array, or None.
    """
    batch_size = checks.whole("batch_size", batch_size, 1, None, "Use 64, for example.")
    steps = source.steps(batch_size)
    if verbose == "auto":
        verbose = steps is None or steps >= _LONG
    predict = Prediction(model.predict_on_batch)
    results, labels = [], []
    bar = tqdm(
        source.batches(batch_size), total=steps, desc="encode", unit="batch", disable=not verbose
    )
    for number, batch in enumerate(bar):
        if each is not None:
            each(batch.inputs)
        result = predict(batch.inputs)
        if finite:
            checks.finite(
                f"outputs of batch {number}", result, "Check the images and the model's weights."
            )
        results.append(result)
        labels.append(batch.labels)
    if not results:
        raise ValueError(f"`{source.name}` is empty: there is nothing to encode.")
    if source.labels is not None:
        return np.concatenate(results), source.labels
    known = all(part is not None for part in labels)
    return np.concatenate(results), np.concatenate(labels) if known else None


class Prediction:
    """Calls a model on batches of one length: short ones are filled up.

    So the model is not traced for the shape of the last batch too, and an item's outputs do not
    depend on how many come with it. Under `tf.distribute` every replica predicts the whole batch,
    one after the other; the first answer is kept.

    Args:
        predict: function of a batch `(n, …)` to outputs `(n, …)`, such as a model's
            `predict_on_batch`.
        length: int, to which batches are filled up; None for that of the longest so far.
    """

    def __init__(self, predict, length=None):
        self._predict = predict
        self._length = length or 0

    def __call__(self, batch):
        """Outputs of a batch, float32 array `(n, …)`."""
        self._length = max(self._length, len(batch))
        missing = self._length - len(batch)
        filled = np.pad(batch, [(0, missing)] + [(0, 0)] * (batch.ndim - 1)) if missing else batch
        return np.asarray(self._predict(filled), np.float32)[: len(batch)]


def source_for(model, images, labels=None):
    """What was passed for a model, images or features, as a `batches.Source`."""
    rank = input_rank(model)
    name = "features" if rank == FEATURES else "images"
    return open_source(images, labels, rank=rank, image_size=image_size(model), name=name)


def input_rank(model):
    """Rank of a batch of what a model takes: 4 for images, 2 for features, None if not known."""
    if hasattr(model, "backbone"):
        return FEATURES if model.backbone is None else IMAGES
    shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
    return len(shape) if isinstance(shape, tuple) and len(shape) in (FEATURES, IMAGES) else None


def image_size(model):
    """Side in pixels to which files are resized for a model, int; None where it takes any size."""
    size = getattr(model, "image_size", None)
    if size is None and input_rank(model) == IMAGES and getattr(model, "input_shape", None):
        height, width = model.input_shape[1:3]
        size = height if height == width else None
    return size
