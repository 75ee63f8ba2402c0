"""Formulas that several parts share, in `keras.ops` so that they run on every Keras backend."""

import math

from keras import ops


def log_cosh(x):
    """log(cosh(x)), stable for any x: |x| + log1p(exp(-2|x|)) - log 2.

    Args:
        x: float tensor of any shape.

    Returns:
        Float tensor of the same shape, at least 0 up to rounding; its derivative is tanh(x).
    """
    return x + ops.softplus(-2.0 * x) - math.log(2.0)


def magnitude(x):
    """|x| whose gradient at 0 is +1: the sign of 0 is +1, as everywhere in this package."""
    return ops.where(ops.greater_equal(x, 0), x, ops.negative(x))


def quantization(outputs):
    """How far each item's outputs are from -1 and +1: sum over bits of log cosh(|u| - 1).

    Args:
        outputs: float tensor `(batch, bits)`.

    Returns:
        Float tensor `(batch,)`, at least 0. Its gradient is defined everywhere; at an output of
        0 descent goes to +1.

    Source: Zhu, Long, Wang, Cao, "Deep Hashing Network for Efficient Similarity Retrieval",
    AAAI 2016, quantization loss Q in its smoothed form. There Q is a sum over the pairs, which
    counts an item once per pair it is in; its mean over the pairs is twice the mean of these
    values, and the factor 2 belongs into the weight. Sum over bits and mean over items are those
    of the first author's Caffe code.
    """
    return ops.sum(log_cosh(magnitude(outputs) - 1.0), axis=-1)


def similarity(anchor_labels, reference_labels, dtype="float32"):
    """1 where two items share a label, else 0.

    Args:
        anchor_labels: tensor `(a,)`, `(a, 1)` of class ids, or multi-hot `(a, classes)`.
        reference_labels: the same form, `(r, …)`.
        dtype: of the result.

    Returns:
        Tensor `(a, r)` of 0 and 1.
    """
    anchor_labels = _squeeze(anchor_labels)
    reference_labels = _squeeze(reference_labels)
    if len(anchor_labels.shape) == 1:
        equal = ops.equal(anchor_labels[:, None], reference_labels[None, :])
        return ops.cast(equal, dtype)
    anchor_labels = ops.cast(anchor_labels, "float32")
    reference_labels = ops.cast(reference_labels, "float32")
    shared = ops.matmul(anchor_labels, ops.transpose(reference_labels))
    return ops.cast(shared > 0, dtype)


def _squeeze(labels):
    labels = ops.convert_to_tensor(labels)
    if len(labels.shape) == 2 and labels.shape[1] == 1:
        return labels[:, 0]
    return labels


def class_shares(labels, classes):
    """Each item's share of every class: 1 divided by its number of labels, where it has them.

    Args:
        labels: tensor `(batch,)` or `(batch, 1)` of class ids, or multi-hot `(batch, classes)`.
        classes: int.

    Returns:
        float32 tensor `(batch, classes)`; a row adds up to 1, or is 0 for an item without labels
        or with an id outside 0..classes - 1.
    """
    labels = _squeeze(labels)
    if len(labels.shape) == 1:
        return ops.one_hot(ops.cast(labels, "int32"), classes, dtype="float32")
    labels = ops.cast(labels, "float32")
    return ops.divide_no_nan(labels, ops.sum(labels, axis=-1, keepdims=True))


def class_cross_entropy(labels, logits):
    """Softmax cross entropy against the item's classes in equal shares; 0 for one without.

    Args:
        labels: as for `class_shares`.
        logits: float tensor `(batch, classes)`.

    Returns:
        Float tensor `(batch,)`, at least 0.
    """
    shares = ops.cast(class_shares(labels, logits.shape[-1]), logits.dtype)
    return -ops.sum(shares * ops.log_softmax(logits, axis=-1), axis=-1)
