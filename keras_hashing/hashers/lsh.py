"""Signs of random projections.

Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002.
"""

from typing import Any

import keras
import numpy as np

from keras_hashing import checks
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments


@keras.saving.register_keras_serializable("keras_hashing", name="LSH")
class LSH(Hasher):
    """Outputs along random Gaussian directions.

    Two items' codes differ in a bit with probability angle / pi. For a baseline, and where there
    is no data to learn from; `SuperBitLSH` has the same mean and less variance.

    Args:
        bits: int in 1..4096, the code length; may exceed the channels.
        seed: int, 0 or more.
        center: bool, whether angles are measured around the features' mean, which `adapt` finds.
            Without it no `adapt` is needed, but features after a ReLU, none negative, crowd into
            few codes. Default ours; the paper does not centre.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float `(n, bits)`; bit = (output >= 0).

    Raises:
        TypeError: `bits` or `seed` is not a whole number.
        ValueError: `bits` or `seed` is out of range.

    Example:
        >>> layer = LSH(bits=16, center=False)
        >>> layer(np.ones((2, 5), "float32")).shape.as_list()
        [2, 16]

    Source: the paper above, section 3.
    """

    def __init__(
        self, bits: int, seed: int = 0, center: bool = True, dtype: Any = "float32", **kwargs: Any
    ) -> None:
        super().__init__(bits, needs_data=bool(center), dtype=dtype, **kwargs)
        self.seed = checks.whole("seed", seed, 0, None)
        self.center = bool(center)

    def start(self, channels):
        directions = np.random.default_rng(self.seed).standard_normal((channels, self.bits))
        return {"mean": np.zeros(channels), "projection": directions}

    def fit(self, channels, batches):
        moments = Moments(channels)
        for batch in batches:
            moments.update(batch)
        return {**self.start(channels), "mean": moments.mean * self.center}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed, "center": self.center}
