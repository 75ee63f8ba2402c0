"""Deep Neural Network Hashing: triplets, and bits that each read their own part of the features.

Source: Lai, Pan, Liu and Yan, "Simultaneous Feature Learning and Hash Coding with Deep Neural
Networks", CVPR 2015.
"""

from typing import Any

import keras
from keras import layers, ops

from keras_hashing import checks
from keras_hashing.layers import DivideAndEncode, PiecewiseThreshold
from keras_hashing.losses import TripletRanking
from keras_hashing.methods.hashing_model import HashingModel


@keras.saving.register_keras_serializable(package="keras_hashing", name="DNNH")
class DNNH(HashingModel):
    """Deep Neural Network Hashing: a divide-and-encode head trained on triplets.

    The features are cut into `bits` slices, each of which encodes one bit: a logit, a sigmoid,
    and a threshold that lets values through inside a band around 1/2. Outputs are 2h - 1 of these
    h, in [-1, 1]; the bit is h >= 1/2.

    Outputs outside the band are exactly -1 or +1 and learn nothing. The band is as wide as the
    range at first, which is "off"; narrow it late in training, with
    `keras_hashing.callbacks.NarrowThreshold` or `model.threshold.eps.assign(0.05)`, and watch the
    share of such outputs with `metrics=[saturated]`.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. The paper's is
            `backbones.nin.build(image_size, 50 * bits)`.
        features_per_bit: int >= 1, width of a slice, 50 in the paper. A backbone with another
            number of features than `features_per_bit * bits` gets a ReLU layer to that many.
        eps: float in [0, 0.5], half the width of the band at first. The paper calls it a small
            positive number; 0.5, "off", is ours.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> model = DNNH(bits=12, backbone=None)
        >>> model.compile("adamw", metrics=[saturated])

    Source: Lai et al., CVPR 2015; divide-and-encode module, piecewise threshold function and
    triplet ranking loss.
    """

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        features_per_bit: int = 50,
        eps: float = 0.5,
        **kwargs: Any,
    ) -> None:
        checks.whole("features_per_bit", features_per_bit, 1, None)
        head = [
            FeatureWidth(features_per_bit * checks.bits(bits), name="width"),
            DivideAndEncode(bits, name="hash"),
            layers.Activation("sigmoid", dtype="float32", name="sigmoid"),
            PiecewiseThreshold(eps, name="threshold"),
            layers.Rescaling(2.0, offset=-1.0, dtype="float32", name="outputs"),
        ]
        super().__init__(bits, backbone, head=head, **kwargs)
        self.features_per_bit = int(features_per_bit)
        self.eps = float(eps)

    @property
    def threshold(self):
        """The `PiecewiseThreshold` layer."""
        return self.head.get_layer("threshold")

    def default_loss(self):
        return TripletRanking()

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "features_per_bit": self.features_per_bit,
            "eps": self.eps,
        }


@keras.saving.register_keras_serializable(package="keras_hashing", name="FeatureWidth")
class FeatureWidth(layers.Layer):
    """Features of a given width: as they come where they have it, else through a ReLU layer.

    Args:
        width: int.
        **kwargs: `name` and `dtype` of `keras.layers.Layer`.

    Input: float tensor `(batch, channels)`. Output: `(batch, width)`.
    """

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.dense = None

    def build(self, input_shape):
        if input_shape[-1] != self.width:
            self.dense = layers.Dense(
                self.width, activation="relu", dtype=self.dtype_policy, name="dense"
            )
            self.dense.build(input_shape)

    def call(self, features):
        return features if self.dense is None else self.dense(features)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.width)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="keras_hashing", name="saturated")
def saturated(labels, outputs):
    """Share of each item's outputs that are -1 or +1, where the threshold stops the gradient.

    Args:
        labels: not used; a metric of `compile` gets them.
        outputs: float tensor `(batch, bits)` in [-1, 1].

    Returns:
        float32 tensor `(batch,)` in [0, 1].
    """
    return ops.mean(ops.cast(ops.abs(outputs) >= 1.0, "float32"), axis=-1)
