"""Whether queries and database fit each other: one model, one sign, one order of bits.

Codes packed in another order, or with 0 and 1 exchanged, are as good as ever on each side alone;
only a search between the sides finds nothing. So the shares of set bits are compared, and how
near the queries' nearest items are beside those of the database's own items.
"""

import dataclasses

import numpy as np

from keras_hashing import codes as packed

_QUERIES, _ITEMS = 256, 4096  # as many of each are looked at, drawn with seed 0
_NEAREST = 0.01  # share of the items that count as nearest
_FEWEST = 8  # queries and items: of fewer nothing is said
_SURE = 5.0  # standard errors
# Beyond this part of the way from own items' distance to shuffled ones', one is not usual.
_ODD = 0.15
_SHUFFLES = 4


@dataclasses.dataclass(frozen=True)
class Sides:
    """How queries and database compare.

    Attributes:
        fit: bool, whether nothing speaks against one model and one order of bits.
        share_gap: float in [0, 1], mean over the bits of the difference between both sides'
            shares of items for which the bit is on.
        nearest: float, mean distance in bits of queries to their nearest 1 % of the items.
        nearest_own: float, that of the database's own items, each without itself.
        nearest_shuffled: float, that of queries whose bits are shuffled and flipped at random, as
            codes of another model would be.
        change: str, what makes the queries fit; None where they do, or where nothing was found.
        nearest_changed: float, distance after it; None without.
    """

    fit: bool
    share_gap: float
    nearest: float
    nearest_own: float
    nearest_shuffled: float
    change: str | None
    nearest_changed: float | None


def compare(queries, database, bits):
    """Compare the two sides of a search.

    Args:
        queries, database: `CodeSet`.
        bits: int.

    Returns:
        `Sides`, or None for fewer than eight queries or items.
    """
    if min(len(queries), len(database)) < _FEWEST:
        return None
    rng = np.random.default_rng(0)
    asked = _drawn(queries.codes, _QUERIES, bits, rng)
    items = _drawn(database.codes, _ITEMS, bits, rng)
    own = _nearest(items[:_QUERIES], items, own=True)
    plain = _nearest(asked, items)
    shuffled = np.concatenate(
        [
            _nearest(asked[:, rng.permutation(bits)] ^ rng.integers(0, 2, bits, np.uint8), items)
            for _ in range(_SHUFFLES)
        ]
    )
    changes = _changes(asked, items)
    far = shuffled.mean() - own.mean()
    telling = far > _SURE * _error(shuffled[: len(own)], own)
    change, usual = None, own.mean() + _ODD * far
    if telling and plain.mean() > usual:
        change = _nearer(changes, items, plain, usual)
    strange = change is not None or (telling and plain.mean() > own.mean() + far / 2)
    gap, spread = _gap(asked, items)
    if not strange and spread > _SURE and bits >= 8:
        change = min(changes, key=lambda name: _gap(changes[name], items)[1])
        strange = _gap(changes[change], items)[1] < spread / 3
        change = change if strange else None
    return Sides(
        fit=not strange,
        share_gap=gap,
        nearest=float(plain.mean()),
        nearest_own=float(own.mean()),
        nearest_shuffled=float(shuffled.mean()),
        change=change,
        nearest_changed=None if change is None else float(_nearest(changes[change], items).mean()),
    )


def _drawn(codes, most, bits, rng):
    """Some of the codes as uint8 `(n, bits)` of 0 and 1."""
    # In no order, since a database may be sorted by class.
    codes = codes[rng.choice(len(codes), min(len(codes), most), replace=False)]
    return np.unpackbits(np.asarray(codes), axis=1, count=bits, bitorder="little")


def _nearest(asked, items, own=False):
    """Mean distance of each to its nearest items; with `own` they are the first of the items."""
    pack = [np.packbits(array, axis=1, bitorder="little") for array in (asked, items)]
    distances = packed.hamming(*pack)
    if own:
        np.fill_diagonal(distances, items.shape[1] + 1)
    count = max(1, int(_NEAREST * len(items)))
    return np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1)


def _nearer(changes, items, plain, usual):
    """The change that brings the queries nearest, if that is a usual distance; or None."""
    distances = {name: _nearest(array, items) for name, array in changes.items()}
    best = min(distances, key=lambda name: distances[name].mean())
    gain = plain - distances[best]
    sure = gain.mean() > _SURE * gain.std() / np.sqrt(len(gain))
    return best if sure and distances[best].mean() <= usual else None


def _error(one, other):
    """Standard error of the difference of two means."""
    return np.sqrt(one.var() / len(one) + other.var() / len(other))


def _gap(asked, items):
    """Mean difference of the shares of set bits, and its size in standard errors."""
    shares, wanted = asked.mean(axis=0), items.mean(axis=0)
    middle = (shares + wanted) / 2
    chance = middle * (1 - middle) * (1 / len(asked) + 1 / len(items))
    live = chance > 0
    squares = (shares - wanted)[live] ** 2 / chance[live]
    spread = float(np.sqrt(squares.mean())) if live.any() else 0.0
    return float(np.abs(shares - wanted).mean()), spread


def _changes(asked, items):
    """The queries' bits under each mistake that is made when codes are stored."""
    count, bits = asked.shape
    found = {
        "every bit the other way round": 1 - asked,
        "all bits in reverse order": asked[:, ::-1],
    }
    if bits % 8 == 0:
        in_bytes = asked.reshape(count, -1, 8)
        found["the bits of each byte in reverse order"] = in_bytes[:, :, ::-1]
        found["the bytes in reverse order"] = in_bytes[:, ::-1]
        for size in (2, 4, 8):
            if bits % (8 * size) == 0 and bits > 8 * size:
                name = f"the bytes of each {size} in reverse order"
                found[name] = asked.reshape(count, -1, size, 8)[:, :, ::-1]
    first, wanted = (int(np.argmax(np.ptp(array, axis=0) > 0)) for array in (asked, items))
    if first != wanted:
        name = f"all bits {abs(wanted - first)} places {'on' if wanted > first else 'back'}"
        found[name] = np.roll(asked, wanted - first, axis=1)
    return {name: array.reshape(count, bits) for name, array in found.items()}
