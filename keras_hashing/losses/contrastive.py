"""What CIBHash's loss is made of: two views of each item, told from all others.

Qiu, Su, Ou, Yu, Chen, "Unsupervised Hashing with Contrastive Information Bottleneck", IJCAI 2021.
"""

from keras import ops

from keras_hashing.losses.unsupervised import unit_rows
from keras_hashing.types import Tensor


def nt_xent(view_one: Tensor, view_two: Tensor, temperature: float = 0.3) -> Tensor:
    """Cross entropy of finding an item's other view among all other views of the batch.

    Args:
        view_one: float tensor `(batch, bits)`, codes or outputs of one view of each item.
        view_two: the same of the other view.
        temperature: float > 0, divides the cosines.

    Returns:
        Float tensor `(batch,)`, at least 0, the mean over the item's two views; 0 for a batch of
        one, where there is nothing to confuse it with.

    Example:
        >>> views = ops.eye(2)
        >>> nt_xent(views, views, temperature=1.0).shape.as_list()
        [2]

    Source: Qiu et al., "Unsupervised Hashing with Contrastive Information Bottleneck", IJCAI
    2021, the contrastive term.
    """
    views = unit_rows(ops.concatenate([view_one, view_two], axis=0))
    similarity = ops.matmul(views, ops.transpose(views)) / temperature
    count = ops.shape(view_one)[0]
    position = ops.arange(2 * count)
    itself = position[:, None] == position[None, :]
    other_view = (position[:, None] + count) % (2 * count) == position[None, :]
    found = ops.sum(ops.where(other_view, similarity, 0.0), axis=-1)
    values = ops.logsumexp(ops.where(itself, -1e9, similarity), axis=-1) - found
    return 0.5 * (values[:count] + values[count:])


def bernoulli_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Kullback-Leibler divergence KL(p || q) of independent bits, summed over bits.

    Args:
        p: float tensor `(batch, bits)`, probabilities of +1, 0 to 1.
        q: the same of the other distribution.

    Returns:
        Float tensor `(batch,)`, at least 0 up to rounding, finite also for 0 and 1.

    Example:
        >>> float(bernoulli_divergence(ops.array([[0.5, 1.0]]), ops.array([[0.5, 1.0]]))[0])
        0.0

    Source: Qiu et al., IJCAI 2021. The authors' code adds 1e-8 inside the logarithms; ours takes
    what is smaller for 1e-8, for XLA reorders 1 - p + 1e-8 so that it rounds to 0.
    """

    def log(probability):
        return ops.log(ops.maximum(probability, 1e-8))

    ones = p * (log(p) - log(q))
    zeros = (1.0 - p) * (log(1.0 - p) - log(1.0 - q))
    return ops.sum(ones + zeros, axis=-1)


def symmetric_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Mean of KL(p || q) and KL(q || p), each with a gradient through its first argument only.

    Args and returns as of `bernoulli_divergence`.

    Example:
        >>> p, q = ops.array([[0.5]]), ops.array([[0.25]])
        >>> bool(symmetric_divergence(p, q)[0] == symmetric_divergence(q, p)[0])
        True

    Source: Qiu et al., IJCAI 2021, the term that weighs beta.
    """
    there = bernoulli_divergence(p, ops.stop_gradient(q))
    back = bernoulli_divergence(q, ops.stop_gradient(p))
    return 0.5 * (there + back)
