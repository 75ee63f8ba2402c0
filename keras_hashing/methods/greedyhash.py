"""GreedyHash: signs in the forward pass, their gradient handed on to the outputs.

Source: Su, Zhang, Han and Tian, "Greedy Hash: Towards Fast Optimization for Accurate Hash Coding
in CNN", NeurIPS 2018.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, formulas, relevance, replicas
from keras_hashing.layers import HashHead
from keras_hashing.layers.straight_through_sign import straight_through_sign
from keras_hashing.losses.unsupervised import cosine_structure
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import ClassHead
from keras_hashing.methods.training_data import class_count

VARIANTS = ("supervised", "unsupervised")


def cubic_gap(outputs):
    """Mean over bits of | |z| - 1 |^3.

    Args:
        outputs: float tensor `(batch, bits)`.

    Returns:
        Float tensor `(batch,)`, at least 0. At an output of 0 descent goes to +1.

    Source: Su et al., NeurIPS 2018, the penalty with p = 3.
    """
    gaps = ops.abs(formulas.magnitude(outputs) - 1.0)
    return ops.mean(gaps * ops.square(gaps), axis=-1)


@keras.saving.register_keras_serializable(package="keras_hashing", name="GreedyHash")
class GreedyHash(HashingModel):
    """Greedy Hash, with labels or without.

    Outputs are z, unbounded. Both variants add a penalty that keeps them near -1 and +1.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        variant: `"supervised"`, softmax cross entropy of a class layer without bias on the
            signs; or `"unsupervised"`, the squared gap between the cosines of signs and of
            features, over pairs of an item in the batch's first half and one in its second.
            The latter ignores labels. It computes the features of a batch twice.
        quantization_weight: float >= 0, alpha, on the mean over bits of | |z| - 1 |^3. The
            authors' code has 0.1, for ImageNet 1.
        classes: int >= 2 or None, number of classes of the supervised variant; by default that
            of the training labels.
        train_backbone: bool; None is True for the supervised variant, and False for the other,
            as in the paper.
        **kwargs: `image_size`, `pretrained`, `hidden`, `dropout` and `name` of `HashingModel`.

    Raises:
        ValueError: an unknown variant, or an argument outside its range; from a supervised
            `fit`, labels of a single class, or of more than `classes`.

    Example:
        >>> model = GreedyHash(bits=32, backbone=None, variant="unsupervised")
        >>> model.compile("adamw")

    Source: Su et al., NeurIPS 2018; the authors' class layer has no bias. The first weights of
    the unsupervised variant, of standard deviation 0.001, are ours. An item with several
    labels is to have them in equal shares, which is ours, as is the sign +1 of 0.
    """

    needs_labels = True  # these two of the supervised variant; `__init__` sets them for the other
    supervised = True

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        variant: str = "supervised",
        quantization_weight: float = 0.1,
        classes: int | None = None,
        train_backbone: bool | None = None,
        **kwargs: Any,
    ) -> None:
        checks.one_of("variant", variant, VARIANTS)
        by_labels = variant == "supervised"
        # Without labels, larger weights would leave the bits where chance has put them.
        start = "glorot_uniform" if by_labels else keras.initializers.RandomNormal(stddev=0.001)
        head = [HashHead(bits, "linear", kernel_initializer=start, name="hash")]
        train_backbone = by_labels if train_backbone is None else train_backbone
        super().__init__(bits, backbone, head=head, train_backbone=train_backbone, **kwargs)
        self.variant = variant
        self.supervised = self.needs_labels = by_labels
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )
        self.classes = None if classes is None else checks.whole("classes", classes, 2, None)
        self.class_head = ClassHead(use_bias=False, name="class_head") if by_labels else None
        self._start()

    def prepare(self, labels):
        if self.class_head is not None:
            self.classes = class_count(relevance.labels("labels", labels), self.classes)
            self._start()

    def item_losses(self, images, labels, outputs, training):
        signs = straight_through_sign(outputs)
        if self.class_head is None:
            values = replicas.of_batch(cosine_structure, self.features(images), signs)
        elif self.classes is None:
            raise ValueError(
                "GreedyHash does not know the number of classes yet. Call `fit`, or give "
                "`classes=`."
            )
        else:
            values = formulas.class_cross_entropy(labels, self.class_head(signs))
        return values + self.quantization_weight * cubic_gap(outputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "variant": self.variant,
            "quantization_weight": self.quantization_weight,
            "classes": self.classes,
        }

    def _start(self):
        if self.class_head is not None and self.classes is not None:
            self.class_head.start(self.bits, self.classes)
