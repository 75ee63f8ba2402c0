"""Central Similarity Quantization: every class has a centre, its items are pulled to it.

Source: Yuan, Wang, Zhang, Tay, Jie, Liu and Feng, "Central Similarity Quantization for Efficient
Image and Video Retrieval", CVPR 2020.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_hashing import checks
from keras_hashing.losses import CentreCrossEntropy, class_centres
from keras_hashing.methods.centre_method import CentreMethod
from keras_hashing.methods.tables import Table


@keras.saving.register_keras_serializable(package="keras_hashing", name="CSQ")
class CSQ(CentreMethod):
    """Central Similarity Quantization.

    Outputs are tanh(z), in [-1, 1]. Centres come from `keras_hashing.losses.class_centres`: rows
    of a Hadamard matrix where there is one, for any number of bits (the paper: powers of two). The
    centre of an item of several classes is the sign of the sum of theirs; where the sum is 0 it
    takes the bit of one random vector, which is saved with the model. An item without labels has
    no centre and the loss 0.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        classes: int, at least 2; `None` to find it in the labels at the first `fit`.
        seed: int, at least 0, of random centres and of the vector that breaks ties.
        quantization_weight: float >= 0, lambda, on the mean over images and bits of (|u| - 1)^2.
            The authors' code has 0.05 with ResNet-50, and 1e-3 or 1e-4 with AlexNet.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Attributes:
        centres: int8 array `(classes, bits)` of -1 and +1, the classes' centres.

    Raises:
        ValueError: more classes than codes of `bits` bits, or an argument outside its range.

    Example:
        >>> model = CSQ(bits=12, backbone=None, classes=10)
        >>> model.centres.shape
        (10, 12)

    Source: Yuan et al., CVPR 2020; central similarity loss and quantization loss, the latter as in
    the authors' code. Their pairwise term, of weight 0 there, is left out.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        classes: int | None = None,
        seed: int = 0,
        quantization_weight: float = 1e-4,
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, backbone, classes, seed, make=class_centres, **kwargs)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )
        self.ties = Table(name="ties")
        self.ties.start(self.bits)
        random = np.random.default_rng([self.table.seed, 1])
        self.ties.rows.assign(random.choice([-1.0, 1.0], self.bits))

    def targets(self, labels):
        """Centres of items, and 1 where an item has one, else 0.

        Args:
            labels: tensor `(batch,)`, `(batch, 1)` or multi-hot `(batch, classes)`.

        Returns:
            Float tensor `(batch, bits)` of -1 and +1, float tensor `(batch,)`.
        """
        votes, counts = self.table.votes(labels)
        ties = ops.convert_to_tensor(self.ties.rows)
        signs = ops.where(votes > 0, 1.0, ops.where(votes < 0, -1.0, ties))
        return signs, ops.cast(counts > 0, "float32")

    def item_losses(self, images, labels, outputs, training):
        targets, known = self.targets(labels)
        return known * CentreCrossEntropy(self.quantization_weight).call(targets, outputs)

    def share(self, longest):
        """Take the first columns of a longer CSQ's centres and tie vector as one's own."""
        super().share(longest)
        self.ties.rows.assign(longest.ties.rows[: self.bits])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantization_weight": self.quantization_weight,
        }
