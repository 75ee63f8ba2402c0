"""DeepBit (re-creation): certain, balanced bits that a small rotation does not change.

Source: Lin, Lu, Chen and Zhou, "Learning Compact Binary Descriptors with Unsupervised Deep Neural
Networks", CVPR 2016. Balance and rotation of bits, as written there, have no gradient; here all
terms are of probabilities. The weights are ours.
"""

from typing import Any

import keras
import numpy as np

from keras_hashing import checks, replicas
from keras_hashing.layers import HashHead
from keras_hashing.losses import bit_balance, bit_certainty_gap, bit_decorrelation
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import Table
from keras_hashing.methods.views import mean_rotation_gap, warn_without_rotation

THRESHOLDS = ("zero", "mean", "median")


@keras.saving.register_keras_serializable(package="keras_hashing", name="DeepBit")
class DeepBit(HashingModel):
    """DeepBit (re-creation); it needs no labels.

    Outputs are tanh((z - t) / 2) in [-1, 1], that is 2 p - 1 with p the probability of +1; t is
    the threshold, 0 in training steps. A step runs the backbone on four rotated copies of each
    image; with `rotation_weight=0` it trains as well on cached features, `backbone=None`.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. The paper takes VGG-16.
            Without one the rotation term is left out, with a warning.
        quantization_weight: float >= 0, on the squared gap of p to the nearer of 0 and 1.
        balance_weight: float >= 0, on the squared gap of each bit's batch mean to 1/2.
        rotation_weight: float >= 0, on the gap to the p of the image rotated by -10 to 10 degrees.
        decorrelation_weight: float >= 0, on the squared covariances of different bits; the
            abstract's uncorrelated bits, in no loss of the authors.
        threshold: what t is once `fit` has ended, over the training images: `"zero"`, 0;
            `"mean"`, one value for all bits, the mean of all z, as the authors' test code takes
            that of its features; `"median"`, that of each bit. The last two read the training
            data once more, and are saved with the model. `evaluate` measures the loss with them.
        train_backbone: bool; the authors train the last layer only.
        **kwargs: `image_size`, `pretrained`, `hidden`, `dropout` and `name` of `HashingModel`.

    Raises:
        ValueError: an argument outside its range; in `fit`, training data that cannot be read
            again, where a threshold is to be measured.

    Example:
        >>> model = DeepBit(bits=12, backbone=None, rotation_weight=0.0)
        >>> model.compile("adamw")

    Source: Lin et al., CVPR 2016; see the module.
    """

    supervised = False

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        quantization_weight: float = 1.0,
        balance_weight: float = 1.0,
        rotation_weight: float = 0.01,
        decorrelation_weight: float = 0.0,
        threshold: str = "zero",
        train_backbone: bool = False,
        **kwargs: Any,
    ) -> None:
        head = [HashHead(bits, "linear", name="hash")]
        super().__init__(bits, backbone, train_backbone=train_backbone, head=head, **kwargs)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )
        self.balance_weight = checks.between("balance_weight", balance_weight, 0.0, None)
        self.rotation_weight = checks.between("rotation_weight", rotation_weight, 0.0, None)
        self.decorrelation_weight = checks.between(
            "decorrelation_weight", decorrelation_weight, 0.0, None
        )
        self.threshold = checks.one_of("threshold", threshold, THRESHOLDS)
        self.reads_again = threshold != "zero"
        self.thresholds = Table(name="thresholds")
        self.thresholds.start(self.bits)
        if self.backbone is None and self.rotation_weight:
            warn_without_rotation("DeepBit")

    def call(self, images, training=False):
        logits = super().call(images, training)
        return keras.ops.tanh(0.5 * (logits if training else logits - self.thresholds.rows))

    def item_losses(self, images, labels, outputs, training):
        probabilities = 0.5 * (outputs + 1.0)
        (everyone,) = replicas.gather(probabilities)
        values = self.quantization_weight * bit_certainty_gap(probabilities)
        values = values + self.balance_weight * bit_balance(everyone)
        if self.decorrelation_weight:
            values = values + self.decorrelation_weight * bit_decorrelation(everyone)
        if self.backbone is not None and self.rotation_weight:
            # A gap of outputs is twice that of probabilities, its square four times.
            gaps = mean_rotation_gap(self, images, outputs, training) / 4.0
            values = values + self.rotation_weight * gaps
        return values

    def finish(self, data):
        """Measure the thresholds over the training images."""
        if self.threshold == "zero":
            return
        logits = np.concatenate([self._logits(images) for images, _ in data.batches()])
        values = np.median(logits, axis=0) if self.threshold == "median" else logits.mean()
        self.thresholds.rows.assign(np.broadcast_to(values, (self.bits,)).astype("float32"))

    def share(self, longest):
        """Take the thresholds of a longer model whose first bits these are."""
        self.thresholds.rows.assign(longest.thresholds.rows[: self.bits])

    def _logits(self, images):
        features = images if self.backbone is None else self.backbone.predict_on_batch(images)
        # Under `tf.distribute` every replica predicts the whole batch, one after the other.
        return np.asarray(self.head.predict_on_batch(features), "float64")[: len(images)]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantization_weight": self.quantization_weight,
            "balance_weight": self.balance_weight,
            "rotation_weight": self.rotation_weight,
            "decorrelation_weight": self.decorrelation_weight,
            "threshold": self.threshold,
        }
