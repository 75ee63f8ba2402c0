"""Images with labels and ids: one part of a data set, in memory or as files read when needed."""

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.data import images as image_files


class ImageSet:
    """Images, their labels and their ids, in one order.

    Args:
        images: uint8 array `(n, height, width, 1 or 3)`, or None when `paths` is given.
        labels: int `(n,)`, multi-hot `(n, classes)`, or None for unlabelled images.
        ids: sequence of `n` str, unique; default "00000", "00001" and so on.
        paths: list of `n` image files, decoded only when a batch asks for them; then `.images`
            is None.
        image_size: int, pixels; files are resized to a square of it, so that they form a batch.

    Raises:
        ValueError: lengths differ, ids repeat, both or neither of `images` and `paths` given,
            or an array of another shape.
    """

    def __init__(self, images=None, labels=None, ids=None, paths=None, image_size=224):
        if (images is None) == (paths is None):
            raise ValueError("Give an ImageSet either `images` or `paths`, not both or neither.")
        self.images = None if images is None else _checked_images(images)
        self.paths = None if paths is None else list(paths)
        self.image_size = checks.whole("image_size", image_size, 1, 4096, "Use the model's size.")
        count = len(images if paths is None else paths)
        self.ids = np.array([f"{i:05d}" for i in range(count)] if ids is None else ids, dtype=str)
        checks.same_length("ids", self.ids, "images", range(count))
        if len(np.unique(self.ids)) != count:
            raise ValueError("`ids` must be unique; some repeat. Give every image its own id.")
        self.labels = None if labels is None else np.asarray(labels)
        if labels is not None:
            relevance.labels("labels", self.labels, count)
        self.passed_over = []  # (path, reason) of files that a reader left out

    def __len__(self):
        return len(self.ids)

    def __repr__(self):
        kind = "files" if self.images is None else f"images {self.images.shape[1:]}"
        return f"ImageSet({len(self)} {kind}, {'un' if self.labels is None else ''}labelled)"

    def subset(self, indices):
        """The images at `indices` (int array or slice), in that order, as a new ImageSet."""
        places = np.arange(len(self))[indices]
        return ImageSet(
            images=None if self.images is None else self.images[places],
            labels=None if self.labels is None else self.labels[places],
            ids=self.ids[places],
            paths=None if self.paths is None else [self.paths[i] for i in places],
            image_size=self.image_size,
        )

    def dataset(self, batch_size, shuffle=False, seed=None):
        """Batches for `fit`, `encode` and the like.

        Args:
            batch_size: int, at least 1; the last batch may be smaller.
            shuffle: bool, a new order of all images in every epoch.
            seed: int or None, makes the orders repeatable.

        Returns:
            `tf.data.Dataset` of (images, labels), or of images alone where unlabelled. Images
            are uint8 as stored, or float32 `(batch, image_size, image_size, 3)` for files, all
            in [0, 255].

        Raises:
            ValueError: `batch_size` below 1; later, a file that has become unreadable.
        """
        import tensorflow as tf

        checks.whole("batch_size", batch_size, 1, None, "Use 64, for example.")
        places = tf.data.Dataset.range(len(self))
        if shuffle and len(self):
            places = places.shuffle(len(self), seed=seed)
        batches = self._from_files if self.images is None else self._from_memory
        return batches(places, batch_size).prefetch(tf.data.AUTOTUNE)

    def _from_memory(self, places, batch_size):
        import tensorflow as tf

        with tf.device("CPU"):
            images = tf.constant(self.images)
            labels = None if self.labels is None else tf.constant(self.labels)

        def gather(batch):
            chosen = tf.gather(images, batch)
            return chosen if labels is None else (chosen, tf.gather(labels, batch))

        return places.batch(batch_size).map(gather, num_parallel_calls=tf.data.AUTOTUNE)

    def _from_files(self, places, batch_size):
        import tensorflow as tf

        paths = self.paths or []
        labels = None if self.labels is None else tf.constant(self.labels)

        def read(place):
            image = tf.numpy_function(
                lambda i: image_files.read_image(paths[i]), [place], tf.uint8, stateful=False
            )
            image.set_shape((None, None, 3))
            image = image_files.resize_tensor(image, self.image_size)
            return image if labels is None else (image, tf.gather(labels, place))

        return places.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size)


def _checked_images(images):
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"`images` must be uint8, values 0 to 255; got dtype {images.dtype}.")
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"`images` must have shape (n, height, width, 1 or 3); got {images.shape}. "
            "Add the missing axis, or stack the images."
        )
    return images
