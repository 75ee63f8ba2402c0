"""The optimizer of a recipe: AdamW, a schedule, and a rate of its own for the head."""

import keras

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
