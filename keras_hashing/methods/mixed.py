"""Codes for known classes and for new ones: some bits learnt from labels, some from features.

A method of this package. Supervised codes are worth little on classes that training never saw,
where unsupervised ones hold; this one spends bits on both.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_hashing import checks, formulas, relevance
from keras_hashing.hashers import ITQ
from keras_hashing.losses import class_centres
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import CentreTable, ClassHead, Table
from keras_hashing.methods.training_data import class_count


@keras.saving.register_keras_serializable(package="keras_hashing", name="Mixed")
class Mixed(HashingModel):
    """A class code and an ITQ code side by side, on a frozen backbone.

    The first bits tell classes apart: a classifier, a hidden layer and softmax cross entropy,
    gives the probabilities of the classes, and these bits' outputs are the mean of the classes'
    codes under them, in [-1, 1]. The other bits are fitted to the features without gradients when
    `fit` ends: features are whitened within the classes, with shrinkage, and `ITQ` makes bits of
    them. Images without a label (rows of zeros among multi-hot labels) take part in the
    second step, and the more of them there are from other classes, the better it knows these.

    Args:
        bits: int, 2 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. It is not trained.
        supervised_bits: int, 1 to `bits` - 1, how many bits tell classes apart; default 7/12.
        temperature: float > 0, by which the classifier's logits are divided.
        shrinkage: float > 0, share of the mean within-class variance that is added to every
            direction before whitening.
        classes: int >= 2 or None, number of classes; by default that of the training labels.
        seed: int, of the classes' codes and of ITQ's rotation.
        hidden: int, units of the classifier's hidden layer.
        dropout: float in [0, 1), in front of and behind it.
        **kwargs: `image_size`, `pretrained` and `name` of `HashingModel`.

    Raises:
        ValueError: an argument outside its range; from `fit`, labels of a single class or of more
            than `classes`, or fewer images than bits.

    Example:
        >>> model = Mixed(bits=48, backbone=None)
        >>> model.compile("adamw")

    Source: ours. Parts: Yuan et al., "Central Similarity Quantization", CVPR 2020, for the codes
    of the classes; Gong and Lazebnik, "Iterative Quantization", CVPR 2011.
    """

    needs_labels = True
    reads_again = True
    nests = False

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        supervised_bits: int | None = None,
        temperature: float = 2.0,
        shrinkage: float = 1.0,
        classes: int | None = None,
        seed: int = 0,
        hidden: int = 512,
        dropout: float = 0.5,
        **kwargs: Any,
    ) -> None:
        bits = checks.whole("bits", bits, 2, checks.MAX_BITS)
        chosen = round(bits * 7 / 12) if supervised_bits is None else supervised_bits
        super().__init__(
            bits, backbone, train_backbone=False, hidden=hidden, dropout=dropout, head=[], **kwargs
        )
        self.supervised_bits = checks.whole("supervised_bits", chosen, 1, bits - 1)
        self.temperature = checks.between("temperature", temperature, 1e-3, None)
        self.shrinkage = checks.between("shrinkage", shrinkage, 1e-6, None)
        self.seed = seed
        self.centres = CentreTable(self.supervised_bits, class_centres, seed)
        self.class_head = ClassHead(name="class_head")
        self.mean = Table(name="mean")
        self.projection = Table(name="projection")
        self.classes = None
        if classes is not None:
            self._start_classes(classes)
        if self.backbone is not None:
            self._start_projection()

    def build(self, input_shape):
        super().build(input_shape)
        self._start_projection()

    def _start_projection(self):
        channels = self.head.input_shape[-1]
        self.mean.start(channels)
        self.projection.start(channels, self.bits - self.supervised_bits)

    def _start_classes(self, classes):
        self.classes = self.centres.fill(classes)
        self.class_head.start(self.hidden, classes)

    def prepare(self, labels):
        self._start_classes(class_count(relevance.labels("labels", labels), self.classes))

    def call(self, images, training=False):
        if self.classes is None:
            raise ValueError(
                "Mixed does not know the number of classes yet. Call `fit`, or give `classes=`."
            )
        features = self.features(images, training)
        probabilities = ops.softmax(self._logits(features, training) / self.temperature)
        return ops.concatenate(
            [
                ops.matmul(probabilities, self.centres.rows),
                ops.matmul(features - self.mean.rows, self.projection.rows),
            ],
            axis=-1,
        )

    def item_losses(self, images, labels, outputs, training):
        logits = self._logits(self.features(images, training), training)
        return formulas.class_cross_entropy(labels, logits)

    def _logits(self, features, training):
        return self.class_head(self.head(features, training=training))

    def finish(self, data):
        """Fit the unsupervised bits: within-class whitening, then ITQ."""
        batches = [(self._host_features(images), labels) for images, labels in data.batches()]
        features = np.concatenate([part for part, _ in batches]).astype("float64")
        shares = np.asarray(
            formulas.class_shares(np.concatenate([labels for _, labels in batches]), self.classes)
        )
        mean = features.mean(axis=0)
        whitening = within_class_whitening(features, shares, self.shrinkage)
        layer = ITQ(self.bits - self.supervised_bits, seed=self.seed)
        layer.adapt((features - mean) @ whitening)
        projection = whitening @ np.asarray(layer.projection)
        self.mean.rows.assign(mean.astype("float32"))
        self.projection.rows.assign(projection.astype("float32"))

    def _host_features(self, images):
        if self.backbone is None:
            return np.asarray(images)
        # Under `tf.distribute` every replica predicts the whole batch, one after the other.
        return np.asarray(self.backbone.predict_on_batch(images))[: len(images)]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["train_backbone"]  # never
        return {
            **config,
            "supervised_bits": self.supervised_bits,
            "temperature": self.temperature,
            "shrinkage": self.shrinkage,
            "classes": self.classes,
            "seed": self.seed,
        }


def within_class_whitening(features, shares, shrinkage):
    """The transform after which classes are round clouds, as far as shrinkage lets it.

    Args:
        features: float64 array `(n, channels)`.
        shares: float array `(n, classes)`, each item's share of every class; rows of zeros have no
            part in it.
        shrinkage: float > 0, times the mean within-class variance, added to every direction.

    Returns:
        float64 array `(channels, channels)`.
    """
    counts = np.maximum(shares.sum(axis=0), 1e-12)
    centres = (shares.T @ features) / counts[:, None]
    labelled = shares.any(axis=1)
    gaps = features[labelled] - shares[labelled] @ centres
    scatter = gaps.T @ gaps / max(1, labelled.sum())
    ridge = shrinkage * (np.trace(scatter) / len(scatter) or 1.0)  # 1 where classes are points
    values, vectors = np.linalg.eigh(scatter + ridge * np.eye(len(scatter)))
    return vectors / np.sqrt(values)
