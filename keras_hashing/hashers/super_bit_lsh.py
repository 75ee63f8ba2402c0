"""Random projections made orthogonal in batches.

Ji, Li, Yan, Zhang, Tian, "Super-Bit Locality-Sensitive Hashing", NIPS 2012.
"""

from typing import Any

import keras
import numpy as np

from keras_hashing import checks
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments


@keras.saving.register_keras_serializable("keras_hashing", name="SuperBitLSH")
class SuperBitLSH(Hasher):
    """Outputs along random directions, orthonormal in batches of `depth`.

    The expected distance is that of `LSH`, bits * angle / pi, with a smaller variance. The
    choice for a few items, or features nobody learned on.

    Args:
        bits: int in 1..4096, the code length; may exceed the channels.
        depth: int in 1..channels, directions that are orthogonal to each other; 1 is `LSH` with
            directions of length 1. Default ours: the smaller of channels and bits.
        seed: int, 0 or more.
        center: bool, whether angles are measured around the features' mean, which `adapt` finds.
            Without it no `adapt` is needed. Default ours; the paper does not centre.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float `(n, bits)`; bit = (output >= 0).

    Raises:
        TypeError: `bits`, `depth` or `seed` is not a whole number.
        ValueError: one is out of range; `depth` above the channels, once these are known.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> layer = SuperBitLSH(bits=24)
        >>> layer.adapt(features)
        >>> layer(features).shape.as_list()
        [100, 24]

    Source: the paper above, algorithm 1.
    """

    def __init__(
        self,
        bits: int,
        depth: int | None = None,
        seed: int = 0,
        center: bool = True,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, needs_data=bool(center), dtype=dtype, **kwargs)
        self.seed = checks.whole("seed", seed, 0, None)
        self.depth = depth if depth is None else checks.whole("depth", depth, 1, None)
        self.center = bool(center)

    def start(self, channels):
        hint = "Only so many directions can be orthogonal: the channels."
        depth = min(channels, self.bits)
        if self.depth is not None:
            depth = checks.whole("depth", self.depth, 1, channels, hint)
        directions = np.random.default_rng(self.seed).standard_normal((channels, self.bits))
        for first in range(0, self.bits, depth):
            directions[:, first : first + depth] = _orthonormal(
                directions[:, first : first + depth]
            )
        return {"mean": np.zeros(channels), "projection": directions}

    def fit(self, channels, batches):
        moments = Moments(channels)
        for batch in batches:
            moments.update(batch)
        return {**self.start(channels), "mean": moments.mean * self.center}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "seed": self.seed,
            "depth": self.depth,
            "center": self.center,
        }


def _orthonormal(columns):
    """What Gram-Schmidt makes of the columns; QR alone leaves their signs to the library."""
    q, r = np.linalg.qr(columns)
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)
