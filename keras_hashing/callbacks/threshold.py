"""The band of a piecewise threshold, narrowed while a model trains."""

import keras

from keras_hashing import checks
from keras_hashing.layers import PiecewiseThreshold


class NarrowThreshold(keras.callbacks.Callback):
    """Narrows the band of every `PiecewiseThreshold` of the model from epoch to epoch.

    The first epoch has the band that the layer was made with, the last of several `eps`, and
    those between lie on a line. The width depends on the epoch alone, so a resumed `fit` with
    `initial_epoch` goes on where it stopped.

    Args:
        eps: float in [0, 0.5], half the width in the last epoch.

    Raises:
        ValueError: `eps` outside [0, 0.5]; when training begins, a model without the layer.

    Example:
        >>> import numpy as np
        >>> from keras_hashing.methods import DNNH
        >>> features, labels = np.eye(4, 8, dtype="float32"), [0, 0, 1, 1]
        >>> model = DNNH(bits=4, backbone=None, features_per_bit=2)
        >>> model.compile()
        >>> narrow = NarrowThreshold(0.1)
        >>> history = model.fit(features, labels, epochs=2, verbose=0, callbacks=[narrow])

    Source: ours; Lai et al., CVPR 2015, have a small constant band.
    """

    def __init__(self, eps: float = 0.05) -> None:
        super().__init__()
        self.eps = checks.between("eps", eps, 0.0, 0.5)
        self._thresholds = ()

    def on_train_begin(self, logs=None):
        self._thresholds = tuple(_thresholds(self.model))
        if not self._thresholds:
            raise ValueError(
                f"`NarrowThreshold` needs a model with a PiecewiseThreshold; {self.model.name!r} "
                "has none. Use the method DNNH, or leave the callback out."
            )

    def on_epoch_begin(self, epoch, logs=None):
        progress = epoch / max(1, self.params["epochs"] - 1)
        for layer in self._thresholds:
            if layer.built:  # else the first batch builds it, as wide as it was made
                layer.eps.assign(layer.initial_eps + progress * (self.eps - layer.initial_eps))


def _thresholds(model):
    """Every `PiecewiseThreshold` of a model and of the models inside it."""
    for layer in model.layers:
        if isinstance(layer, PiecewiseThreshold):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _thresholds(layer)
