"""What an audit found, in sentences: what is wrong first, then what to state with a figure."""

import numpy as np

_NEAR = 0.9  # correlation from which two bits count as nearly one
_HALF = 0.5  # entropy in bits; a bit that is on for 11 % or 89 % of the items has it
_UNUSUAL = 4  # standard deviations by which identical codes exceed chance
_MOVES = 0.005  # mAP; papers print three digits
_LISTED = 8  # numbers or ids that a sentence lists


def faults(audit):
    """What should be mended or explained; nothing for a sound set.

    Args:
        audit: `keras_hashing.auditing.result.Audit`.

    Returns:
        tuple of str.
    """
    return tuple(filter(None, [_sides(audit), *_item_faults(audit), *_bit_faults(audit)]))


def remarks(audit):
    """What a figure made from these codes should be stated with.

    Returns:
        tuple of str.
    """
    return tuple(filter(None, [_ties(audit), _convention_range(audit), _left_out(audit)]))


def _sides(audit):
    sides = audit.sides
    if sides is None or sides.fit:
        return None
    text = (
        "Queries and database do not fit each other: a query's nearest items are "
        f"{sides.nearest:.1f} bits away, an item's own {sides.nearest_own:.1f}, those of codes "
        f"with shuffled bits {sides.nearest_shuffled:.1f}; the shares of set bits differ by "
        f"{sides.share_gap:.2f}."
    )
    if sides.change is None:
        return f"{text} Are both of one model, with one order and one sign of the bits?"
    text += f" With {sides.change} the queries' are {sides.nearest_changed:.1f} away"
    if "each byte" in sides.change:
        text += ", so one side was packed highest bit first, as numpy.packbits does by default"
    return f"{text}. Pack both sides in the same way, with `keras_hashing.codes.pack`."


def _item_faults(audit):
    leaks, duplicates = audit.leaks, audit.duplicates
    if leaks is not None and leaks.ids:
        yield (
            f"{leaks.ids:,} of {audit.queries:,} queries stand in the database under their own "
            f"id ({_listed(leaks.examples)}): a search that does not leave them out "
            "finds them first."
        )
    if leaks is not None and not leaks.ids:
        chance, spread = leaks.identical_expected, leaks.identical_spread
        if leaks.identical > chance + _UNUSUAL * spread + 1:
            yield (
                f"{leaks.identical:,} of {audit.queries:,} queries have the code of a database "
                f"item{_and_label(audit)}, where chance gives {chance:,.0f} ± {spread:,.0f}: "
                "look for copies of queries in the database."
            )
    if duplicates.repeated_ids:
        yield (
            "Ids that occur more than once in the database: "
            f"{duplicates.repeated_ids:,} ({_listed(duplicates.examples)})."
        )
    if duplicates.distinct == 1 and audit.items > 1:
        yield "All items have one code: no search can tell them apart."


def _bit_faults(audit):
    dead, repeated = audit.dead_bits, audit.duplicated_bits
    if dead:
        yield f"Dead bits, the same in all items: {len(dead)} of {audit.bits} ({_listed(dead)})."
    if repeated:
        pairs = [f"{r.bit} is {'not ' if r.complement else ''}{r.of}" for r in repeated]
        yield (
            "Bits equal or opposite to another one in all items: "
            f"{len(repeated)} of {audit.bits} ({_listed(pairs)})."
        )
    entropy = audit.of_bits.entropy
    poor = np.flatnonzero((entropy > 0) & (entropy < _HALF)).tolist()
    if poor:
        yield (
            "Bits that say less than half a bit, on for fewer than 11 % or more than 89 % of the "
            f"items: {len(poor)} of {audit.bits} ({_listed(poor)})."
        )
    upper = np.triu(np.nan_to_num(np.abs(audit.of_bits.correlation)), k=1)
    near = int((upper > _NEAR).sum())
    if near and not repeated:
        one, other = np.unravel_index(upper.argmax(), upper.shape)
        yield (
            f"Pairs of bits whose correlation is beyond {_NEAR}: {near:,}; that of bits {one} and "
            f"{other} is {upper[one, other]:.3f}, sign aside."
        )


def _ties(audit):
    spread = audit.tie_range.get("map@all")
    if spread is None:
        return None
    if spread.best - spread.worst < _MOVES:
        return f"Tie order hardly matters: mAP is {spread.worst:.4f} to {spread.best:.4f}."
    return (
        f"Tie order alone moves mAP from {spread.worst:.4f} to {spread.best:.4f}; the mean over "
        f"all orders is {spread.expected:.4f}, database order gives {spread.index:.4f}."
    )


def _convention_range(audit):
    values = {row.name: row.expected for row in audit.conventions if row.name.startswith("map")}
    if not values:
        return None
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    if values[high] - values[low] < _MOVES:
        return f"All conventions of mAP agree within {_MOVES}, on {values['map@all']:.3f}."
    return (
        f"By convention alone these codes score from {values[low]:.3f} ({low}) to "
        f"{values[high]:.3f} ({high})."
    )


def _left_out(audit):
    missing = audit.queries_without_relevant
    if not missing or not audit.conventions:
        return None
    row = audit.conventions[0]
    return (
        f"{missing:,} of {audit.queries:,} queries have nothing relevant in the database and are "
        "left out of every mean, as in HashNet's code; DeepHash-pytorch, OrthoHash and FIRe "
        f"count them as 0 and would print mAP {row.as_zero:.4f} for {row.expected:.4f}."
    )


def _and_label(audit):
    return " and its label" if audit.duplicates.distinct_with_labels is not None else ""


def _listed(values):
    more = ", …" if len(values) > _LISTED else ""
    return ", ".join(str(value) for value in values[:_LISTED]) + more
