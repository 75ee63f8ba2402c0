"""Losses without labels that keep the relations between items: Bi-half's and USDH's.

Each takes what the network gives for a batch and works in its dtype.
"""

from keras import ops

from keras_hashing import formulas
from keras_hashing.types import Tensor


def cosine_structure(features: Tensor, signs: Tensor) -> Tensor:
    """Squared gap between two items' cosine in codes and in features; the batch makes the pairs.

    Item i of the first half is paired with item i of the second; both get the pair's value, so
    that the mean over paired items is the papers' mean over pairs. The last item of an odd batch
    is left out: its value is 0, as is that of a batch of one.

    Args:
        features: float tensor `(batch, channels)`; no gradient passes through it.
        signs: float tensor `(batch, bits)` of -1 and +1 that passes a gradient on.

    Returns:
        Float tensor `(batch,)`, 0 to 4.

    Example:
        >>> same = ops.array([[1.0, 1.0], [1.0, -1.0]])
        >>> [round(float(value), 6) for value in cosine_structure(same, same)]
        [0.0, 0.0]

    Source: Li and van Gemert, "Deep Unsupervised Image Hashing by Maximizing Bit Entropy", AAAI
    2021, the only term; Su et al., "Greedy Hash", NeurIPS 2018, its unsupervised form. Their code
    breaks on odd batches; the rule for them is ours.
    """
    signs = ops.convert_to_tensor(signs)
    features = ops.stop_gradient(ops.cast(features, signs.dtype))
    half = ops.shape(signs)[0] // 2
    position = ops.arange(ops.shape(signs)[0])
    partner = ops.where(position < half, position + half, position - half)
    gaps = _cosines_with(partner, signs) - _cosines_with(partner, features)
    return ops.where(position < 2 * half, ops.square(gaps), 0.0)


def code_gap(outputs: Tensor, signs: Tensor) -> Tensor:
    """Half the mean squared gap to the codes; its gradient is (z - b) / bits for each item.

    Args:
        outputs: float tensor `(batch, bits)`, z.
        signs: float tensor `(batch, bits)`, b; no gradient passes through it.

    Returns:
        Float tensor `(batch,)`, at least 0.

    Example:
        >>> float(code_gap(ops.array([[0.5, -1.0]]), ops.array([[1.0, -1.0]]))[0])
        0.0625

    Source: Li and van Gemert, AAAI 2021, who add gamma (z - b) / (batch bits) to the gradient;
    gamma times the batch mean of these values has that gradient.
    """
    return 0.5 * ops.mean(ops.square(outputs - ops.stop_gradient(signs)), axis=-1)


def spread_cosines(features: Tensor) -> Tensor:
    """Cosines of all pairs, moved and stretched so that most of [-1, 1] is used.

    The 1st percentile of the batch's pairs becomes -1 and the 99th +1; what is beyond is cut off.
    Cosines of features after a ReLU are all positive and would allow no opposite codes.

    Args:
        features: float tensor `(batch, channels)`; no gradient passes through it.

    Returns:
        Float tensor `(batch, batch)`, -1 to 1; 0 where all pairs are equally near. The diagonal
        means nothing.

    Example:
        >>> spread_cosines(ops.eye(3)).shape.as_list()
        [3, 3]

    Source: ours, for the relations of features in Jin et al., "Unsupervised Semantic Deep
    Hashing", 2018.
    """
    units = unit_rows(ops.stop_gradient(ops.convert_to_tensor(features)))
    count = ops.shape(units)[0]
    cosines = ops.matmul(units, ops.transpose(units))
    # An item's cosine with itself is the largest there is, so the pairs are the first when sorted.
    itself = ops.eye(count, dtype=units.dtype)
    ordered = ops.sort(ops.reshape(cosines * (1.0 - itself) + 2.0 * itself, (-1,)))
    last = ops.cast(ops.maximum(count * (count - 1) - 1, 0), units.dtype)
    low, high = _between(ordered, 0.01 * last), _between(ordered, 0.99 * last)
    half = 0.5 * (high - low)
    spread = (cosines - 0.5 * (low + high)) / ops.maximum(half, 1e-6)
    return ops.where(half > 1e-6, ops.clip(spread, -1.0, 1.0), 0.0)


def relation_gap(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared gap between an item's cosines with all others and their targets.

    Args:
        outputs: float tensor `(batch, bits)`.
        targets: float tensor `(batch, batch)`, -1 to 1; its diagonal is not used.

    Returns:
        Float tensor `(batch,)`, 0 to 4; 0 for a batch of one. The batch mean is the mean over
        pairs.

    Example:
        >>> [round(float(value), 6) for value in relation_gap(ops.eye(2), ops.eye(2))]
        [0.0, 0.0]

    Source: ours, for the semantic term of Jin et al., 2018.
    """
    units = unit_rows(ops.convert_to_tensor(outputs))
    count = ops.shape(units)[0]
    gaps = ops.matmul(units, ops.transpose(units)) - targets
    others = 1.0 - ops.eye(count, dtype=units.dtype)
    total = ops.sum(others * ops.square(gaps), axis=-1)
    return total / ops.cast(ops.maximum(count - 1, 1), units.dtype)


def unit_gap(outputs: Tensor) -> Tensor:
    """Mean over bits of (|u| - 1) squared.

    Args:
        outputs: float tensor `(batch, bits)`.

    Returns:
        Float tensor `(batch,)`, at least 0. An output of 0 is pulled to +1.

    Example:
        >>> float(unit_gap(ops.array([[1.0, -0.5]]))[0])
        0.125

    Source: ours, for the quantization term of Jin et al., 2018.
    """
    return ops.mean(ops.square(formulas.magnitude(outputs) - 1.0), axis=-1)


def bit_bias(outputs: Tensor) -> Tensor:
    """Mean over bits of the squared batch mean: 0 where every bit is on for half of the items.

    Args:
        outputs: float tensor `(batch, bits)`, -1 to 1.

    Returns:
        Float scalar, 0 to 1.

    Example:
        >>> float(bit_bias(ops.array([[1.0, 1.0], [-1.0, 1.0]])))
        0.5

    Source: ours, for the maximum entropy of each bit of Jin et al., 2018.
    """
    return ops.mean(ops.square(ops.mean(outputs, axis=0)))


def unit_rows(rows):
    """Rows of length 1; a row of zeros stays one, and its gradient is finite."""
    squares = ops.sum(ops.square(rows), axis=-1, keepdims=True)
    return rows / ops.sqrt(ops.maximum(squares, 1e-12))


def _cosines_with(partner, rows):
    units = unit_rows(rows)
    return ops.sum(units * ops.take(units, partner, axis=0), axis=-1)


def _between(ordered, position):
    """The value at a fractional position of a sorted vector."""
    below = ops.floor(position)
    share = position - below
    index = ops.cast(below, "int32")
    following = ops.minimum(index + 1, ops.shape(ordered)[0] - 1)
    return (1.0 - share) * ops.take(ordered, index) + share * ops.take(ordered, following)
