"""DLBHC: a sigmoid layer in front of the classes, whose thresholded units are the code.

Source: Lin, Yang, Hsiao and Chen, "Deep Learning of Binary Hash Codes for Fast Image
Retrieval", CVPR Workshops 2015.
"""

from typing import Any

import keras
from keras import initializers

from keras_hashing import checks, formulas, relevance
from keras_hashing.layers import HashHead
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import ClassHead
from keras_hashing.methods.training_data import class_count


@keras.saving.register_keras_serializable(package="keras_hashing", name="DLBHC")
class DLBHC(HashingModel):
    """Deep learning of binary hash codes: softmax cross entropy of the classes, and nothing else.

    The latent layer h = sigmoid(z) feeds the class layer. Outputs are 2h - 1, in [-1, 1], so that
    a bit is h >= 1/2. `keras_hashing.CoarseToFine` is the paper's search.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. AlexNet in the paper, whose
            last dense layer feeds the latent layer.
        classes: int >= 2 or None, number of classes; by default that of the training labels.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        ValueError: an argument outside its range; from `fit`, labels of a single class, or of
            more than `classes`.

    Example:
        >>> model = DLBHC(bits=48, backbone=None)
        >>> model.compile("adamw")

    Source: Lin et al., CVPR Workshops 2015. Initial weights are those of the authors' Caffe
    files: latent weights of standard deviation 0.005 and biases of 1, so that at first every bit
    is on; class weights of 0.01. They train the class layer ten times as fast as the others. An
    item with several labels is to have them in equal shares, which is ours.
    """

    needs_labels = True

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        classes: int | None = None,
        **kwargs: Any,
    ) -> None:
        latent = HashHead(
            bits,
            "sigmoid",
            kernel_initializer=initializers.RandomNormal(stddev=0.005),
            bias_initializer="ones",
            name="hash",
        )
        super().__init__(bits, backbone, head=[latent], **kwargs)
        self.classes = None
        self.class_head = ClassHead(
            kernel_initializer=initializers.RandomNormal(stddev=0.01), name="class_head"
        )
        if classes is not None:
            self._start(checks.whole("classes", classes, 2, None))

    def prepare(self, labels):
        self._start(class_count(relevance.labels("labels", labels), self.classes))

    def item_losses(self, images, labels, outputs, training):
        if self.classes is None:
            raise ValueError(
                "DLBHC does not know the number of classes yet. Call `fit`, or give `classes=`."
            )
        latent = 0.5 * (outputs + 1.0)
        return formulas.class_cross_entropy(labels, self.class_head(latent))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}

    def _start(self, classes):
        self.classes = classes
        self.class_head.start(self.bits, classes)
