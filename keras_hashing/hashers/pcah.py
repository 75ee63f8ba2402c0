"""Signs along principal components: the baseline that ITQ rotates."""

import keras

from keras_hashing import checks
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments
from keras_hashing.hashers.principal_components import (
    check_rows,
    check_spread,
    principal_components,
)


@keras.saving.register_keras_serializable("keras_hashing", name="PCAHash")
class PCAHash(Hasher):
    """Outputs along the directions in which features differ most, the first bit's most.

    Late bits tell little: `ITQ` has the same directions, rotated so that all bits do.

    Args:
        bits: int in 1..channels, the code length.
        **kwargs: `name` and `dtype`, float32 unless given, of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float32 `(n, bits)`; bit = (output >= 0). Over
    the features that it was fitted to, outputs have mean 0 and are uncorrelated.

    Raises:
        TypeError: `bits` is not a whole number.
        ValueError: it is out of range; above the channels, once these are known.

    Example:
        >>> import numpy as np
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> layer = PCAHash(bits=8)
        >>> layer.adapt(features)
        >>> layer(features).shape.as_list()
        [100, 8]

    Source: the first step of `ITQ`, from the paper there. The components' signs are ours.
    """

    def start(self, channels):
        hint = "PCAHash has a bit per component, and so many channels."
        checks.between("bits", self.bits, 1, channels, hint)
        return super().start(channels)

    def fit(self, channels, batches):
        moments = Moments(channels, scatter=True)
        for batch in batches:
            moments.update(batch)
        check_rows("PCAHash", self.bits, moments)
        check_spread("PCAHash", moments)
        components = principal_components(moments.scatter, self.bits)
        return {"mean": moments.mean, "projection": components}
