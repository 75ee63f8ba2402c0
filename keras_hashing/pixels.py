"""Whether arrays are images with pixel values 0 to 255: the one check, wherever images enter."""

import numpy as np

from keras_hashing import checks

_CHANNELS = (1, 3)
_SURE = 8  # images; so many that are all nearly black are images on another scale


def check_shape(images, hint=None):
    """Raise ValueError unless an array is a batch of images `(n, height, width, 1 or 3)`."""
    shape = tuple(images.shape)  # None where a dataset does not say
    if len(shape) == 4 and shape[-1] in (*_CHANNELS, None):
        return
    raise ValueError(
        "`images` must have shape (n, height, width, 3), or (n, height, width, 1) if gray; "
        f"got {shape}. {hint or _way_out(shape)}"
    )


def _way_out(shape):
    if len(shape) == 4 and shape[1] in _CHANNELS:
        return "Channels come last here: np.transpose(images, (0, 2, 3, 1))."
    if len(shape) == 4 and shape[-1] == 4:
        return "Blend the alpha channel on a background, or save the images as files."
    if len(shape) == 3 and (shape[-1] in _CHANNELS or shape[0] in _CHANNELS):
        return "Give a single image a batch axis: image[None]."
    if len(shape) == 3:
        return "Give gray images a channel axis: images[..., None]."
    if len(shape) == 2:
        return "This model takes images; features go into one made with `backbone=None`."
    return "Stack images to one array, or pass a list of them."


class Scale:
    """Pixel values of one source of images, judged over all of them.

    Negative values and values above 255 are proof of another scale at once; a maximum of 1 or
    less is one over eight images of floats or more, or over all that there are. Image files need
    no such check.

    Args:
        name: str, the argument's name for the error.
    """

    def __init__(self, name="images"):
        self.name = name
        self._count = 0
        self._largest = 0.0

    def see(self, images):
        """Judge a batch as well.

        Args:
            images: array of numbers, `(n, ...)`.

        Raises:
            TypeError: not numbers.
            ValueError: NaN or infinity, or values that are no pixel values of 0 to 255.
        """
        kind = images.dtype.kind
        if kind not in "iuf" and images.dtype.name != "bfloat16":
            raise TypeError(
                f"`{self.name}` must hold pixel values 0 to 255; got dtype {images.dtype}. "
                "Pass integers or floats."
            )
        if not images.size:
            return
        whole = kind in "iu"
        self.judge(len(images), float(images.min()), float(images.max()), whole, images)

    def judge(self, count, smallest, largest, whole=False, images=None):
        """As `see`, of figures that are known.

        Args:
            count: int, images.
            smallest, largest: floats, their extreme values.
            whole: bool, whether they are integers.
        """
        if not (np.isfinite(smallest) and np.isfinite(largest)):
            if images is not None:
                checks.finite(self.name, images)
            raise ValueError(f"`{self.name}` must be finite; got NaN or infinity.")
        if smallest < 0:
            self._refuse(
                f"values from {smallest:.3g} to {largest:.3g}, which looks like normalised images. "
                "Leave the normalisation out, or undo it: models do their own"
            )
        if largest > 255:
            self._refuse(
                f"values up to {largest:.5g}. Bring 16-bit images to 8 bits (images // 257), and "
                "clip what resizing made"
            )
        self._count += 0 if whole else count
        self._largest = max(self._largest, largest)
        if self._count >= _SURE:
            self.end()

    def end(self):
        """Raise ValueError if all that was seen lies in [0, 1] and is not simply black."""
        if 0 < self._largest <= 1:
            self._refuse(
                f"values up to {self._largest:.3g}, which looks like images scaled to [0, 1]. "
                "Multiply by 255"
            )

    def _refuse(self, what):
        raise ValueError(f"`{self.name}` must have pixel values 0 to 255; got {what}.")


def check(images, name="images"):
    """Judge an array of images that is all there is; see `Scale`."""
    scale = Scale(name)
    scale.see(images)
    scale.end()
