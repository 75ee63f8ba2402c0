"""Supervised hashing with kernels.

Liu, Wang, Ji, Jiang, Chang, "Supervised Hashing with Kernels", CVPR 2012.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_hashing import checks
from keras_hashing.classes import Classes, several
from keras_hashing.hashers import kernel_bits
from keras_hashing.hashers.feature_batches import labels_of
from keras_hashing.hashers.hasher import Hasher
from keras_hashing.hashers.moments import Moments
from keras_hashing.hashers.principal_components import check_spread


@keras.saving.register_keras_serializable("keras_hashing", name="KSH")
class KSH(Hasher):
    """Outputs are weighted sums of Gaussian kernels to anchors, learned from labels.

    For a few thousand labels on features that are good already, in seconds.

    Args:
        bits: int in 1..4096, the code length.
        anchors: int, 1 or more, items that features are compared with, drawn from those that
            `adapt` gets. Default: the authors' 300.
        labelled: int, 2 or more: learns from a random sample of at most so many items that have
            a label. Default: the authors' 2000.
        seed: int, 0 or more, of both draws.
        dtype: dtype policy, float32 unless given.
        **kwargs: `name` of `keras.layers.Layer`.

    Input: float tensor `(n, channels)`. Output: float32 `(n, bits)`; bit = (output >= 0).

    Raises:
        TypeError: an argument is not a whole number.
        ValueError: one is out of range.

    Example:
        >>> features = np.random.default_rng(0).normal(size=(100, 16)).astype("float32")
        >>> layer = KSH(bits=8, anchors=20)
        >>> layer.adapt(features, labels=np.arange(100) % 4)
        >>> layer(features).shape.as_list()
        [100, 8]

    Source: the paper above, and the authors' code: the kernel's width is the mean squared
    distance to an anchor, each bit is kept from the spectral start or its refinement.
    """

    passes = 2

    def __init__(
        self,
        bits: int,
        anchors: int = 300,
        labelled: int = 2000,
        seed: int = 0,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, dtype=dtype, **kwargs)
        self.anchors = checks.whole("anchors", anchors, 1, None)
        self.labelled = checks.whole("labelled", labelled, 2, None)
        self.seed = checks.whole("seed", seed, 0, None)

    def start(self, channels):
        return {
            "mean": np.zeros(channels),
            "anchor_rows": np.zeros((self.anchors, channels)),
            "width": 1.0,
            "kernel_mean": np.zeros(self.anchors),
            "projection": np.zeros((self.anchors, self.bits)),
        }

    def adapt(self, data, labels=None):
        """Fit to features and their labels; an earlier fit is forgotten.

        Args:
            data: features `(items, channels)` as array or tensor; or `tf.data.Dataset`,
                `keras.utils.PyDataset` or a list of batches, each such features or a tuple that
                begins with them. Read twice, and in the same order as the labels: no shuffling.
            labels: class numbers or names `(items,)`, or multi-hot `(items, classes)`; None where
                `data` brings them. Items without a label may become anchors, and are not learned
                from.

        Raises:
            TypeError: `data` is no such thing, or its values are not real numbers.
            ValueError: no features, features of another rank or number of channels, with NaN or
                infinity; fewer than `anchors`, or all equal; no labels, or some of another
                number of items or of a single class. The layer then stays as it was.
        """
        labels = labels_of(data) if labels is None else labels
        if labels is None:
            raise ValueError("KSH learns from labels; got none. Call `adapt(features, labels)`.")
        self._adapt(data, Classes.of(labels).numbers(several(labels)))

    def fit(self, channels, batches, labels=None):
        anchors, learned = self._draw(labels)
        moments = Moments(channels)
        found = np.zeros((len(anchors) + len(learned), channels))
        wanted = np.concatenate([anchors, learned])
        for batch in batches:
            here = (wanted >= moments.count) & (wanted < moments.count + len(batch))
            found[here] = batch[wanted[here] - moments.count]
            moments.update(batch)
        if moments.count != len(labels):
            raise ValueError(
                f"`labels` must have one row for each of {moments.count} items; got "
                f"{len(labels)}. Pass labels in the order of the items."
            )
        check_spread("KSH", moments)
        # What is kept as float32 is rounded first, so that the projections are made for it.
        mean = moments.mean.astype(np.float32).astype(np.float64)
        rows = (found[: self.anchors] - mean).astype(np.float32).astype(np.float64)
        # The mean of all squared distances, as each is spread over the mean of all rows.
        from_mean = np.square(rows + mean - moments.mean).sum(axis=1)
        width = float(np.float32(moments.variance.sum() + from_mean.mean()))
        kernel_mean = np.zeros(self.anchors)
        for batch in batches:
            kernel_mean += kernel(batch - mean, rows, width).sum(axis=0) / moments.count
        centred = kernel(found[self.anchors :] - mean, rows, width) - kernel_mean
        return {
            "mean": mean,
            "anchor_rows": rows,
            "width": width,
            "kernel_mean": kernel_mean,
            "projection": kernel_bits.learn(centred, labels[learned], self.bits),
        }

    def _draw(self, labels):
        """Positions of the anchors, and of the items to learn from."""
        if len(labels) < self.anchors:
            raise ValueError(
                f"KSH draws {self.anchors} anchors; got {len(labels)} item(s). Pass more, or "
                "lower `anchors`."
            )
        generator = np.random.default_rng(self.seed)
        anchors = generator.permutation(len(labels))[: self.anchors]
        known = np.arange(len(labels)) if labels.ndim == 1 else np.flatnonzero(labels.any(axis=1))
        learned = np.sort(generator.permutation(known)[: self.labelled])
        chosen = labels[learned]
        present = len(np.unique(chosen)) if labels.ndim == 1 else int(chosen.any(axis=0).sum())
        if present < 2:
            raise ValueError(
                f"KSH learns from items of two classes at least; got {present}. Add items of "
                "another class, raise `labelled`, or take a hasher without labels."
            )
        return anchors, learned

    def outputs_of(self, features):
        similar = kernel(features - self.mean, self.anchor_rows, self.width, ops)
        return ops.matmul(similar - self.kernel_mean, self.projection)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "anchors": self.anchors,
            "labelled": self.labelled,
            "seed": self.seed,
        }


def kernel(features, anchors, width, library=np):
    """exp(-||x - a||^2 / (2 width)), `(n, anchors)`.

    Args:
        features: float array `(n, channels)`, x.
        anchors: float array `(anchors, channels)`, a.
        width: float above 0, a squared length.
        library: module with NumPy's functions, `numpy` or `keras.ops`.
    """
    lengths = library.sum(library.square(features), axis=1, keepdims=True)
    anchor_lengths = library.sum(library.square(anchors), axis=1)
    products = library.matmul(features, library.transpose(anchors))
    distances = library.maximum(lengths - 2 * products + anchor_lengths, 0)
    return library.exp(-distances / (2 * width))
