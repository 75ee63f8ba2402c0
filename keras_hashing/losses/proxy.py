"""Losses against fixed target codes of classes: CSQ's, DPN's and OrthoHash's.

Items are compared with targets that `keras_hashing.losses.class_centres` and `bernoulli_centres`
make, not with each other, so an item's value does not depend on the rest of its batch.

Yuan et al., "Central Similarity Quantization for Efficient Image and Video Retrieval", CVPR 2020.
Fan et al., "Deep Polarized Network for Supervised Learning of Accurate Binary Hashing Codes",
IJCAI 2020.
Hoe, Ng, Zhang, Chan, Song, Xiang, "One Loss for All: Deep Hashing with a Single Cosine Similarity
based Learning Objective", NeurIPS 2021.
"""

import math
from typing import Any

import keras
from keras import ops

from keras_hashing import checks, formulas

# Outputs of the centre cross entropy stay this far from -1 and +1.
_EDGE = 1e-6


def centre_cross_entropy(targets, outputs):
    """Binary cross entropy of every bit, with probability (u + 1) / 2 of the bit being +1.

    Args:
        targets: float tensor in [-1, 1]; (t + 1) / 2 is the wanted probability.
        outputs: float tensor of the same shape in [-1, 1]. Beyond 1 - 1e-6 the value is that of
            1 - 1e-6, with the slope there, so that an output on the wrong side is still pulled.

    Returns:
        Float tensor of the same shape, at least 0; log 2 where an output is 0.

    Source: CSQ, central similarity loss; for u = tanh(z) and t = -1 or +1 it is softplus(-2 t z).
    """
    inside = ops.clip(outputs, _EDGE - 1.0, 1.0 - _EDGE)
    inside = ops.stop_gradient(inside) + (outputs - ops.stop_gradient(outputs))  # plus exactly 0
    likelihood = (1.0 + targets) * ops.log1p(inside) + (1.0 - targets) * ops.log1p(-inside)
    return math.log(2.0) - 0.5 * likelihood


def polarization(targets, outputs, margin=1.0):
    """Hinge of every bit: how far an output is from reaching `margin` on its target's side.

    Args:
        targets: float tensor in [-1, 1]; inside the interval the two sides' hinges are weighed by
            (1 + t) / 2 and (1 - t) / 2, so a mean of targets has the mean of their hinges.
        outputs: float tensor of the same shape, unbounded.
        margin: float.

    Returns:
        Float tensor of the same shape, at least 0.

    Source: DPN, polarization loss max(m - z t, 0).
    """
    to_positive = 0.5 * (1.0 + targets) * ops.relu(margin - outputs)
    return to_positive + 0.5 * (1.0 - targets) * ops.relu(margin + outputs)


def cosine_margin(labels, cosines, scale, margin):
    """Softmax cross entropy of scaled cosines, those of the item's own classes less a margin.

    Args:
        labels: tensor `(batch,)` or `(batch, 1)` of class ids, or multi-hot `(batch, classes)`.
        cosines: float tensor `(batch, classes)`, of the item's outputs and each class's target.
        scale: float, s.
        margin: float, m.

    Returns:
        Float tensor `(batch,)`, at least 0; 0 for an item without labels.

    Source: OrthoHash, CE(s (cos - m y), y / sum(y)).
    """
    own = ops.cast(formulas.class_shares(labels, cosines.shape[-1]) > 0, cosines.dtype)
    return formulas.class_cross_entropy(labels, scale * (cosines - margin * own))


@keras.saving.register_keras_serializable("keras_hashing", name="CentreCrossEntropy")
class CentreCrossEntropy(keras.losses.Loss):
    """CSQ's loss: binary cross entropy to the item's centre, and quantization.

    Args:
        quantization_weight: float >= 0, lambda, on the mean over bits of (|u| - 1)^2. The
            authors' code has 0.05 for ResNet-50, 1e-3 or 1e-4 for AlexNet.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: targets float `(batch, bits)` in [-1, 1]; outputs float `(batch, bits)` in [-1, 1],
    tanh in the paper. Both terms are means over bits.

    Raises:
        ValueError: a negative weight; when called, inputs that are not of rank 2 and one width.

    Example:
        >>> loss = CentreCrossEntropy()
        >>> round(float(loss(ops.ones((2, 4)), ops.full((2, 4), 0.5))), 4)  # log 4/3 + 0.25e-4
        0.2877

    Source: the paper at the top of the module; the squared quantization is the authors' code's.
    """

    def __init__(self, quantization_weight: float = 1e-4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )

    def call(self, targets, outputs):
        targets, outputs = _pair(targets, outputs, self.dtype)
        values = ops.mean(centre_cross_entropy(targets, outputs), axis=-1)
        if self.quantization_weight:
            gaps = ops.square(formulas.magnitude(outputs) - 1.0)
            values = values + self.quantization_weight * ops.mean(gaps, axis=-1)
        return values

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "quantization_weight": self.quantization_weight}


@keras.saving.register_keras_serializable("keras_hashing", name="Polarization")
class Polarization(keras.losses.Loss):
    """DPN's loss: sum over bits of the hinge to the target's side.

    Args:
        margin: float > 0, m, what an output has to reach.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: targets float `(batch, bits)` in [-1, 1], a mean of signs for several classes; outputs
    float `(batch, bits)`, unbounded.

    Raises:
        ValueError: a margin that is not positive; when called, inputs that are not of rank 2 and
            one width.

    Example:
        >>> float(Polarization()(ops.array([[1.0, -1.0]]), ops.array([[0.5, 0.5]])))  # 0.5 + 1.5
        2.0

    Source: the paper at the top of the module.
    """

    def __init__(self, margin: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margin = checks.between("margin", margin, 1e-6, None)

    def call(self, targets, outputs):
        targets, outputs = _pair(targets, outputs, self.dtype)
        return ops.sum(polarization(targets, outputs, self.margin), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}


@keras.saving.register_keras_serializable("keras_hashing", name="CosineMargin")
class CosineMargin(keras.losses.Loss):
    """OrthoHash's loss: softmax cross entropy of cosines to the classes' targets, with a margin.

    Args:
        scale: float > 0, s: 8 in the authors' code, the square root of the bits in the paper's
            supplement.
        margin: float >= 0, m, taken off the cosine of every class of the item.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels `(batch,)`, `(batch, 1)` or multi-hot `(batch, classes)`; cosines float
    `(batch, classes)`, not outputs. An item of several classes is to share its probability equally
    among them; one of none has the value 0.

    Raises:
        ValueError: an argument outside its range; when called, cosines that are not of rank 2.

    Example:
        >>> loss = CosineMargin(scale=8.0, margin=0.0)
        >>> round(float(loss(ops.array([0]), ops.array([[0.5, 0.5]]))), 4)  # log 2
        0.6931

    Source: the paper at the top of the module.
    """

    def __init__(self, scale: float = 8.0, margin: float = 0.2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = checks.between("scale", scale, 1e-6, None)
        self.margin = checks.between("margin", margin, 0.0, None)

    def call(self, labels, cosines):
        checks.rank("cosines", cosines, 2, "Pass one cosine per class: (batch, classes).")
        return cosine_margin(labels, ops.cast(cosines, self.dtype), self.scale, self.margin)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "margin": self.margin}


def _pair(targets, outputs, dtype):
    """Targets and outputs as tensors of one dtype; ValueError unless their shapes agree."""
    targets = ops.convert_to_tensor(targets)
    checks.rank("outputs", outputs, 2, "Pass the hash layer's output, (batch, bits).")
    given = tuple(targets.shape)
    differ = len(given) != 2 or any(
        None not in sizes and sizes[0] != sizes[1]
        for sizes in zip(given, tuple(outputs.shape), strict=True)
    )
    if differ:
        raise ValueError(
            f"targets must have one row of bits per item, like the outputs; got shapes {given} and "
            f"{tuple(outputs.shape)}. Pass the target codes of the items, not their labels."
        )
    return ops.cast(targets, dtype), ops.cast(outputs, dtype)
