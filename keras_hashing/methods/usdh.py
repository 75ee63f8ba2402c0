"""USDH (re-creation): cosines of codes follow those of features, which need no labels.

Source: Jin et al., "Unsupervised Semantic Deep Hashing", arXiv 1803.06911, 2018, of which only
the abstract was at hand: the four criteria are the paper's, every formula and weight is ours.
"""

from typing import Any

import keras

from keras_hashing import checks, replicas
from keras_hashing.losses import bit_bias, relation_gap, spread_cosines, unit_gap
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.views import mean_rotation_gap, warn_without_rotation


@keras.saving.register_keras_serializable(package="keras_hashing", name="USDH")
class USDH(HashingModel):
    """USDH (re-creation); it needs no labels.

    Outputs are tanh(z), in [-1, 1]. The features are computed once more for the loss, and four
    times for the rotated images: with `rotation_weight=0` it trains as well on cached features,
    `backbone=None`.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. The paper takes VGG-19.
            Without one the rotation term is left out, with a warning.
        quantization_weight: float >= 0, on the squared gap of |u| to 1; 0.1 is ours.
        balance_weight: float >= 0, on the squared batch mean of each bit; 0.1 is ours.
        rotation_weight: float >= 0, on the gap to the outputs of the image rotated by -10 to 10
            degrees; 0.01 is ours.
        train_backbone: bool; the cosines of the features are targets, so they are best left.
        **kwargs: `image_size`, `pretrained`, `hidden`, `dropout` and `name` of `HashingModel`.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> model = USDH(bits=12, backbone=None, rotation_weight=0.0)
        >>> model.compile("adamw")

    Source: Jin et al., 2018, the abstract; see the module.
    """

    supervised = False

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        quantization_weight: float = 0.1,
        balance_weight: float = 0.1,
        rotation_weight: float = 0.01,
        train_backbone: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, backbone, train_backbone=train_backbone, **kwargs)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )
        self.balance_weight = checks.between("balance_weight", balance_weight, 0.0, None)
        self.rotation_weight = checks.between("rotation_weight", rotation_weight, 0.0, None)
        if self.backbone is None and self.rotation_weight:
            warn_without_rotation("USDH")

    def item_losses(self, images, labels, outputs, training):
        def relations(features, outputs):
            gaps = relation_gap(outputs, spread_cosines(features))
            gaps = gaps + self.quantization_weight * unit_gap(outputs)
            return gaps + self.balance_weight * bit_bias(outputs)

        features = keras.ops.cast(self.features(images, training), "float32")
        values = replicas.of_batch(relations, features, outputs)
        if self.backbone is not None and self.rotation_weight:
            gaps = mean_rotation_gap(self, images, outputs, training) / self.bits
            values = values + self.rotation_weight * gaps
        return values

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantization_weight": self.quantization_weight,
            "balance_weight": self.balance_weight,
            "rotation_weight": self.rotation_weight,
        }
