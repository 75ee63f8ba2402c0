"""HashNet: weighted pairwise cross-entropy of outputs that grow into signs while it trains.

Source: Cao, Long, Wang and Yu, "HashNet: Deep Learning to Hash by Continuation", ICCV 2017.
"""

from typing import Any

import keras

from keras_hashing import checks
from keras_hashing.layers import HashHead, PowerSchedule, ScaledTanh
from keras_hashing.losses import WeightedPairwiseCrossEntropy
from keras_hashing.methods.hashing_model import HashingModel

VARIANTS = ("hashnet", "c", "w", "sgn")


@keras.saving.register_keras_serializable(package="keras_hashing", name="HashNet")
class HashNet(HashingModel):
    """HashNet, with the variants of the paper's ablation.

    Outputs are tanh(beta z), in [-1, 1]. beta starts at 1 and grows with the batches seen in
    training, so that the outputs come near the codes: it is sqrt(1 + growth * n), n the batches
    seen, rounded down to a multiple of `every`. The count is saved with the model.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        variant: `"hashnet"`; `"c"`, similar pairs of multi-hot labels weigh by the share of
            their labels that they share; `"w"`, similar and dissimilar pairs without their
            weights; `"sgn"`, without continuation, beta staying 1.
        alpha: float >= 0, scale of the inner products; None is the authors' 10 / bits.
        every: int >= 1, batches between two changes of beta. With the authors' 200, beta ends
            their training of 10,000 batches at 7.14; for another number of batches, a fiftieth
            of it gives the same end.
        growth: float >= 0, growth of beta's square per batch; None is 1 / every, 0.005 as the
            authors have it.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        TypeError: `every` is not a whole number.
        ValueError: an unknown variant, or an argument outside its range.

    Example:
        >>> model = HashNet(bits=48, backbone=None, every=20)
        >>> model.compile("adamw")

    Source: Cao et al., ICCV 2017, weighted maximum likelihood, learning by continuation, and the
    ablation HashNet+C, HashNet-W and HashNet-sgn; `scale_tanh_layer.cpp` of the authors'
    repository thuml/HashNet for beta.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        variant: str = "hashnet",
        alpha: float | None = None,
        every: int = 200,
        growth: float | None = None,
        **kwargs: Any,
    ) -> None:
        variant = checks.one_of("variant", variant, VARIANTS)
        every = checks.whole("every", every, 1, None, "Pass a number of batches.")
        schedule = PowerSchedule(
            growth=1.0 / every if growth is None else growth,
            power=0.0 if variant == "sgn" else 0.5,
            every=every,
        )
        head = [HashHead(bits, "linear", name="hash"), ScaledTanh(schedule, name="scaled_tanh")]
        super().__init__(bits, backbone, head=head, **kwargs)
        self.variant = variant
        self.alpha = None if alpha is None else checks.between("alpha", alpha, 0.0, None)
        self.every = every
        self.growth = growth

    def default_loss(self):
        return WeightedPairwiseCrossEntropy(
            self.alpha,
            weighted=self.variant != "w",
            similarity="jaccard" if self.variant == "c" else "01",
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "variant": self.variant,
            "alpha": self.alpha,
            "every": self.every,
            "growth": self.growth,
        }
