"""CIBHash: codes of two views of an image find each other among all others.

Source: Qiu, Su, Ou, Yu and Chen, "Unsupervised Hashing with Contrastive Information Bottleneck",
IJCAI 2021.
"""

from typing import Any

import keras

from keras_hashing import checks, replicas
from keras_hashing.layers import HashHead
from keras_hashing.layers.straight_through_sign import straight_through_sign
from keras_hashing.losses import nt_xent, symmetric_divergence
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.views import random_features, random_view


@keras.saving.register_keras_serializable(package="keras_hashing", name="CIBHash")
class CIBHash(HashingModel):
    """CIBHash; it needs no labels.

    A step draws two random views of each image, `call` one and the loss the other. Outputs are
    2 p - 1 in [-1, 1], p the probability of +1; the codes of the contrastive term are their signs,
    passing the gradient to p. `evaluate` compares each image as it is with a random view of it.

    Without a backbone a view is the features with noise and dropout, which is ours and weaker:
    views of images make the codes forget what cropping and recolouring change.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. The paper takes the 4096
            features of VGG-16.
        temperature: float > 0, tau; 0.3 in the authors' code.
        divergence_weight: float >= 0, beta, weight of the divergence between the two views'
            probabilities; 0.001 in the authors' code.
        noise: float >= 0, used without a backbone only: standard deviation of the noise on the
            features, in units of the features' own.
        view_dropout: float in [0, 1), used without a backbone only: share of the features that a
            view lacks.
        hidden: int, units of the ReLU layer in front of the bits; 1024 in the authors' code.
        train_backbone: bool; the authors' is frozen.
        **kwargs: `image_size`, `pretrained`, `dropout` and `name` of `HashingModel`.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> model = CIBHash(bits=12, backbone=None)
        >>> model.compile("adam")

    Source: Qiu et al., IJCAI 2021; the signs are those of the authors' code.
    """

    supervised = False

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        temperature: float = 0.3,
        divergence_weight: float = 0.001,
        noise: float = 0.1,
        view_dropout: float = 0.1,
        hidden: int = 1024,
        train_backbone: bool = False,
        **kwargs: Any,
    ) -> None:
        head = [HashHead(bits, "sigmoid", name="hash")]
        super().__init__(
            bits, backbone, hidden=hidden, train_backbone=train_backbone, head=head, **kwargs
        )
        self.temperature = checks.between("temperature", temperature, 1e-3, None)
        self.divergence_weight = checks.between("divergence_weight", divergence_weight, 0.0, None)
        self.noise = checks.between("noise", noise, 0.0, None)
        self.view_dropout = checks.between("view_dropout", view_dropout, 0.0, 0.999)
        self.view_seed = keras.random.SeedGenerator()

    def view(self, images):
        """A random view of each image, or of each row of features without a backbone."""
        if self.backbone is None:
            return random_features(images, self.noise, self.view_dropout, self.view_seed)
        return random_view(images, self.view_seed)

    def call(self, images, training=False):
        return super().call(self.view(images) if training else images, training)

    def item_losses(self, images, labels, outputs, training):
        features = self.features(self.view(images), training)
        others = self.head(features, training=training)
        contrast = replicas.of_batch(
            lambda one, other: nt_xent(one, other, self.temperature),
            straight_through_sign(0.5 * outputs),  # p - 1/2
            straight_through_sign(0.5 * others),
        )
        divergence = symmetric_divergence(0.5 * (outputs + 1.0), 0.5 * (others + 1.0))
        return contrast + self.divergence_weight * divergence

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "divergence_weight": self.divergence_weight,
            "noise": self.noise,
            "view_dropout": self.view_dropout,
        }
