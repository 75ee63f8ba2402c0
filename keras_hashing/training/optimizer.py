"""What of a model a recipe trains, and how fast: AdamW, a schedule, a rate for the head alone."""

import keras

from keras_hashing.backbones.frozen_norm_conv import FrozenNormConv

_WARMUP_SHARE = 0.1


def make_optimizer(training, steps_per_epoch, backbone=None):
    """AdamW with a linear warm-up, then a cosine to 0 or no change; biases do not decay.

    Args:
        training: `keras_hashing.training.recipe.Training`.
        steps_per_epoch: int.
        backbone: the model's `keras.Model` of a backbone; None where a head is trained alone.
    """
    steps = training.epochs * steps_per_epoch
    warmup = max(1, round(_WARMUP_SHARE * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - warmup),
        alpha=1.0 if training.schedule == "constant" else 0.0,
        warmup_target=float(training.learning_rate),
        warmup_steps=warmup,
    )
    if backbone is None or training.head_rate == 1.0:
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=training.weight_decay)
    else:
        optimizer = HeadRate(schedule, training.head_rate, backbone, training.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


class HeadRate(keras.optimizers.AdamW):
    """AdamW whose steps are longer for what is not of the backbone.

    Args:
        learning_rate: float or schedule, of the backbone.
        head_rate: float, the other rate over that one.
        backbone: `keras.Model`.
        weight_decay: float, at the backbone's rate for all.

    Source: the authors of DHN and HashNet train the layer of the codes, new where the rest is
    pretrained, at 10 times the rate.
    """

    def __init__(self, learning_rate, head_rate, backbone, weight_decay):
        super().__init__(learning_rate, weight_decay=weight_decay)
        self.head_rate = head_rate
        self.backbone_ids = {id(variable) for variable in backbone.variables}
        self.rates = []

    def build(self, variables):
        super().build(variables)
        self.rates = [
            1.0 if id(variable) in self.backbone_ids else self.head_rate for variable in variables
        ]

    def update_step(self, gradient, variable, learning_rate):
        rate = self.rates[self._get_variable_index(variable)]
        super().update_step(gradient, variable, rate * learning_rate)


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
