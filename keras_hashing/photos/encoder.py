"""What makes a photo searchable: a frozen backbone's features, or a hashing model's codes."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_hashing import checks, encoding, weights
from keras_hashing.types import Images


class Encoder:
    """A model under the name it is recorded by, loaded when it is first needed.

    Args:
        name: str, how to load the model again: a backbone's name, a zoo name or a path.
        load: function without arguments that returns the model: images in [0, 255] to float
            features, or with `hashing` to outputs `(n, bits)`.
        hashing: bool, whether the model's own signs are the codes.

    Example:
        >>> import keras_hashing as kh
        >>> encoder = Encoder("small_cnn", lambda: kh.backbones.get("small_cnn", image_size=28))
        >>> encoder.vectors(np.zeros((2, 28, 28, 3), "float32")).shape[0], encoder.width
        (2, 128)
    """

    def __init__(self, name: str, load: Callable[[], Any], hashing: bool = False) -> None:
        self.name = name
        self.hashing = hashing
        self._load = load

    @functools.cached_property
    def model(self):
        """The `keras.Model`."""
        return self._load()

    @functools.cached_property
    def description(self):
        """Dict of what two encoders share if their vectors may stand in one index.

        The fingerprint is over the weights, so that a model trained further is another one.
        """
        return {
            "name": self.name,
            "hashing": self.hashing,
            "image_size": int(self.model.image_size),
            "fingerprint": weights.fingerprint(self.model),
        }

    @functools.cached_property
    def _predict(self):
        return encoding.Prediction(self.model.predict_on_batch)

    @property
    def width(self) -> int:
        """Int, bits of a hashing model, or channels of a backbone's features."""
        return int(self.model.bits if self.hashing else self.model.output_shape[-1])

    def vectors(self, images: Images) -> np.ndarray:
        """Encode a batch.

        Args:
            images: float32 array `(n, size, size, 3)`, values in [0, 255].

        Returns:
            Features as float16 `(n, channels)`, or codes as uint8 `(n, ceil(bits / 8))`.

        Raises:
            ValueError: the model gives NaN or infinity, or features too large for float16.
        """
        outputs = self._predict(images)
        if self.hashing:
            return encoding.codes_of(self.model, outputs)
        with np.errstate(over="ignore"):
            features = outputs.astype(np.float16)
        checks.finite("features", features, f"They come from {self.name}; check its weights.")
        return features
