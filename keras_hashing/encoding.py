"""Images to outputs and codes, with any model."""

import concurrent.futures
import itertools
import pathlib

import numpy as np
from tqdm import tqdm

from keras_hashing import checks, codes

_LONG = 20  # batches; with verbose="auto" a progress bar is shown from here on


def encode(model, images, batch_size=64, verbose="auto"):
    """Codes of images.

    Args:
        model: hashing model, images `(n, h, w, 1 or 3)` to outputs `(n, bits)`.
        images: array `(n, h, w, 1 or 3)` with values 0 to 255; a `tf.data.Dataset` of batches
            (of images, or of tuples whose first element is images); a folder; or a list of
            paths. A model without a backbone takes features `(n, channels)` instead.
        batch_size: int, images a step; a Dataset keeps its own batches.
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
    batches, steps = _batches(model, images, batch_size)
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


def _batches(model, images, batch_size):
    """An iterable of batches, and their number where it is known."""
    if isinstance(images, (str, pathlib.Path)):
        from keras_hashing.data.images import list_images

        images = list_images(images)
    if isinstance(images, (list, tuple)) and images and isinstance(images[0], (str, pathlib.Path)):
        return _decoded(images, model.image_size, batch_size), -(-len(images) // batch_size)
    if hasattr(images, "element_spec"):
        steps = int(images.cardinality())
        if steps == -1:  # tf.data's "infinite"
            raise ValueError("`images` never ends. Pass the dataset without `repeat()`.")
        first = (item[0] if isinstance(item, tuple) else item for item in images)
        return map(_checked_range, first), steps if steps >= 0 else None
    images = _checked_range(images)
    starts = range(0, len(images), batch_size)
    return (images[start : start + batch_size] for start in starts), len(starts)


def _decoded(paths, image_size, batch_size):
    """Batches of images read and resized in threads, at most two batches ahead."""
    from keras_hashing.data.images import read_image, resize

    def load(path):
        return resize(read_image(path), image_size)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        remaining = iter(paths)
        waiting = [pool.submit(load, path) for path in itertools.islice(remaining, 2 * batch_size)]
        while waiting:
            batch = [future.result() for future in waiting[:batch_size]]
            waiting = waiting[batch_size:]
            waiting += [pool.submit(load, path) for path in itertools.islice(remaining, batch_size)]
            yield np.stack(batch)


def _check_batch(model, batch):
    batch = np.asarray(batch)
    if getattr(model, "backbone", model) is None:
        checks.rank("features", batch, 2, "This model has no backbone: pass (n, channels).")
        checks.finite("features", batch)
        return batch
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must have shape (n, height, width, 3), or (n, height, width, 1) if gray; "
            f"got {batch.shape}. Give a single image a batch axis: image[None]."
        )
    return batch


def _checked_range(images):
    """An array of images; those scaled to [0, 1] are refused: their codes would be wrong.

    Files need no such check, and a nearly black photo would not pass it.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.size and images.dtype.kind == "f":
        checks.finite("images", images)
        if images.max() <= 1.0 and images.max() > 0.0:
            raise ValueError(
                f"`images` must have pixel values 0 to 255; got floats up to {images.max():.3g}, "
                "which looks like images scaled to [0, 1]. Multiply by 255."
            )
    return images
