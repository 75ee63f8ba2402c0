"""Images in any form that users have them, as batches of arrays."""

import concurrent.futures
import itertools
import pathlib

import numpy as np

from keras_hashing import checks
from keras_hashing.data import images as image_files


def image_batches(images, image_size, batch_size):
    """Batches of images or features, and their number where it is known.

    Args:
        images: array; a `tf.data.Dataset` of batches (of images, or of tuples whose first element
            is images), which keeps its own batches; a folder; or a list of paths.
        image_size: int, side in pixels to which files are resized as they are read.
        batch_size: int, images a batch.

    Returns:
        Iterator of arrays, and int or None. A folder's files come in sorted order.

    Raises:
        ValueError: float images whose maximum is at most 1, NaN in them, a Dataset that never
            ends, or a file that is no image; some of it while iterating.
    """
    if isinstance(images, (str, pathlib.Path)):
        images = image_files.list_images(images)
    if isinstance(images, (list, tuple)) and images and isinstance(images[0], (str, pathlib.Path)):
        return _decoded(images, image_size, batch_size), -(-len(images) // batch_size)
    if hasattr(images, "element_spec"):
        steps = int(images.cardinality())
        if steps == -1:  # tf.data's "infinite"
            raise ValueError("`images` never ends. Pass the dataset without `repeat()`.")
        first = (item[0] if isinstance(item, tuple) else item for item in images)
        return map(_in_range, first), steps if steps >= 0 else None
    images = _in_range(images)
    starts = range(0, len(images), batch_size)
    return (images[start : start + batch_size] for start in starts), len(starts)


def check_images(batch, hint="Give a single image a batch axis: image[None]."):
    """Raise ValueError unless an array is a batch of images `(n, height, width, 1 or 3)`."""
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must have shape (n, height, width, 3), or (n, height, width, 1) if gray; "
            f"got {batch.shape}. {hint}"
        )


def _decoded(paths, image_size, batch_size):
    """Batches of images read and resized in threads, at most two batches ahead."""

    def load(path):
        return image_files.resize(image_files.read_image(path), image_size)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        remaining = iter(paths)
        waiting = [pool.submit(load, path) for path in itertools.islice(remaining, 2 * batch_size)]
        while waiting:
            batch = [future.result() for future in waiting[:batch_size]]
            waiting = waiting[batch_size:]
            waiting += [pool.submit(load, path) for path in itertools.islice(remaining, batch_size)]
            yield np.stack(batch)


def _in_range(images):
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
