"""Anchors against references, as the losses over pairs, triplets and rankings compare them."""

import keras
from keras import ops

from keras_hashing import checks, formulas, replicas


class AnchorLoss(keras.losses.Loss):
    """Base of the losses that compare each item of a batch, the anchor, with its references.

    A family of such losses defines `rows`. The references of an anchor are all other items of the
    batch, under `tf.distribute` those of all replicas. Sample weights weigh anchors. Labels arrive
    as float32 through `keras.losses.Loss`: keep ids dense (0, 1, ...), for above 2**24 they
    collide.

    Args:
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`.

    Inputs: labels `(batch,)`, `(batch, 1)` or multi-hot `(batch, classes)`, two items being
    similar if they share a label; outputs float `(batch, bits)`.

    Raises:
        ValueError: when called, outputs that are not of rank 2, labels of another rank than 1 or
            2, or another number of them.
    """

    def call(self, labels, outputs):
        everyone_labels, everyone = replicas.gather(labels, outputs)
        positions = replicas.positions(outputs)
        values = self.rows(labels, outputs, everyone_labels, everyone, positions)
        return replicas.balanced(values, self.reduction)

    def rows(self, anchor_labels, anchors, reference_labels, references, positions=None):
        """Values of the anchors against any references: other replicas' items, or stored ones.

        Args:
            anchor_labels: labels of the anchors, in a form of the class docstring.
            anchors: float tensor `(anchors, bits)`.
            reference_labels: labels of the references, the same form.
            references: float tensor `(references, bits)`.
            positions: int tensor `(anchors,)`, each anchor's own row among the references, which
                it is not compared with; None, or -1 for an anchor that is not among them.

        Returns:
            Float tensor `(anchors,)`.

        Raises:
            ValueError: outputs that are not of rank 2, or another number of labels.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `rows`.")


def match(anchor_labels, anchors, reference_labels, references, positions=None, dtype="float32"):
    """Checked outputs of both sides, and which items are similar.

    Args:
        anchor_labels: tensor `(anchors,)`, `(anchors, 1)` of class ids, or multi-hot `(anchors,
            classes)`.
        anchors: float tensor `(anchors, bits)`.
        reference_labels: labels of the references, the same form.
        references: float tensor `(references, bits)`.
        positions: int tensor `(anchors,)`, each anchor's own row among the references; None, or
            -1 for an anchor that is not among them.
        dtype: of all results.

    Returns:
        The anchors and the references, cast; `positives` and `negatives`, tensors `(anchors,
        references)` of 0 and 1: whether another item shares a label with the anchor, or does
        not. An anchor's own row is neither.

    Raises:
        ValueError: outputs that are not of rank 2, or another number of labels.
    """
    anchor_labels = ops.convert_to_tensor(anchor_labels)
    reference_labels = ops.convert_to_tensor(reference_labels)
    check_rows("anchor", anchor_labels, anchors)
    check_rows("reference", reference_labels, references)
    anchors = ops.cast(anchors, dtype)
    references = ops.cast(references, dtype)
    positives = formulas.similarity(anchor_labels, reference_labels, dtype)
    others = pairs(positives, positions)
    return anchors, references, others * positives, others * (1.0 - positives)


def pairs(similarity, positions=None, filled=None):
    """1 where anchor and reference are two items, else 0.

    Args:
        similarity: tensor `(anchors, references)`, for its shape and dtype.
        positions: int tensor `(anchors,)`, each anchor's own row among the references; None, or
            -1 for an anchor that is not among them.
        filled: bool tensor `(references,)`, which references are items; None if all are.

    Returns:
        Tensor of the shape of `similarity`.
    """
    found = ops.ones_like(similarity)
    if positions is not None:
        rows = ops.arange(ops.shape(similarity)[1], dtype="int32")
        own = ops.equal(ops.cast(positions, "int32")[:, None], rows[None, :])
        found = ops.cast(ops.logical_not(own), found.dtype)
    if filled is not None:
        found = found * ops.cast(filled, found.dtype)[None, :]
    return found


def check_rows(role, labels, outputs):
    """Raise ValueError unless there is one row of outputs per label, as far as shapes are known."""
    checks.rank(f"{role} outputs", outputs, 2, "Pass the hash layer's output, (batch, bits).")
    if len(labels.shape) not in (1, 2):
        raise ValueError(
            f"{role} labels must have shape (batch,) or (batch, classes); got "
            f"{tuple(labels.shape)}. Pass class ids or multi-hot rows."
        )
    given, wanted = labels.shape[0], outputs.shape[0]
    if None not in (given, wanted) and given != wanted:
        raise ValueError(
            f"{role} labels and outputs must have one row per item each; got shapes "
            f"{tuple(labels.shape)} and {tuple(outputs.shape)}. Pass one label row per item."
        )
