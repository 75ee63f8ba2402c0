"""Bi-half: codes of which half are +1 for every bit keep the cosines of the features.

Source: Li and van Gemert, "Deep Unsupervised Image Hashing by Maximizing Bit Entropy", AAAI 2021.
"""

from typing import Any

import keras

from keras_hashing import checks, replicas
from keras_hashing.layers import HashHead
from keras_hashing.layers.bihalf import bihalf_signs
from keras_hashing.layers.straight_through_sign import straight_through_sign
from keras_hashing.losses import code_gap, cosine_structure
from keras_hashing.methods.hashing_model import HashingModel


@keras.saving.register_keras_serializable(package="keras_hashing", name="BiHalfModel")
class BiHalf(HashingModel):
    """Bi-half network; it needs no labels.

    In training the larger half of each bit's outputs over the batch becomes +1 and the rest -1;
    the loss is the squared gap between the cosines of codes and those of features, first half of
    the batch against the second. Outputs are not squashed, and the code is their sign.

    The features are computed a second time for the loss: train on cached features,
    `backbone=None`, where the backbone is frozen. Keep batches free of copies of one image, of
    which one would get +1 and the other -1.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. The paper takes the 4096
            features of VGG-16.
        gap_weight: float >= 0, gamma, weight of the pull of the outputs to their codes; 6 in the
            paper. As there, its gradient does not depend on that of the other term.
        train_backbone: bool; the paper trains the last layer only.
        **kwargs: `image_size`, `pretrained`, `hidden`, `dropout` and `name` of `HashingModel`.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> model = BiHalf(bits=12, backbone=None)
        >>> model.compile("adamw")

    Source: Li and van Gemert, AAAI 2021; the pull is their addition to the gradient, written as a
    loss of the same gradient.
    """

    supervised = False

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        gap_weight: float = 6.0,
        train_backbone: bool = False,
        **kwargs: Any,
    ) -> None:
        # Outputs start near 0: large ones would be pulled to the halves of their first batches,
        # with a force that leaves no room for the other term.
        start = keras.initializers.RandomNormal(stddev=0.01)
        head = [HashHead(bits, "linear", kernel_initializer=start, name="hash")]
        super().__init__(bits, backbone, train_backbone=train_backbone, head=head, **kwargs)
        self.gap_weight = checks.between("gap_weight", gap_weight, 0.0, None)

    def item_losses(self, images, labels, outputs, training):
        def values(features, outputs):
            signs = bihalf_signs(outputs) if training else straight_through_sign(outputs)
            return cosine_structure(features, signs) + self.gap_weight * code_gap(outputs, signs)

        return replicas.of_batch(values, self.features(images, training), outputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gap_weight": self.gap_weight}
