"""Whether codes have collapsed, and what the outputs before the sign say about why."""

import dataclasses

import numpy as np

from keras_hashing import codes
from keras_hashing.auditing import bit_columns, repeats
from keras_hashing.callbacks import causes

NOT_FINITE, ONE_CODE, FEW_CODES = "not finite", "one code", "few codes"
DEAD, DUPLICATE = "dead bits", "duplicate bits"
FIGURES = (
    "distinct_codes",
    "commonest_code",
    "dead_bits",
    "duplicate_bits",
    "bit_balance",
    "bit_entropy",
)

_OTHERS = 0.1  # share of the items beside the largest class that must not have the commonest code
_FEW = 0.01  # fewer distinct codes than this share of the items are few, where no classes are known
_NAMED = 5  # bits that a text names


@dataclasses.dataclass(frozen=True)
class Known:
    """What is known of the watched items beside their outputs.

    Args:
        classes: int, classes among them; None where there are no labels to learn from.
        label_sets: int, different labels among them; more than `classes` if multi-hot.
        largest: float, share of the commonest label.
        one_class_batches: bool, whether each training batch that was read held a single class.
        targets: int8 array `(classes, bits)` of the classes' fixed codes, or None.
    """

    classes: int | None = None
    label_sets: int | None = None
    largest: float = 0.0
    one_class_batches: bool = False
    targets: np.ndarray | None = None


class Health:
    """Figures of one set of outputs.

    Args:
        outputs: float array `(n, bits)`, before the sign, n at least 1.

    Attributes:
        finite: bool, whether there is no NaN or infinity; without, the rest is unknown.
        figures: dict of `FIGURES`: number of distinct codes; share of the items that have the
            commonest one; number of bits that are the same for all items, and of other bits that
            an earlier one equals or opposes throughout; mean over bits of twice the share of the
            rarer value; and mean entropy of a bit. The last two are in [0, 1], 1 is best.
    """

    def __init__(self, outputs):
        self.outputs = outputs
        self.count, self.bits = outputs.shape
        self.finite = bool(np.isfinite(outputs).all())
        self.figures = dict.fromkeys(FIGURES, float("nan"))
        if not self.finite:
            return
        # Signs, which `pack` takes wherever the outputs lie: one side is what is told of here.
        packed = codes.pack(np.where(outputs >= 0, 1, -1))
        sizes = repeats.group_sizes(packed)
        columns = bit_columns.pack_columns(packed, self.bits)
        shares = bit_columns.on_shares(columns, self.count)
        self.alike = bit_columns.first_alike(columns, self.count)
        self.dead = np.flatnonzero((shares == 0) | (shares == 1))
        repeated = np.flatnonzero(self.alike != np.arange(self.bits))
        self.duplicates = np.setdiff1d(repeated, self.dead)
        values = (
            len(sizes),
            sizes[0] / self.count,
            len(self.dead),
            len(self.duplicates),
            2 * np.minimum(shares, 1 - shares).mean(),
            bit_columns.entropies(shares).mean(),
        )
        self.figures = {name: float(value) for name, value in zip(FIGURES, values, strict=True)}


def troubles(health, known=None):
    """What is wrong with codes, in words.

    Bits that few classes alone force to be dead or alike are not counted: codes of two classes
    that are all alike differ in the same way in every bit, or in none.

    Args:
        health: `Health`.
        known: `Known`, or None.

    Returns:
        dict from the kind of trouble, as `ONE_CODE`, to a text; empty for healthy codes.
    """
    known = known or Known()
    if not health.finite:
        return {NOT_FINITE: f"the outputs are not finite. {causes.NOT_FINITE}"}
    count, figures = health.count, health.figures
    distinct, share = int(figures["distinct_codes"]), figures["commonest_code"]
    if share >= 1 - _OTHERS * (1 - known.largest):
        same = "all" if distinct == 1 else f"{round(share * count)} of"
        text = f"{same} {count} watched items have one code."
        return {ONE_CODE: f"{text} {causes.likely(health.outputs, known)}"}
    if distinct < _fewest(health, known):
        text = f"the {count} watched items have only {distinct} distinct codes"
        if known.classes:
            text += f", but {known.classes} classes. "
        else:
            text += ", in order only if they are of no more kinds. "
        return {FEW_CODES: text + causes.likely(health.outputs, known)}
    found = {}
    if len(health.dead) > _dead_by_chance(health, known):
        found[DEAD] = _dead_text(health, known)
    if health.bits - len(health.dead) - len(health.duplicates) < _fewest_patterns(health, known):
        found[DUPLICATE] = _duplicate_text(health, known)
    return found


def _fewest(health, known):
    """The least number of distinct codes that is not few."""
    if known.classes:
        return min(known.classes, 2.0**health.bits) / 2
    return min(_FEW * health.count, 2.0**health.bits)


def _parts(health, known):
    """Groups of items that must have codes of their own: labels, else distinct codes."""
    return known.label_sets or health.figures["distinct_codes"]


def _dead_by_chance(health, known):
    """Dead bits, two deviations above the mean, if each part's code were drawn at random."""
    chance = 2.0 ** (1 - min(_parts(health, known), 100))
    return health.bits * chance + 2 * np.sqrt(health.bits * chance * (1 - chance))


def _fewest_patterns(health, known):
    """Half the number of different live bits, if they were drawn from those that part the parts."""
    patterns = 2.0 ** (min(_parts(health, known), 50) - 1) - 1
    live = health.bits - len(health.dead)
    return 0.5 * patterns * -np.expm1(live * np.log1p(-1 / max(patterns, 1 + 1e-9)))


def _dead_text(health, known):
    dead = health.dead
    text = f"{_numbers(dead, health.bits, 'the same for all watched items')} "
    if known.targets is not None and (np.ptp(known.targets[:, dead], axis=0) == 0).all():
        return text + causes.EQUAL_TARGETS
    return text + causes.likely(health.outputs[:, dead], known)


def _duplicate_text(health, known):
    bits = health.duplicates
    text = f"{_numbers(bits, health.bits, 'equal or opposite to an earlier bit throughout')} "
    if known.targets is not None:
        products = (known.targets[:, bits] * known.targets[:, health.alike[bits]]).sum(axis=0)
        if (np.abs(products) == len(known.targets)).all():
            return text + causes.REPEATED_TARGETS
    return text + causes.DUPLICATE


def _numbers(chosen, bits, what):
    named = ", ".join(str(bit) for bit in chosen[:_NAMED])
    more = ", …" if len(chosen) > _NAMED else ""
    verb = "is" if len(chosen) == 1 else "are"
    return f"{len(chosen)} of {bits} bits {verb} {what} ({named}{more})."
