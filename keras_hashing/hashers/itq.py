"""Iterative quantization.

Gong, Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning Binary Codes",
CVPR 2011; with Gordo and Perronnin, TPAMI 2013.
"""

from typing import Any

import keras
import numpy as np

from keras_hashing import checks
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments, Sample
from keras_hashing.hashers.principal_components import (
    check_rows,
    check_spread,
    principal_components,
)


@keras.saving.register_keras_serializable("keras_hashing", name="ITQ")
class ITQ(Hasher):
    """Principal components, rotated so that they lose little when only signs are kept.

    The strongest of the methods here that need neither labels nor gradients; from a few times
    `bits` items on.

    Args:
        bits: int in 1..channels, the code length.
        iterations: int, 0 or more, steps of the rotation. Default: the paper's 50.
        seed: int, 0 or more, of the first rotation and the sample.
        max_samples: int, `bits` + 1 or more: the rotation is fitted to a random sample of at most
            so many rows, kept in memory as float32. Mean and components see all rows. Ours.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float `(n, bits)`; bit = (output >= 0).

    Raises:
        TypeError: an argument is not a whole number.
        ValueError: one is out of range; `bits` above the channels, once these are known.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> layer = ITQ(bits=8)
        >>> layer.adapt(features)
        >>> layer(features).shape.as_list()
        [100, 8]

    Source: the paper above, CVPR 2011, section 2.
    """

    def __init__(
        self,
        bits: int,
        iterations: int = 50,
        seed: int = 0,
        max_samples: int = 50_000,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, dtype=dtype, **kwargs)
        self.seed = checks.whole("seed", seed, 0, None)
        self.iterations = checks.whole("iterations", iterations, 0, None)
        self.max_samples = checks.whole(
            "max_samples", max_samples, self.bits + 1, None, "A rotation needs more rows than bits."
        )

    def start(self, channels):
        checks.between(
            "bits", self.bits, 1, channels, "ITQ has a bit per component, and so many channels."
        )
        return super().start(channels)

    def fit(self, channels, batches):
        moments = Moments(channels, scatter=True)
        sample = Sample(self.max_samples, self.seed)
        for batch in batches:
            moments.update(batch)
            sample.update(batch)
        check_rows("ITQ", self.bits, moments)
        check_spread("ITQ", moments)
        components = principal_components(moments.scatter, self.bits)
        projected = (sample.rows() - moments.mean) @ components
        first = random_rotation(self.bits, self.seed)
        rotation = rotate(projected, first, self.iterations)
        return {"mean": moments.mean, "projection": components @ rotation}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "seed": self.seed,
            "iterations": self.iterations,
            "max_samples": self.max_samples,
        }


def random_rotation(size, seed):
    """float64 array `(size, size)`, orthogonal, drawn evenly from all such."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


def rotate(projected, rotation, iterations):
    """The rotation after some steps, each of which brings the data no farther from its signs.

    Both halves of a step are exact minimisers, so ||sign(V R) - V R||^2 never rises.

    Args:
        projected: float array `(n, bits)`, V.
        rotation: float array `(bits, bits)`, orthogonal, the first R.
        iterations: int.

    Returns:
        float64 array `(bits, bits)`, orthogonal, R.

    Source: the paper above, CVPR 2011, section 2.2, with R transposed there.
    """
    for _ in range(iterations):
        signs = np.where(projected @ rotation >= 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ projected)  # B^T V = U S W^T; `right` is W^T
        rotation = right.T @ left.T  # R = W U^T
    return rotation
