"""Features of a set of images from a frozen backbone, to adapt a hasher to."""

import concurrent.futures
import pathlib

import numpy as np

from keras_hashing import checks
from keras_hashing.data import images as image_files

_BATCH = 64


def image_features(backbone, images):
    """Features of all images, in memory.

    Args:
        backbone: `keras.Model` from images `(n, h, w, 3)` to features `(n, channels)`, with
            `image_size`.
        images: array `(n, h, w, 1 or 3)` with values 0 to 255; a `tf.data.Dataset` of batches
            (of images, or of tuples whose first element is images); a folder; or a list of
            paths.

    Returns:
        float32 array `(n, channels)`; a folder's files in sorted order.

    Raises:
        ValueError: float images whose maximum is at most 1, another shape, no images, or a
            Dataset that never ends.
    """
    found = [
        np.asarray(backbone.predict_on_batch(_checked(batch)), np.float32)
        for batch in _batches(images, backbone.image_size)
    ]
    if not found:
        raise ValueError("`images` is empty: there is nothing to adapt to.")
    return np.concatenate(found)


def _batches(images, image_size):
    if isinstance(images, str | pathlib.Path):
        images = image_files.list_images(images)
    if isinstance(images, list | tuple) and images and isinstance(images[0], str | pathlib.Path):
        return _decoded(images, image_size)
    if hasattr(images, "element_spec"):
        if int(images.cardinality()) == -1:  # tf.data's "infinite"
            raise ValueError("`images` never ends. Pass the dataset without `repeat()`.")
        return (_in_range(item[0] if isinstance(item, tuple) else item) for item in images)
    images = _in_range(images)
    return (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))


def _decoded(paths, image_size):
    def load(path):
        return image_files.resize(image_files.read_image(path), image_size)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for start in range(0, len(paths), _BATCH):
            yield np.stack(list(pool.map(load, paths[start : start + _BATCH])))


def _checked(batch):
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must have shape (n, height, width, 3), or (n, height, width, 1) if gray; "
            f"got {batch.shape}. A model of features is made with `backbone=None`."
        )
    return batch


def _in_range(images):
    """Images as an array; those scaled to [0, 1] are refused, as when they are encoded."""
    images = np.asarray(images)
    if images.ndim == 4 and images.size and images.dtype.kind == "f":
        checks.finite("images", images)
        if 0.0 < images.max() <= 1.0:
            raise ValueError(
                f"`images` must have pixel values 0 to 255; got floats up to {images.max():.3g}, "
                "which looks like images scaled to [0, 1]. Multiply by 255."
            )
    return images
