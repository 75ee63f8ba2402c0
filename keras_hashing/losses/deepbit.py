"""What DeepBit's loss is made of, in a form that has a gradient.

Lin, Lu, Chen, Zhou, "Learning Compact Binary Descriptors with Unsupervised Deep Neural Networks",
CVPR 2016. The paper's balance and rotation are of bits, which have no gradient; these are of
probabilities.
"""

from keras import ops

from keras_hashing.types import Tensor


def bit_certainty_gap(probabilities: Tensor) -> Tensor:
    """Squared gap of each bit's probability to the nearer of 0 and 1, summed over bits.

    Args:
        probabilities: float tensor `(batch, bits)`, 0 to 1; 1/2 counts as 1.

    Returns:
        Float tensor `(batch,)`, 0 to bits / 4.

    Example:
        >>> bit_certainty_gap(ops.array([[0.0, 1.0], [0.5, 1.0]])).numpy().tolist()
        [0.0, 0.25]

    Source: Lin et al., "Learning Compact Binary Descriptors with Unsupervised Deep Neural
    Networks", CVPR 2016, quantization, in the form of their code, which pulls to 0 and 1.
    """
    bits = ops.cast(probabilities >= 0.5, ops.dtype(probabilities))
    return ops.sum(ops.square(bits - probabilities), axis=-1)


def bit_balance(probabilities: Tensor) -> Tensor:
    """Squared gap between each bit's batch mean and 1/2, summed over bits.

    Args:
        probabilities: float tensor `(batch, bits)`, 0 to 1.

    Returns:
        Float scalar, 0 to bits / 4.

    Example:
        >>> float(bit_balance(ops.array([[0.0, 1.0], [1.0, 1.0]])))
        0.25

    Source: Lin et al., CVPR 2016, even distribution, of probabilities in place of bits, which
    have no gradient.
    """
    return ops.sum(ops.square(ops.mean(probabilities, axis=0) - 0.5))


def bit_decorrelation(probabilities: Tensor) -> Tensor:
    """Squared covariances of different bits over the batch, summed, divided by bits squared.

    Args:
        probabilities: float tensor `(batch, bits)`, 0 to 1.

    Returns:
        Float scalar, at least 0; 0 for a batch of one.

    Example:
        >>> float(bit_decorrelation(ops.array([[0.0, 0.0], [1.0, 1.0]])))  # two covariances of 1/4
        0.03125

    Source: ours, after the uncorrelated bits of the abstract of Lin et al., CVPR 2016.
    """
    count, bits = ops.shape(probabilities)
    centred = probabilities - ops.mean(probabilities, axis=0, keepdims=True)
    covariances = ops.matmul(ops.transpose(centred), centred) / ops.cast(count, centred.dtype)
    return ops.sum(ops.square(covariances * (1.0 - ops.eye(bits, dtype=centred.dtype)))) / bits**2


def rotation_gap(rotated: Tensor, outputs: Tensor, weights: Tensor = 1.0) -> Tensor:
    """Weighted squared distance between a rotated image's outputs and the image's own.

    Args:
        rotated: float tensor `(batch, bits)`, outputs of the rotated images.
        outputs: float tensor `(batch, bits)`; no gradient passes through it.
        weights: float, or float tensor `(batch,)`, of the angle.

    Returns:
        Float tensor `(batch,)`, at least 0.

    Example:
        >>> float(rotation_gap(ops.array([[1.0, 0.0]]), ops.array([[1.0, 1.0]]), weights=0.5)[0])
        0.5

    Source: Lin et al., CVPR 2016, rotation invariance.
    """
    squares = ops.square(rotated - ops.stop_gradient(outputs))
    return weights * ops.sum(squares, axis=-1)
