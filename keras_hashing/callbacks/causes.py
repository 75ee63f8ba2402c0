"""Why codes collapse: what outputs before the sign look like, and what helps, in words."""

import numpy as np

NOT_FINITE = (
    "Likely the training has diverged: a learning rate that is too high, or NaN among the inputs. "
    "Start again with a lower learning rate, or with `clipnorm` in the optimizer."
)
EQUAL_TARGETS = (
    "The codes that the method gives to the classes agree there, so no training can change it. "
    "Take fewer bits or another `seed`, or leave it: such bits only cost room."
)
REPEATED_TARGETS = (
    "The codes that the method gives to the classes repeat themselves there. "
    "Take fewer bits or another `seed`, or leave it: such bits count twice in every distance."
)
DUPLICATE = (
    "Likely nothing in the loss keeps bits apart. Take fewer bits, a lower learning rate, or add "
    "`keras_hashing.regularizers.BitDecorrelation`."
)

_SATURATED = 0.99  # size from which a tanh has next to no gradient
_MOSTLY = 0.9  # share of such outputs
_HUGE = 10.0  # mean size of outputs that no loss of these methods asks for
_NEAR_ZERO = 0.05  # mean size
_CONSTANT = 1e-4  # spread over items, relative to the mean size


def likely(outputs, known):
    """The likely cause of a collapse and its cure.

    Args:
        outputs: finite float array `(n, chosen bits)`, of the bits that have collapsed.
        known: `collapse.Known`, what is known of the items.

    Returns:
        str, two or three sentences. A guess from the outputs' size and spread, and worded so.
    """
    if known.classes == 1:
        return (
            "All of them are of one class, so there is nothing to tell apart. "
            "Train on items of two classes at least."
        )
    if known.one_class_batches:
        return (
            "Likely the batches: each one that was read holds items of a single class, so all its "
            "pairs are similar. Shuffle the training data."
        )
    outputs = outputs.astype(np.float64)
    sizes = np.abs(outputs)
    size = sizes.mean()
    if size > _HUGE:
        return (
            f"Likely the learning rate is too high: outputs have grown to {size:.3g} in the mean. "
            "Start again with a lower one."
        )
    saturated = (sizes >= _SATURATED).mean()
    if saturated >= _MOSTLY and sizes.max() <= 1 + 1e-6:
        return (
            f"{saturated:.0%} of the outputs stand at -1 or +1, where tanh has next to no "
            "gradient. Likely the learning rate is too high, continuation or quantization grows "
            "too fast, or batches hold one class only. Start again with less of it, and shuffle: "
            "saturated outputs seldom come back."
        )
    spread = np.median(outputs.std(axis=0))
    if spread <= _CONSTANT * size:
        return (
            "The outputs do not depend on the item. Likely a hidden layer has died, the inputs "
            "are constant, or a step was too large. Check the inputs, and lower the learning rate."
        )
    if size < _NEAR_ZERO:
        return (
            f"The outputs lie near 0, {size:.2g} in the mean. Likely nothing drives them apart: "
            "the quantization weight or the learning rate is too small, or weight decay too strong."
        )
    level = np.abs(outputs.mean(axis=0)).mean()
    return (
        f"The outputs lean to one side: their mean is {level:.2g}, their spread {spread:.2g}. "
        "Likely most pairs of a batch are similar (few classes in it), the features are far from "
        "centred, or training has only begun. Shuffle, centre the features, or add "
        "`keras_hashing.regularizers.BitBalance`."
    )
