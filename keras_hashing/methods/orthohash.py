"""OrthoHash: one loss, the classification by cosines to fixed, nearly orthogonal targets.

Source: Hoe, Ng, Zhang, Chan, Song and Xiang, "One Loss for All: Deep Hashing with a Single Cosine
Similarity based Learning Objective", NeurIPS 2021.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from keras_hashing import checks, replicas
from keras_hashing.losses import CosineMargin, bernoulli_centres, class_centres
from keras_hashing.methods.centre_method import CentreMethod

TARGETS = {"bernoulli": bernoulli_centres, "hadamard": class_centres}

# Squared lengths below this count as 0.
_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="keras_hashing", name="OrthoHash")
class OrthoHash(CentreMethod):
    """OrthoHash.

    Outputs are a linear layer's after batch normalization, which balances the bits; unbounded. A
    cosine of 1 to a target of -1 and +1 leaves no quantization error, so there is no second term.
    An item without labels has the loss 0.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        classes: int, at least 2; `None` to find it in the labels at the first `fit`.
        seed: int, at least 0, of the targets.
        margin: float >= 0, m, taken off the cosine of each of the item's classes.
        scale: float > 0, s, of the cosines; `None` for the square root of `bits`, as in the
            paper's supplement. The authors' code has 8 at any length.
        targets: `"bernoulli"`, random codes; `"hadamard"`, those of
            `keras_hashing.losses.class_centres`, which are farther apart.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Attributes:
        centres: int8 array `(classes, bits)` of -1 and +1, the classes' target codes.

    Raises:
        ValueError: more classes than codes of `bits` bits, unknown `targets`, or an argument
            outside its range.

    Example:
        >>> model = OrthoHash(bits=12, backbone=None, classes=10)
        >>> model.centres.shape
        (10, 12)

    Source: Hoe et al., NeurIPS 2021; cosine softmax cross entropy with an additive cosine margin,
    in the form for several labels too. Momentum 0.9 and epsilon 1e-5 of the normalization are
    ours.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        classes: int | None = None,
        seed: int = 0,
        margin: float = 0.2,
        scale: float | None = None,
        targets: str = "bernoulli",
        **kwargs: Any,
    ) -> None:
        make = TARGETS[checks.one_of("targets", targets, TARGETS)]
        super().__init__(bits, backbone, classes, seed, make=make, head=_head(bits), **kwargs)
        self.margin = checks.between("margin", margin, 0.0, None)
        self.scale = None if scale is None else checks.between("scale", scale, 1e-6, None)
        self.targets = targets

    def cosines(self, outputs):
        """Cosine of every item's outputs and every class's target.

        Args:
            outputs: float tensor `(batch, bits)`.

        Returns:
            Float tensor `(batch, classes)` in [-1, 1]; 0 for outputs of length 0, which keep a
            gradient of moderate size.
        """
        squares = ops.sum(ops.square(outputs), axis=-1, keepdims=True)
        lengths = ops.sqrt(ops.where(squares > _EPSILON, squares, 1.0))
        products = ops.matmul(outputs, ops.transpose(self.table.matrix()))
        return products / (lengths * math.sqrt(self.bits))

    def item_losses(self, images, labels, outputs, training):
        scale = math.sqrt(self.bits) if self.scale is None else self.scale
        return CosineMargin(scale, self.margin).call(labels, self.cosines(outputs))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "margin": self.margin,
            "scale": self.scale,
            "targets": self.targets,
        }


def _head(bits):
    """Linear layer and batch normalization, in float32 under any dtype policy."""
    return [
        layers.Dense(
            checks.bits(bits),
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            dtype="float32",
            name="hash",
        ),
        layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            synchronized=replicas.count() > 1,  # statistics of the batch of all replicas
            dtype="float32",
            name="balance",
        ),
    ]
