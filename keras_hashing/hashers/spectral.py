"""Spectral hashing: signs of waves along principal components.

Weiss, Torralba, Fergus, "Spectral Hashing", NIPS 2008.
"""

import keras
import numpy as np
from keras import ops

from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments
from keras_hashing.hashers.principal_components import check_spread, principal_components


@keras.saving.register_keras_serializable("keras_hashing", name="SpectralHash")
class SpectralHash(Hasher):
    """Outputs cos(m pi (p - low) / width) of a principal component p, for the slowest such waves.

    Were the features spread evenly over a box, these would be the codes whose bits are balanced,
    uncorrelated, and most alike for neighbours. A wide component gets several bits.

    Args:
        bits: int in 1..4096, the code length; may exceed the channels.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float32 `(n, bits)` in [-1, 1]; bit =
    (output >= 0). Outside the range that `adapt` saw the waves go on.

    `adapt` reads its data twice: ranges are those of all rows along the components, and these
    are known after the first pass. A generator is refused.

    Raises:
        TypeError: `bits` is not a whole number.
        ValueError: it is out of range.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> layer = SpectralHash(bits=12)
        >>> layer.adapt(features)
        >>> layer(features).shape.as_list()
        [100, 12]

    Source: the paper above; the waves to choose from, and which come first among equally slow
    ones, as in the authors' code.
    """

    passes = 2

    def start(self, channels):
        return {**super().start(channels), "phase": np.zeros(self.bits)}

    def fit(self, channels, batches):
        moments = Moments(channels, scatter=True)
        for batch in batches:
            moments.update(batch)
        check_spread("SpectralHash", moments)
        components = principal_components(moments.scatter, min(self.bits, channels))
        low = np.full(components.shape[1], np.inf)
        high = -low
        for batch in batches:
            projected = (batch - moments.mean) @ components
            low = np.minimum(low, projected.min(axis=0))
            high = np.maximum(high, projected.max(axis=0))
        chosen, numbers = slowest_waves(high - low, self.bits)
        rate = numbers * np.pi / (high - low)[chosen]  # radians per unit of the component
        return {
            "mean": moments.mean,
            "projection": components[:, chosen] * rate,
            "phase": -low[chosen] * rate,
        }

    def outputs_of(self, features):
        return ops.cos(super().outputs_of(features) + self.phase)


def slowest_waves(widths, count):
    """The `count` waves of least frequency m / width, with m = 1, 2, ... half periods each.

    Those of a dimension go up to m = ceil((count + 1) width / widest) - 1, so that the widest
    alone could give all.

    Args:
        widths: float array `(dimensions,)`, at least 0, the largest above 0.
        count: int, 1 or more.

    Returns:
        int arrays `(count,)`: the dimension and m of each, slowest first; of equally slow waves
        the one of the first dimension.
    """
    limits = np.ceil((count + 1) * widths / widths.max()).astype(int)
    waves = [(j, m) for j, limit in enumerate(limits) for m in range(1, limit)]
    dimensions, numbers = np.array(waves).T
    order = np.argsort(numbers / widths[dimensions], kind="stable")[:count]
    return dimensions[order], numbers[order]
