"""Deep Pairwise-Supervised Hashing: each image against stored outputs of the training set.

Source: Li, Wang and Kang, "Feature Learning Based Deep Supervised Hashing with Pairwise Labels",
IJCAI 2016.
"""

from typing import Any

import keras
from keras import ops

from keras_hashing import checks, relevance, replicas
from keras_hashing.layers import HashHead
from keras_hashing.losses import PairwiseCrossEntropy
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import Table
from keras_hashing.methods.training_data import class_count

MOST_ROWS = 50_000
LARGEST_LABEL = 2**24  # beyond, float32 takes two labels for one


def after_arrival(rows, items, count):
    """Rows of a first-in first-out queue after a batch has come in.

    The item that arrives as number n, from 0 on, goes to row n modulo the number of rows.

    Args:
        rows: tensor `(capacity, ...)`.
        items: tensor `(batch, ...)` of the same dtype, in order of arrival; of a batch larger
            than the capacity the last ones stay.
        count: int32 scalar tensor, how many items arrived before.

    Returns:
        Tensor `(capacity, ...)`.
    """
    capacity, batch = rows.shape[0], ops.shape(items)[0]
    first = ops.mod(ops.arange(capacity, dtype="int32") - count, capacity)  # item for each row
    last = first + ops.floor_divide(batch - 1 - first, capacity) * capacity
    taken = ops.take(items, ops.maximum(last, 0), axis=0)
    arrived = ops.reshape(first < batch, (capacity,) + (1,) * (len(rows.shape) - 1))
    return ops.where(arrived, taken, rows)


def squared_quantization(outputs):
    """Squared distance of each item's outputs from their signs, which have no gradient.

    Args:
        outputs: float tensor `(batch, bits)`.

    Returns:
        Float tensor `(batch,)`, at least 0.

    Source: Li et al., IJCAI 2016, term with factor eta; the sign of 0 is +1.
    """
    signs = ops.cast(ops.where(outputs >= 0, 1.0, -1.0), outputs.dtype)
    return ops.sum(ops.square(ops.stop_gradient(signs) - outputs), axis=-1)


@keras.saving.register_keras_serializable(package="keras_hashing", name="DPSH")
class DPSH(HashingModel):
    """Deep Pairwise-Supervised Hashing.

    Outputs u are the hash layer's, not squashed. A training step stores its batch's outputs and
    labels in a bank; an image's loss is the mean of the pairwise cross-entropy, with
    theta = <u, u'> / 2, over all stored outputs u' but its own, plus the weighted sum over bits
    of (sign(u) - u)^2. Stored outputs are constants: they carry no gradient. `evaluate` compares
    with the bank as training left it, and with an empty bank the first term is 0.

    The paper has one row per training image. Here the bank is a queue of the latest outputs,
    because a batch does not say which images it holds (ours). With as many rows as images it
    holds each epoch's outputs at the epoch's end; in between an image can meet its own output of
    the epoch before. Under `tf.distribute` it stores the items of all replicas.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`.
        quantization_weight: float >= 0, eta over the number of training images. The authors'
            code has 10 / 5,000 = 0.002.
        bank_size: int >= 1, most rows of the bank, which has no more rows than there are training
            images; None is 50,000.
        bank_rows, bank_classes: int, the bank of a saved model: its rows, and the classes of
            multi-hot labels, None for single ones. `fit` sets them. An entry of the zoo has no
            bank; trained on, it starts a new one.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        TypeError: a size that is not a whole number.
        ValueError: an argument outside its range; when fitted, labels of one class, labels
            above 2**24, or labels of another form than the bank's.

    Example:
        >>> model = DPSH(bits=12, backbone=None)
        >>> model.compile("adamw")

    Source: Li et al., IJCAI 2016, negative log likelihood of the pairwise labels with the
    relaxed codes; means in place of sums, as in the authors' repository jiangqy/DPSH-pytorch. The
    hash layer's first weights, of standard deviation 0.01, are ours.
    """

    needs_labels = True
    only_training = ("bank_rows", "bank_classes", "bank_outputs", "bank_labels", "bank_count")

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        quantization_weight: float = 0.002,
        bank_size: int | None = None,
        bank_rows: int | None = None,
        bank_classes: int | None = None,
        **kwargs: Any,
    ) -> None:
        # From small outputs on: large ones at the start leave the bank's signs to chance for long.
        start = keras.initializers.RandomNormal(stddev=0.01)
        head = [HashHead(bits, "linear", kernel_initializer=start, name="hash")]
        super().__init__(bits, backbone, head=head, **kwargs)
        self.quantization_weight = checks.between(
            "quantization_weight", quantization_weight, 0.0, None
        )
        self.bank_size = (
            None if bank_size is None else checks.whole("bank_size", bank_size, 1, None)
        )
        self.pair_loss = PairwiseCrossEntropy(alpha=0.5)
        self.bank_outputs = Table(name="bank_outputs")
        self.bank_labels = Table(name="bank_labels")
        self.bank_count = Table("int32", name="bank_count")
        self.bank_rows = self.bank_classes = None
        if bank_rows is not None:
            self._start_bank(bank_rows, bank_classes)

    def _start_bank(self, rows, classes):
        self.bank_rows = checks.whole("bank_rows", rows, 1, None)
        if classes is not None:
            self.bank_classes = checks.whole("bank_classes", classes, 2, None)
        self.bank_outputs.start(self.bank_rows, self.bits)
        self.bank_labels.start(self.bank_rows, self.bank_classes)
        self.bank_count.start(1)

    def prepare(self, labels):
        labels = relevance.labels("labels", labels)
        if labels.ndim == 1:
            checks.whole("labels", int(labels.max()), 0, LARGEST_LABEL, "Number them from 0 on.")
        if self.bank_rows is not None:
            self._check_form(labels)
        classes = class_count(labels)
        if self.bank_rows is None:
            rows = min(len(labels), self.bank_size or MOST_ROWS)
            self._start_bank(rows, classes if labels.ndim == 2 else None)

    def _check_form(self, labels):
        given, stored = tuple(labels.shape[1:]), tuple(self.bank_labels.rows.shape[1:])
        if len(given) != len(stored) or (None not in given and given != stored):
            form = f"multi-hot labels of {stored[0]} classes" if stored else "single labels (n,)"
            raise ValueError(
                f"the model was prepared for {form}; got labels of shape {tuple(labels.shape)}. "
                "Pass labels of that form, or make a new model."
            )

    def item_losses(self, images, labels, outputs, training):
        if self.bank_rows is None:
            raise ValueError(
                "DPSH compares with a bank of outputs, and there is none yet. Call `fit`, or "
                "`prepare` with all training labels, first."
            )
        outputs = ops.cast(outputs, "float32")
        labels = ops.cast(labels, "float32")
        if len(labels.shape) == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        self._check_form(labels)
        stored = ops.convert_to_tensor(self.bank_outputs.rows)
        stored_labels = ops.convert_to_tensor(self.bank_labels.rows)
        count, positions = self.bank_count.rows[0], None
        if training:
            arriving, their_labels = replicas.gather(ops.stop_gradient(outputs), labels)
            positions = self._positions(count, outputs, ops.shape(arriving)[0])
            stored = after_arrival(stored, arriving, count)
            stored_labels = after_arrival(stored_labels, their_labels, count)
            count = self._store(stored, stored_labels, count + ops.shape(arriving)[0])
        filled = ops.arange(self.bank_rows, dtype="int32") < count
        pairs = self.pair_loss.rows(labels, outputs, stored_labels, stored, positions, filled)
        return pairs + self.quantization_weight * squared_quantization(outputs)

    def _positions(self, count, outputs, batch):
        """Rows that a batch's items are stored in, -1 for those that later ones of it replace."""
        items = replicas.positions(outputs)
        rows = ops.mod(count + items, self.bank_rows)
        return ops.where(items >= batch - self.bank_rows, rows, -1)

    def _store(self, outputs, labels, count):
        """Keep the bank and the count, which starts again in time and stays above a full bank."""
        capacity = outputs.shape[0]
        again = capacity + ops.mod(count, capacity)
        count = ops.where(count >= 2 * capacity, again, count)
        self.bank_outputs.rows.assign(outputs)
        self.bank_labels.rows.assign(labels)
        self.bank_count.rows.assign(ops.reshape(count, (1,)))
        return count

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "quantization_weight": self.quantization_weight,
            "bank_size": self.bank_size,
            "bank_rows": self.bank_rows,
            "bank_classes": self.bank_classes,
        }
