"""One element of a stream or list: what of it is images or features, what labels, what ids."""

import numpy as np
from PIL import Image

from keras_hashing import checks, pixels
from keras_hashing.data import images as image_files

IMAGES, FEATURES = 4, 2  # ranks of a batch

_SHORTEST = 8  # pixels, of a side of a gray image that comes as a matrix
_LONGEST = 4  # times the other side
_INPUTS = ("image", "images", "inputs", "input", "x", "pixel_values", "features", "feature")
_LABELS = ("label", "labels", "y", "target", "targets")
_IDS = ("id", "ids", "file_name", "filename", "path")


def is_array(value):
    """Whether it is an array or tensor of any library, or a scalar of one."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def array(value):
    """A NumPy array of an array, tensor or nested list; on the host."""
    if isinstance(value, np.ndarray):
        return value
    import keras

    if hasattr(value, "bounding_shape"):  # it would be filled up with zeros
        raise ValueError(
            "a ragged tensor has rows of different lengths. Pass one class for each item, or "
            "multi-hot rows of 0 and 1."
        )
    if keras.ops.is_tensor(value):
        return keras.ops.convert_to_numpy(value)
    return np.asarray(value)


def listed(value):
    """Whether it is a list of numbers or of lists of them, that is an array not made yet."""
    while isinstance(value, (list, tuple)) and len(value):
        value = value[0]
    return isinstance(value, (int, float))


def is_text(value):
    """Whether an array or tensor holds strings, bytes or objects."""
    name = getattr(value.dtype, "name", str(value.dtype))
    return name in ("string", "object") or name.startswith(("str", "bytes"))


class Reader:
    """Makes batches of elements, once it knows from the first whether they are batches.

    Args:
        rank: int, of a batch: 4 for images, 2 for features; None where the first element tells.
        image_size: int or None, to which images of different sizes are resized.
        name: str, the argument's name for errors.

    Attributes:
        rank: as above; known after `learn`.
        batched: bool, whether an element is a batch and not one item; None before `learn`.
    """

    def __init__(self, rank, image_size, name):
        self.rank, self.image_size, self.name = rank, image_size, name
        self.batched = None

    def learn(self, element):
        """Take rank, and whether elements are batches, from the first of them."""
        value = self.parts(element)[0]
        if hasattr(value, "bounding_shape") or isinstance(value, list):  # ragged: several items
            self.batched = True
            return
        if not is_array(value) or value.shape == ():  # a PIL image, a path, or its tensor
            self.batched, self.rank = False, self.rank or IMAGES
            return
        rank = len(value.shape)
        if is_text(value):
            self.batched, self.rank = rank > 0, self.rank or IMAGES
            return
        if self.rank is None:
            self.rank = IMAGES if rank >= 3 else FEATURES
        gray = self.rank == IMAGES and rank == 2 and _is_gray_image(value.shape)
        if rank not in (self.rank, self.rank - 1) and not gray:
            self.check_shape(value)
        self.batched = rank == self.rank

    def batches(self, elements, batch_size):
        """Yield (inputs, labels, ids) for iterables of elements, checked."""
        scale = pixels.Scale(self.name)
        for inputs, labels, ids in self._grouped(elements, batch_size):
            if not len(inputs):
                continue
            self.check_shape(inputs)
            self.check_values(inputs, scale)
            yield inputs, labels, ids
        scale.end()

    def _grouped(self, elements, batch_size):
        waiting: list = []
        for element in elements:
            if self.batched is None:
                self.learn(element)
            parts = self.parts(element)
            if self.batched:
                yield self.batch(parts[0]), *map(_several, parts[1:])
                continue
            waiting.append(parts)
            if len(waiting) == batch_size:
                yield self._of_items(waiting)
                waiting = []
        if waiting:
            yield self._of_items(waiting)

    def _of_items(self, items):
        inputs, labels, ids = zip(*items, strict=True)
        return (
            self.stack(inputs),
            None if labels[0] is None else np.stack([array(label) for label in labels]),
            None if ids[0] is None else [self.text(array(name)[()]) for name in ids],
        )

    def batch(self, value):
        """A batch as one array."""
        if hasattr(value, "bounding_shape"):
            return self.stack(
                [row.to_tensor() if hasattr(row, "to_tensor") else row for row in value]
            )
        if isinstance(value, list):
            return self.stack(value)
        value = array(value)
        if value.dtype.kind in "OUS":
            return self.stack(list(value))
        return value

    def stack(self, items):
        """Items as one batch; images of different sizes are resized, all of them."""
        items = [self.item(item) for item in items]
        if len({item.shape for item in items}) > 1 and self.rank == IMAGES:
            channels = max(item.shape[-1] for item in items)
            items = [np.broadcast_to(item, (*item.shape[:2], channels)) for item in items]
        if len({item.shape for item in items}) > 1:
            if self.rank != IMAGES:
                raise ValueError(
                    f"`{self.name}` must have the same channels in all items; got "
                    f"{sorted({item.shape for item in items})}. Take all from one model."
                )
            if self.image_size is None:
                raise ValueError(
                    f"`{self.name}` are of different sizes, and the model does not say to which "
                    "size they are to be resized. Resize them."
                )
            items = [image_files.resize(item, self.image_size) for item in items]
        return np.stack(items)

    def item(self, value):
        """One image as an array `(height, width, channels)`, or one row of features."""
        if isinstance(value, Image.Image) or not is_array(value):
            return image_files.read_image(value)
        value = array(value)
        if value.shape == () and value.dtype.kind in "OUS":
            return image_files.read_image(_file(value[()]))
        if self.rank != IMAGES:
            return value
        if value.ndim == 2:
            value = value[..., None]
        if value.ndim != 3 or value.shape[-1] not in (1, 3):
            alpha = value.ndim == 3 and value.shape[-1] == 4
            pixels.check_shape(value[None] if alpha else value)
        return value

    def parts(self, element):
        """(input, label, id) of an element; label and id None where there are none."""
        label = name = None
        if isinstance(element, dict):
            return _of_dict(element, self.name)
        if isinstance(element, (tuple, list)) and self._is_pair(element):
            if not element:
                raise TypeError(f"`{self.name}` got an empty tuple; put the images first in it.")
            label = element[1] if len(element) > 1 else None
            element = element[0]
            if isinstance(element, dict):
                element, inner, name = _of_dict(element, self.name)
                label = inner if label is None else label
        if isinstance(element, list) and listed(element):
            element = array(element)
        return element, label, name

    def _is_pair(self, element):
        """Whether a tuple is (images, labels, …); a list is a batch, but where arrays differ."""
        if isinstance(element, tuple):
            return True
        ranks = [len(part.shape) for part in element if is_array(part)]
        return len(ranks) == len(element) > 1 and ranks[0] == self.rank and ranks[0] > ranks[1]

    @staticmethod
    def text(value):
        """A string of a string or of bytes, as tensors hold them."""
        return value.decode() if isinstance(value, bytes) else str(value)

    def check_shape(self, batch):
        """Raise ValueError unless an array is a batch of what the model takes."""
        if self.rank is None:
            known = len(batch.shape) in (FEATURES, IMAGES)
            self.rank = len(batch.shape) if known else IMAGES
        if self.rank == IMAGES:
            pixels.check_shape(batch)
        elif len(batch.shape) != self.rank:
            shape = tuple(batch.shape)
            raise ValueError(
                f"`{self.name}` must hold features of {self.rank} dimension(s), (n, channels); got "
                f"shape {shape}. {_way_out(shape)}"
            )

    def check_values(self, batch, scale):
        """Raise unless a batch holds pixel values, or features that are finite real numbers."""
        if self.rank == IMAGES:
            scale.see(batch)
            return
        if batch.dtype.kind not in "fiu" and batch.dtype.name != "bfloat16":
            raise TypeError(
                f"`{self.name}` must hold real numbers; got dtype {batch.dtype}. "
                "Pass features of shape (n, channels)."
            )
        checks.finite(self.name, batch, "Leave such items out; see what their images hold.")


def _of_dict(element, name):
    keys = list(element)
    images = [key for key in _INPUTS if key in element]
    rest = [key for key in keys if key not in (*_LABELS, *_IDS)]
    if not images and len(rest) == 1:
        images = rest
    if not images:
        raise ValueError(
            f"`{name}` got dicts with the keys {keys}, and none of them says where the images are. "
            "Name the key 'image', or map the data set to tuples (images, labels)."
        )
    found = [
        next((element[key] for key in known if key in element), None) for known in (_LABELS, _IDS)
    ]
    return element[images[0]], *found


def _is_gray_image(shape):
    """Whether a matrix may be a gray image without channels, and not a batch of features."""
    return min(shape) >= _SHORTEST and max(shape) <= _LONGEST * min(shape)


def _way_out(shape):
    if len(shape) == 4:
        return "Images go into a model that is made with a backbone."
    return "Give one row of features a batch axis: features[None]." if len(shape) == 1 else ""


def _several(values):
    if values is None:
        return None
    return array(values)


def _file(value):
    """A string that names a file, or the bytes of an image file."""
    if isinstance(value, bytes) and len(value) < 4096 and b"\0" not in value:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    return value
