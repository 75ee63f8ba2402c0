"""Features of a set of images from a frozen backbone, to adapt a hasher to."""

import numpy as np

from keras_hashing.data.image_batches import check_images, image_batches

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
    found = []
    batches, _ = image_batches(images, backbone.image_size, _BATCH)
    for batch in batches:
        check_images(batch, "A model of features is made with `backbone=None`.")
        # Under `tf.distribute` every replica predicts the whole batch, one after the other.
        found.append(np.asarray(backbone.predict_on_batch(batch), np.float32)[: len(batch)])
    if not found:
        raise ValueError("`images` is empty: there is nothing to adapt to.")
    return np.concatenate(found)
