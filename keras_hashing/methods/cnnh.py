"""CNNH: codes of the training labels first, then a network that learns to give them.

Source: Xia, Pan, Lai, Liu and Yan, "Supervised Hashing for Image Retrieval via Image
Representation Learning", AAAI 2014.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_hashing import checks, formulas, relevance
from keras_hashing.losses import factorize
from keras_hashing.losses.centres import nested_order
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import ClassHead, Table
from keras_hashing.methods.training_data import class_count

VARIANTS = ("cnnh", "plus")


@keras.saving.register_keras_serializable(package="keras_hashing", name="CNNH")
class CNNH(HashingModel):
    """CNNH and CNNH+, two stages.

    Stage 1 runs once, on the host, when `fit` starts: signs for every distinct label set whose
    inner products reproduce similarity, see `keras_hashing.losses.factorize`. Stage 2 is the
    training: outputs tanh(z), in [-1, 1], are drawn to the signs of the item's label set, by the
    mean over bits of the squared gap. An item whose label set was not among the training labels,
    as can be in validation data, has no signs and adds 0 to this term, as does one without labels.

    Args:
        bits: int, 1 to 4096, the code length.
        backbone: name, `keras.Model`, or `None`; see `HashingModel`. In the paper, three
            convolutions and a dense layer: `backbone="small_cnn", hidden=500`.
        variant: `"cnnh"`; or `"plus"`, CNNH+, with one more unit per class on the tensor that
            feeds the hash layer, trained by softmax cross entropy; an item with several labels
            is to have them in equal shares. These units are no part of outputs and code. The
            features are computed again for them, so with a backbone a step takes twice the time.
        classes: int >= 2 or None, number of classes; by default that of the training labels.
        label_sets: where a saved model's label sets are given back their room, (number of sets,
            columns); leave it out.
        **kwargs: `image_size`, `pretrained`, `train_backbone`, `hidden`, `dropout` and `name` of
            `HashingModel`.

    Raises:
        ValueError: an unknown variant, or an argument outside its range; from `fit`, labels of a
            single class, or such as the signs of an earlier `fit` are not for.

    Example:
        >>> model = CNNH(bits=12, backbone=None, hidden=500, variant="plus")
        >>> model.compile("adamw")

    Source: Xia et al., AAAI 2014; stage 1, and the networks of CNNH and CNNH+. Tanh outputs, the
    squared gap and the weight 1 of the class term are ours, the paper's loss not being public.
    """

    needs_labels = True

    def __init__(
        self,
        bits: int,
        backbone: str | keras.Model | None = "efficientnet_lite0",
        variant: str = "cnnh",
        classes: int | None = None,
        label_sets: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(bits, backbone, **kwargs)
        self.variant = checks.one_of("variant", variant, VARIANTS)
        self.classes = None if classes is None else checks.whole("classes", classes, 2, None)
        self.label_sets: tuple[int, int] | None = None
        self.set_labels = Table("int32", name="set_labels")  # ids (sets, 1), or multi-hot rows
        self.set_signs = Table(name="set_signs")
        self.class_head = ClassHead(name="class_head") if variant == "plus" else None
        if label_sets is not None:
            self._start_tables(*label_sets)
        self._start_class_head()

    def build(self, input_shape):
        super().build(input_shape)
        self._start_class_head()

    def prepare(self, labels):
        labels = relevance.labels("labels", labels)
        self.classes = class_count(labels, self.classes)
        self._start_class_head()
        if labels.ndim == 2:  # an item without labels is similar to nothing, so has no signs
            labels = labels[labels.any(axis=1)]
        if self.label_sets is not None and np.any(ops.convert_to_numpy(self.set_signs.rows)):
            self._check_known(labels)
            return
        found = factorize(labels, self.bits)
        rows = found.labels.reshape(len(found.labels), -1)
        if self.label_sets not in (None, rows.shape):
            raise ValueError(
                f"the model has room for {self.label_sets[0]} label sets of "
                f"{self.label_sets[1]} column(s); got {rows.shape[0]} of {rows.shape[1]}. "
                "Load its weights first, or make a new model without `label_sets`."
            )
        self._start_tables(*rows.shape)
        self.set_labels.rows.assign(rows.astype("int32"))
        self.set_signs.rows.assign(found.signs.astype("float32"))

    def item_losses(self, images, labels, outputs, training):
        targets = self._targets(labels)
        # Where there is no target its 0 takes the item out.
        values = ops.mean(ops.abs(targets) * ops.square(outputs - targets), axis=-1)
        if self.class_head is not None:
            hidden = self.features(images, training)
            for layer in self.head.layers[:-1]:
                hidden = layer(hidden, training=training)
            values += formulas.class_cross_entropy(labels, self.class_head(hidden))
        return values

    def share(self, longest):
        """Take the first signs of a longer CNNH's label sets as one's own."""
        self.set_labels.rows.assign(ops.convert_to_numpy(longest.set_labels.rows))
        self.set_signs.rows.assign(longest.set_signs.rows[:, : self.bits])

    def order_for_prefixes(self):
        """Reorder the signs' columns so that the first ones tell the label sets apart too."""
        signs = ops.convert_to_numpy(self.set_signs.rows).astype("int8")
        self.set_signs.rows.assign(signs[:, nested_order(signs)].astype("float32"))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "variant": self.variant,
            "classes": self.classes,
            "label_sets": None if self.label_sets is None else list(self.label_sets),
        }

    def _start_tables(self, sets, columns):
        self.label_sets = (int(sets), int(columns))
        self.set_labels.start(sets, columns)
        self.set_signs.start(sets, self.bits)

    def _start_class_head(self):
        if self.class_head is not None and self.classes is not None and self.head.built:
            self.class_head.start(self.head.layers[-1].kernel.shape[0], self.classes)

    def _check_known(self, labels):
        known = {tuple(row) for row in ops.convert_to_numpy(self.set_labels.rows).tolist()}
        sets = np.unique(labels, axis=0).astype(int)
        unknown = [row for row in sets.reshape(len(sets), -1).tolist() if tuple(row) not in known]
        if unknown:
            raise ValueError(
                f"the model has signs for {len(known)} label sets; got {len(unknown)} that are "
                f"not among them, first {unknown[0]}. Make a new model for them."
            )

    def _targets(self, labels):
        """Signs of each item's label set, float32 `(batch, bits)`; 0 where it has none."""
        if self.label_sets is None:
            raise ValueError(
                "CNNH learns signs that are made of all training labels, and has none yet. "
                "Call `fit`, or `prepare(labels)`, first."
            )
        labels = ops.convert_to_tensor(labels)
        columns = self.label_sets[1]
        if len(labels.shape) == 1:
            labels = labels[:, None]
        if labels.shape[1] != columns:
            raise ValueError(
                f"the model was trained with labels of {columns} column(s); got "
                f"{labels.shape[1]}. Pass labels in the form that `fit` got."
            )
        sets = self.set_labels.rows
        if columns == 1:
            same = ops.equal(ops.cast(labels, "int32"), ops.transpose(sets))
        else:
            labels, sets = ops.cast(labels, "float32"), ops.cast(sets, "float32")
            shared = ops.matmul(labels, ops.transpose(sets))
            whole = ops.equal(shared, ops.sum(labels, axis=-1)[:, None])
            same = ops.logical_and(whole, ops.equal(shared, ops.sum(sets, axis=-1)[None, :]))
        return ops.matmul(ops.cast(same, "float32"), self.set_signs.rows)
