"""Deep Polarized Network: every output is pushed past a margin on its class's side.

Source: Fan et al., "Deep Polarized Network for Supervised Learning of Accurate Binary Hashing
Codes", IJCAI 2020.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks
from keras_hashing.layers import HashHead
from keras_hashing.losses import Polarization, bernoulli_centres
from keras_hashing.methods.centre_method import CentreMethod


@keras.saving.register_keras_serializable(package="keras_hashing", name="DPN")
class DPN(CentreMethod):
    """Deep Polarized Network.

    Outputs are linear, unbounded. Every class has a random target code. The loss of an item of
    several classes is the mean of its losses to each of their targets (ours; the authors' code
    sums them); an item without labels has the loss 0.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        classes: int, at least 2; `None` to find it in the labels at the first `fit`.
        seed: int, at least 0, of the targets.
        margin: float > 0, m, the size that an output is to reach.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Attributes:
        centres: int8 array `(classes, bits)` of -1 and +1, the classes' target codes.

    Raises:
        ValueError: more classes than codes of `bits` bits, or an argument outside its range.

    Example:
        >>> model = DPN(bits=12, backbone=None, classes=10)
        >>> model.centres.shape
        (10, 12)

    Source: Fan et al., IJCAI 2020; polarization loss. Ternary distances and the update of the
    targets, options of the paper, are left out.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        classes: int | None = None,
        seed: int = 0,
        margin: float = 1.0,
        **kwargs: Any,
    ) -> None:
        head = [HashHead(bits, activation="linear", name="hash")]
        super().__init__(bits, backbone, classes, seed, make=bernoulli_centres, head=head, **kwargs)
        self.margin = checks.between("margin", margin, 1e-6, None)

    def item_losses(self, images, labels, outputs, training):
        votes, counts = self.table.votes(labels)
        # The hinge is linear in the target, so the mean of targets gives the mean of losses.
        targets = votes / ops.maximum(counts, 1.0)[:, None]
        known = ops.cast(counts > 0, "float32")
        return known * Polarization(self.margin).call(targets, outputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "margin": self.margin,
        }
