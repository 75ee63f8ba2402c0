"""Images to outputs and codes, with any model."""

import numpy as np
from tqdm import tqdm

from keras_hashing import checks, codes
from keras_hashing.data.image_batches import check_images, image_batches

_LONG = 20  # batches; with verbose="auto" a progress bar is shown from here on


def encode(model, images, batch_size=64, verbose="auto"):
    """Codes of images.

    Args:
        model: hashing model, images `(n, h, w, 1 or 3)` to outputs `(n, bits)`.
        images: array `(n, h, w, 1 or 3)` with values 0 to 255; a `tf.data.Dataset` of batches
            (of images, or of tuples whose first element is images); a folder; or a list of
            paths. A model without a backbone takes features `(n, channels)` instead.
        batch_size: int, images at a time; a Dataset keeps its own batches.
        verbose: bool, show a progress bar; `"auto"` shows one from 20 steps on.

    Returns:
        uint8 array `(n, ceil(bits / 8))`; a folder's files in sorted order.

    Raises:
        ValueError: float images whose maximum is at most 1, another shape, no images, a Dataset
            that never ends, or outputs that are not finite.
    """
    return codes.pack(outputs(model, images, batch_size, verbose))


def outputs(model, images, batch_size=64, verbose="auto"):
    """Outputs of images before the sign, float32 `(n, bits)`; arguments as for `encode`."""
    batch_size = checks.whole("batch_size", batch_size, 1, None)
    size = getattr(model, "image_size", None)
    batches, steps = image_batches(images, size, batch_size)
    if verbose == "auto":
        verbose = steps is None or steps >= _LONG
    results, full = [], None
    for number, batch in enumerate(
        tqdm(batches, total=steps, desc="encode", unit="batch", disable=not verbose)
    ):
        batch = _check_batch(model, batch)
        # A short last batch is filled up, so that the model is not traced for its shape too.
        full = full or len(batch)
        filled = np.pad(batch, [(0, max(0, full - len(batch)))] + [(0, 0)] * (batch.ndim - 1))
        result = np.asarray(model.predict_on_batch(filled), np.float32)[: len(batch)]
        checks.finite(
            f"outputs of batch {number}", result, "Check the images and the model's weights."
        )
        results.append(result)
    if not results:
        raise ValueError("`images` is empty: there is nothing to encode.")
    return np.concatenate(results)


def _check_batch(model, batch):
    batch = np.asarray(batch)
    if getattr(model, "backbone", model) is None:
        checks.rank("features", batch, 2, "This model has no backbone: pass (n, channels).")
        checks.finite("features", batch)
    else:
        check_images(batch)
    return batch
