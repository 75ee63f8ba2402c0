"""Features of a set of images from a frozen backbone, to adapt a hasher to."""

from keras_hashing import encoding


def image_features(backbone, images, labels=None):
    """Features of all images, in memory.

    Args:
        backbone: `keras.Model` from images `(n, h, w, 3)` to features `(n, channels)`, with
            `image_size`.
        images: in any form that `keras_hashing.encode` takes.
        labels: their labels, or None where there are none or `images` brings them.

    Returns:
        float32 array `(n, channels)`, a folder's files in sorted order; labels or None.

    Raises:
        TypeError, ValueError: as of `keras_hashing.encode`.
    """
    source = encoding.source_for(backbone, images, labels)
    return encoding.outputs_and_labels(backbone, source, verbose=0)
