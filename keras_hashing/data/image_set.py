"""Images with labels and ids: one part of a data set, in memory or as files read when needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_hashing import checks, relevance
from keras_hashing.data import images as image_files
from keras_hashing.data import label_fields, preview
from keras_hashing.types import ArrayLike, Images, Path

if TYPE_CHECKING:
    import tensorflow as tf


class ImageSet:
    """Images, their labels and their ids, in one order.

    Args:
        images: uint8 array `(n, height, width, 1 or 3)`, or None when `paths` is given. It is
            kept, not copied, as it may be large; labels and ids are copied.
        labels: int `(n,)`, multi-hot `(n, classes)`, names (`n` str, or a list of str for each
            image, which are numbered), or None for unlabelled images.
        ids: sequence of `n` str, unique; default "00000", "00001" and so on.
        paths: list of `n` image files, decoded only when a batch asks for them; then `.images`
            is None.
        image_size: int, pixels; files are resized to a square of it, so that they form a batch.
        class_names: sequence of str, by label. Default: the names among `labels` in alphabetical
            order, or none. Sets that belong together need the same.

    Raises:
        ValueError: lengths differ, ids repeat, both or neither of `images` and `paths` given,
            an array of another shape, or a label that `class_names` lacks.

    Example:
        >>> import numpy as np
        >>> import keras_hashing as kh
        >>> pets = kh.data.ImageSet(np.zeros((3, 8, 8, 3), "uint8"), ["dog", "cat", "dog"])
        >>> pets
        ImageSet(3 images (8, 8, 3), labelled, 2 classes: cat, dog)
        >>> pets.labels.tolist(), pets.class_names
        ([1, 0, 1], ['cat', 'dog'])
    """

    def __init__(
        self,
        images: Images = None,
        labels: ArrayLike = None,
        ids: ArrayLike = None,
        paths: Sequence[Path] | None = None,
        image_size: int = 224,
        class_names: Sequence[str] | None = None,
    ) -> None:
        if (images is None) == (paths is None):
            raise ValueError("Give an ImageSet either `images` or `paths`, not both or neither.")
        self.images: Any = None if images is None else _checked_images(images)
        self.paths = None if paths is None else list(paths)
        self.image_size = checks.whole("image_size", image_size, 1, 4096, "Use the model's size.")
        count = len(self.paths or ()) if self.images is None else len(self.images)
        self.ids = np.array([f"{i:05d}" for i in range(count)] if ids is None else ids, dtype=str)
        checks.same_length("ids", self.ids, "images", range(count))
        if len(np.unique(self.ids)) != count:
            raise ValueError("`ids` must be unique; some repeat. Give every image its own id.")
        self.labels, self.class_names = _numbered(labels, count, class_names)
        self.passed_over = []  # (path, reason) of files that a reader left out

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self):
        kind = "files" if self.images is None else f"images {self.images.shape[1:]}"
        return f"ImageSet({len(self)} {kind}, {self._classes()})"

    def _repr_html_(self):
        """What a notebook shows: a few of the images, and how many each class has."""
        return preview.html(self)

    def _classes(self):
        if self.labels is None:
            return "unlabelled"
        names = self.class_names
        shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
        return f"labelled, {len(names)} classes: {shown}" if names else "labelled"

    def subset(self, indices: ArrayLike) -> "ImageSet":
        """The images at `indices` (int or bool array, or slice), in that order, as a new ImageSet.

        Nothing is shared with this set.
        """
        places = np.arange(len(self))[indices]
        return ImageSet(
            images=None if self.images is None else self.images[places],
            labels=None if self.labels is None else self.labels[places],
            ids=self.ids[places],
            paths=None if self.paths is None else [self.paths[i] for i in places],
            image_size=self.image_size,
            class_names=self.class_names,
        )

    def dataset(
        self, batch_size: int, shuffle: bool = False, seed: int | None = None
    ) -> "tf.data.Dataset":
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


def joined(one, other):
    """Both sets' images, `other`'s behind `one`'s, as a new ImageSet; one of them may be empty."""
    if not len(other) or not len(one):
        return (one if len(one) else other).subset(slice(None))
    parts: dict[str, Any] = {}
    for name in ("images", "labels", "ids", "paths"):
        first, second = getattr(one, name), getattr(other, name)
        if (first is None) != (second is None):
            raise ValueError(f"one set has `{name}`, the other has none. Make both alike.")
        if first is not None:
            parts[name] = first + second if name == "paths" else np.concatenate([first, second])
    return ImageSet(**parts, image_size=one.image_size, class_names=one.class_names)


def _numbered(labels, count, class_names):
    """Labels as a new array of numbers, and the names of the classes."""
    names = [] if class_names is None else [str(name) for name in class_names]
    if labels is None:
        return None, names
    if not isinstance(labels, (list, tuple)):
        labels = np.asarray(labels)
    if _hold_names(labels):
        parsed = label_fields.of_values(labels)
        checks.same_length("labels", parsed.items, "images", range(count))
        (array,), names = label_fields.number([parsed], names or None)
        return array, names
    array = np.array(labels)
    relevance.labels("labels", array, count)
    highest = array.shape[1] - 1 if array.ndim == 2 else array.max(initial=-1)
    if names and (highest >= len(names) or (array.ndim == 2 and highest + 1 != len(names))):
        raise ValueError(
            f"`class_names` must have a name for each of {int(highest) + 1} classes; got "
            f"{len(names)}."
        )
    return array, names


def _hold_names(labels):
    if isinstance(labels, np.ndarray) and labels.dtype.kind not in "OUST":
        return False
    return any(
        isinstance(label, str)
        for item in labels
        for label in (item if isinstance(item, (list, tuple, set, frozenset)) else [item])
    )


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
