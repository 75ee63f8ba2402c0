"""Deep Hashing Network: pairwise cross-entropy and pairwise quantization.

Source: Zhu, Long, Wang and Cao, "Deep Hashing Network for Efficient Similarity Retrieval",
AAAI 2016.
"""

from typing import Any

import keras

from keras_hashing import checks
from keras_hashing.losses import PairwiseCrossEntropy, PairwiseSquaredError
from keras_hashing.methods.hashing_model import HashingModel

VARIANTS = ("dhn", "b", "q", "e")


@keras.saving.register_keras_serializable(package="keras_hashing", name="DHN")
class DHN(HashingModel):
    """Deep Hashing Network, with the variants of the paper's ablation.

    Outputs are tanh(z), in [-1, 1].

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        variant: `"dhn"`; `"b"`, trained as `"dhn"`, its outputs ranked by inner product without
            the sign; `"q"`, without the quantization loss; `"e"`, squared error in place of the
            pairwise cross-entropy.
        alpha: float > 0, factor on the inner products inside the cross-entropy: 1 in the paper,
            1/2 in later pairwise methods.
        quantization_weight: float >= 0, lambda, on the mean over images of the sum over bits of
            log cosh(|u| - 1). The authors' code has 0.3.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        ValueError: an unknown variant, or an argument outside its range.

    Example:
        >>> model = DHN(bits=12, backbone=None)
        >>> model.compile("adamw")

    Source: Zhu et al., AAAI 2016; pairwise cross-entropy and the smoothed bimodal Laplacian
    prior, variants DHN-B, DHN-Q and DHN-E.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        variant: str = "dhn",
        alpha: float = 1.0,
        quantization_weight: float = 0.3,
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, backbone, **kwargs)
        self.variant = checks.one_of("variant", variant, VARIANTS)
        self.alpha = checks.between("alpha", alpha, 1e-6, None)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )

    def default_loss(self):
        weight = 0.0 if self.variant == "q" else self.quantization_weight
        if self.variant == "e":
            return PairwiseSquaredError(quantization_weight=weight)
        return PairwiseCrossEntropy(alpha=self.alpha, quantization_weight=weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "variant": self.variant,
            "alpha": self.alpha,
            "quantization_weight": self.quantization_weight,
        }
