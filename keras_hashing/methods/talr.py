"""Tie-Aware Learning to Rank: average precision of the batch's own rankings, optimised directly.

Source: He, Cakir, Bargal and Sclaroff, "Hashing as Tie-Aware Learning to Rank", CVPR 2018.
"""

from typing import Any

import keras

from keras_hashing import checks
from keras_hashing.layers import HashHead
from keras_hashing.losses import TieAwareAP
from keras_hashing.methods.hashing_model import HashingModel


@keras.saving.register_keras_serializable(package="keras_hashing", name="TALR")
class TALR(HashingModel):
    """Tie-Aware Learning to Rank, the variant that maximises average precision.

    Every image of a batch ranks the others, so batches are to be large: 250 in the authors'
    settings. Outputs are 2 sigmoid(z) - 1, in [-1, 1].

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        bins: int >= 1, steps of the soft histograms of distances; None is `bits` below 32 bits
            and half as many from there on.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        TypeError: `bins` is not a whole number.
        ValueError: an argument outside its range.

    Example:
        >>> model = TALR(bits=12, backbone=None)
        >>> model.compile("adamw")

    Source: He et al., CVPR 2018; simplified tie-aware AP, with the sigmoid's slope of 1 that the
    authors' code has.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        bins: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, backbone, head=[HashHead(bits, "sigmoid", name="hash")], **kwargs)
        self.bins = None if bins is None else checks.whole("bins", bins, 1, None)

    def default_loss(self):
        return TieAwareAP(self.bins)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins}
