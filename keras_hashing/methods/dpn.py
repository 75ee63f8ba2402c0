"""Deep Polarized Network: every output is pushed past a margin on its class's side.

Source: Fan et al., "Deep Polarized Network for Supervised Learning of Accurate Binary Hashing
Codes", IJCAI 2020.
"""

import keras
from keras import ops

from keras_hashing import checks
from keras_hashing.layers import HashHead
from keras_hashing.losses import Polarization, bernoulli_centres
from keras_hashing.methods.centre_table import CentreTable
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.training_data import class_count


@keras.saving.register_keras_serializable(package="keras_hashing", name="DPN")
class DPN(HashingModel):
    """Deep Polarized Network.

    Outputs are linear, unbounded. Every class has a random target code. The loss of an item of
    several classes is the mean of its losses to each of their targets (ours; the authors' code
    sums them); an item without labels has the loss 0.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        classes: int, at least 2; `None` to find it in the labels at the first `fit`.
        seed: int, at least 0, of the targets.
        margin: float > 0, m, the size that an output is to reach.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Attributes:
        centres: int8 array `(classes, bits)` of -1 and +1, the classes' target codes.

    Raises:
        ValueError: more classes than codes of `bits` bits, or an argument outside its range.

    Example:
        >>> model = DPN(bits=12, backbone=None, classes=10)
        >>> model.centres.shape
        (10, 12)

    Source: Fan et al., IJCAI 2020; polarization loss. Ternary distances and the update of the
    targets, options of the paper, are left out.
    """

    needs_labels = True

    def __init__(
        self,
        bits,
        backbone="efficientnet_lite0",
        classes=None,
        seed=0,
        margin=1.0,
        **kwargs,
    ):
        head = [HashHead(bits, activation="linear", name="hash")]
        super().__init__(bits, backbone, head=head, **kwargs)
        self.margin = checks.between("margin", margin, 1e-6, None)
        self.table = CentreTable(self.bits, bernoulli_centres, seed)
        self.classes = None if classes is None else self.table.fill(classes)

    @property
    def centres(self):
        return self.table.numpy()

    def prepare(self, labels):
        self.classes = class_count(labels, self.classes)
        self.table.fill(self.classes)

    def item_losses(self, images, labels, outputs, training):
        votes, counts = self.table.votes(labels)
        # The hinge is linear in the target, so the mean of targets gives the mean of losses.
        targets = votes / ops.maximum(counts, 1.0)[:, None]
        known = ops.cast(counts > 0, "float32")
        return known * Polarization(self.margin).call(targets, outputs)

    def share(self, longest):
        """Take the first columns of a longer DPN's targets as one's own."""
        self.classes = self.table.share(longest.table)

    def order_for_prefixes(self):
        """Reorder the targets' columns so that the first ones tell the classes apart too."""
        self.table.order_for_prefixes()

    def get_config(self):
        return {
            **super().get_config(),
            "classes": self.classes,
            "seed": self.table.seed,
            "margin": self.margin,
        }
