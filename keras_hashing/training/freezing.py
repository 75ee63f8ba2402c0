"""Train only the upper part of a backbone, in a third of the time."""

import keras

from keras_hashing.backbones.frozen_norm_conv import FrozenNormConv


def freeze_before(backbone, start):
    """Freeze a backbone's layers before the first whose name begins with `start`.

    Behind it depthwise kernels stay as they are too: they hold a hundredth of the weights, and
    their gradients take a third of a step on a CPU.

    Args:
        backbone: `keras.Model` of `keras_hashing.backbones.get`.
        start: str, such as "block4b".

    Raises:
        ValueError: no layer's name begins so.
    """
    (network,) = (layer for layer in backbone.layers if isinstance(layer, keras.Model))
    names = [layer.name for layer in network.layers]
    first = next((place for place, name in enumerate(names) if name.startswith(start)), None)
    if first is None:
        named = ", ".join(layer.name for layer in network.layers if layer.weights)
        raise ValueError(
            f"`trained_from` must begin the name of a layer of {network.name}; got {start!r}. "
            f"Layers with weights: {named}."
        )
    for place, layer in enumerate(network.layers):
        depthwise = isinstance(layer, FrozenNormConv) and layer.filters is None
        layer.trainable = place >= first and not depthwise
