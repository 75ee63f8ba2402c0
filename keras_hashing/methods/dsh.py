"""Deep Supervised Hashing: squared distances with a margin, and absolute quantization.

Source: Liu, Wang, Shan and Chen, "Deep Supervised Hashing for Fast Image Retrieval", CVPR 2016.
"""

from typing import Any

import keras

from keras_hashing import checks
from keras_hashing.layers import HashHead
from keras_hashing.losses import PairwiseContrastive
from keras_hashing.methods.hashing_model import HashingModel


@keras.saving.register_keras_serializable(package="keras_hashing", name="DSH")
class DSH(HashingModel):
    """Deep Supervised Hashing.

    Outputs are the hash layer's, not squashed.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        margin: float >= 0, the squared distance that dissimilar items are to have; None is the
            paper's 2 * bits.
        regularization_weight: float >= 0, alpha, on the mean over images of the sum over bits of
            ||u| - 1|, each image counted once as in the authors' code.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> model = DSH(bits=12, backbone=None)
        >>> model.compile("adamw")

    Source: Liu et al., CVPR 2016; margin and weight are the paper's.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        margin: float | None = None,
        regularization_weight: float = 0.01,
        **kwargs: Any,
    ) -> None:
        head = [HashHead(bits, "linear", name="hash")]
        super().__init__(bits, backbone, head=head, **kwargs)
        self.margin = None if margin is None else checks.between("margin", margin, 0.0, None)
        self.regularization_weight = checks.between(
            "regularization_weight", regularization_weight, 0.0, None
        )

    def default_loss(self):
        return PairwiseContrastive(self.margin, self.regularization_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "margin": self.margin,
            "regularization_weight": self.regularization_weight,
        }
