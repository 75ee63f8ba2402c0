"""Super-Bit LSH: random projections that are orthogonal in batches."""

import keras
import numpy as np

from keras_hashing import checks
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.statistics import Moments


@keras.saving.register_keras_serializable("keras_hashing", name="SuperBitLSH")
class SuperBitLSH(Hasher):
    """LSH with directions orthonormal within each batch of `depth`: the same mean, less spread.

    The distance of two codes is still `bits * theta / pi` on average and varies less. The better
    choice where there are too few features to learn from.

    Args:
        bits: int in 1..4096, the code length.
        depth: int in 1..channels, directions that are orthogonal to each other; 1 is LSH. None
            is the smaller of channels and bits, a default of ours.
        seed: int, 0 or more; directions are drawn from it when the layer is built.
        center: bool, whether `adapt` takes the mean off first; without it no `adapt` is needed.
        **kwargs: `name` and `dtype` of `keras.layers.Layer`.

    Input: float tensor `(batch, channels)`. Output: float32 `(batch, bits)`, unbounded.

    Raises:
        TypeError: `bits`, `depth` or `seed` is not a whole number.
        ValueError: `bits` is outside 1..4096, `depth` or `seed` is too small; when built, a
            `depth` above the number of channels.
        RuntimeError: called before `adapt`, with `center`.

    Source: Ji, Li, Yan, Zhang, Tian, "Super-Bit Locality-Sensitive Hashing", NIPS 2012. A last
    batch that is shorter, and centring, are ours.
    """

    def __init__(self, bits, depth=None, seed=0, center=True, **kwargs):
        super().__init__(bits, **kwargs)
        self.depth = None if depth is None else checks.whole("depth", depth, 1, None)
        self.seed = checks.whole("seed", seed, 0, None)
        self.center = bool(center)
        self.needs_data = self.center

    def get_config(self):
        own = {"depth": self.depth, "seed": self.seed, "center": self.center}
        return {**super().get_config(), **own}

    def _check_channels(self, channels):
        if self.depth is not None:
            checks.between(
                "depth", self.depth, 1, channels, "No more directions can be orthogonal."
            )

    def _adapt(self, batches):
        moments = Moments()
        for batch in batches:
            moments.update(batch)
        if self.center:
            self.mean.assign(moments.mean)

    def _first_projection(self, channels):
        depth = self.depth or min(channels, self.bits)
        normal = np.random.default_rng(self.seed).standard_normal((channels, self.bits))
        starts = range(0, self.bits, depth)
        return np.hstack([orthonormal(normal[:, start : start + depth]) for start in starts])


def orthonormal(columns):
    """Gram-Schmidt of columns: orthonormal, each with a positive part along its own column.

    A QR decomposition differs between libraries in the signs of columns; here they are fixed.

    Args:
        columns: float64 array `(rows, count)`, independent, count at most rows.

    Returns:
        float64 array `(rows, count)`.
    """
    q, r = np.linalg.qr(columns)
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)
