"""The figures that papers call mAP, precision and so on, side by side for one set of codes.

Who used what was read in the public code named there, not in the papers' texts.
"""

import dataclasses

import numpy as np

from keras_hashing.evaluation import metrics

MAP_CUTOFFS = (1000, 5000)
PRECISION_CUTOFFS = (100, 1000, 5000)

_LEFT_OUT = ", empty left out"  # such rows leave out more queries than have nothing relevant
_NOBODY = "None of the hashing codes that were read."
_USED_BY = {
    "map@all": (
        "CIFAR-10 in GreedyHash, OrthoHash, TALR and thulab's DeepHash (DHN); Bi-half on its "
        "second split of CIFAR-10 and on MIRFlickr."
    ),
    "last dropped": (
        "DeepHash-pytorch on CIFAR-10, MIRFlickr and VOC2012 and TreezzZ's ports by default, as "
        "mAP@ALL: their topk=-1 drops the item ranked last. DeepHash-pytorch counts queries with "
        "nothing relevant as 0."
    ),
    "map@1000(hits)": (
        "DLBHC and DeepBit on CIFAR-10; GreedyHash without labels, Bi-half and CIBHash on "
        "CIFAR-10; ImageNet-100 in HashNet, OrthoHash and DeepHash-pytorch."
    ),
    "map@5000(hits)": (
        "NUS-WIDE and MS-COCO in HashNet and DeepHash-pytorch; NUS-WIDE in ADSH and TreezzZ's "
        "ports, CIFAR-10 in TreezzZ's SSDH; ImageNet-100 in thulab's script for DHN."
    ),
    "without a hit": (
        "HashNet's PyTorch code and thulab's DeepHash: a query without a relevant item among its "
        "first R is left out, also when there are some further down."
    ),
    "min": f"{_NOBODY} Information retrieval's form: 1 when the first R are as good as can be.",
    "total": f"{_NOBODY} Truncated average precision: below 1 where R is less than all relevant.",
    "self kept": (
        "DSH's code (test images as queries and as database); MS-COCO by HashNet's Caffe lists, "
        "whose database holds all the queries."
    ),
    "precision": "The curves by rank of DeepHash-pytorch are made of such points.",
    "radius": "thulab's DeepHash; an empty ball counts as 0.",
    "radius, found": (
        "The curves of Bi-half's code and of TreezzZ's spectral hashing: queries whose ball is "
        "empty or all wrong are left out, so it reads too high."
    ),
}

# What the figures of others hold, in place of our two columns.
TIE_ORDERS = (
    ("expected", "The mean over all orders, exact. TALR's evaluation code for mAP@all."),
    ("database order", "A stable sort, as MATLAB's: DLBHC, DeepBit and DSH."),
    (
        "whatever the sort leaves",
        "torch.topk, NumPy's argsort and argpartition: OrthoHash, DPN and other Python code; one "
        "order between worst and best, which another machine need not repeat.",
    ),
)


# What becomes of queries that have nothing relevant in the database.
WITHOUT_RELEVANT = (
    ("left out", "HashNet's code, and every figure here where nothing else is said."),
    ("as 0", "DeepHash-pytorch, OrthoHash and FIRe."),
)


@dataclasses.dataclass(frozen=True)
class Convention:
    """One convention's figure for the codes.

    Attributes:
        name: str, for example "map@1000(hits)".
        expected: float in [0, 1], the mean over all orders of equal distances, and over the
            queries that have something relevant: the others are left out.
        index: float with ties in database order; None where it was not computed.
        used_by: str, who published such figures.
        as_zero: float, `expected` where queries with nothing relevant count as 0; None in a row
            whose convention leaves them out.
        index_as_zero: float, the same of `index`.
    """

    name: str
    expected: float
    index: float | None
    used_by: str
    as_zero: float | None = None
    index_as_zero: float | None = None


def conventions(expected, index, buckets, cutoffs, last, map_with_self=None, share=1.0):
    """The same codes under every convention.

    Args:
        expected, index: `Report` with either kind of ties, both with `cutoffs` and `last`.
        buckets: `Buckets` of the queries that have something relevant.
        cutoffs: ints, those of the usual ones that are below the database's size.
        last: int, the last rank but one; 0 where there is one item.
        map_with_self: float, mAP when queries find themselves; None where none could.
        share: float in (0, 1], part of all queries that have something relevant.

    Returns:
        tuple of `Convention`.
    """
    rows = [_row("map@all", (expected.map, index.map), "map@all")]
    if map_with_self is not None:
        rows.append(_row("map@all, self found", (map_with_self, None), "self kept"))
    if last:
        values = expected.map_at_hits[last], index.map_at_hits[last]
        rows.append(_row(f"map@{last}(hits)", values, "last dropped"))
    for cutoff in cutoffs:
        if cutoff in MAP_CUTOFFS:
            rows += _at(expected, index, buckets, cutoff)
    for cutoff in cutoffs:
        if cutoff in PRECISION_CUTOFFS:
            values = expected.precision_at[cutoff], index.precision_at[cutoff]
            rows.append(_row(f"precision@{cutoff}", values, "precision"))
    rows += _within_radius(expected, buckets)
    return tuple(row if row.name.endswith(_LEFT_OUT) else _as_zero(row, share) for row in rows)


def _as_zero(row, share):
    """A row with its figures where queries with nothing relevant count as 0."""
    index = None if row.index is None else row.index * share
    return dataclasses.replace(row, as_zero=row.expected * share, index_as_zero=index)


def share_with_hit(buckets, cutoff):
    """Share of the queries with a relevant item among the first R, expected over tie orders.

    Args:
        buckets: `Buckets`.
        cutoff: int rank R.

    Returns:
        float in [0, 1].
    """
    return float(metrics.hit_chances(buckets, cutoff).mean())


def _at(expected, index, buckets, cutoff):
    """Rows of mAP@R."""

    def values(denominator):
        name = f"map_at_{denominator}"
        return getattr(expected, name)[cutoff], getattr(index, name)[cutoff]

    hits = values("hits")
    # Expected precisions over the expected number of such queries.
    found = hits[0] / max(share_with_hit(buckets, cutoff), np.finfo(float).tiny)
    name = f"map@{cutoff}(hits)"
    return [
        _row(name, hits, name),
        _row(f"{name}{_LEFT_OUT}", (found, None), "without a hit"),
        _row(f"map@{cutoff}(min)", values("min"), "min"),
        _row(f"map@{cutoff}(total)", values("total"), "total"),
    ]


def _within_radius(report, buckets):
    """Rows of precision within a Hamming radius, which no tie order moves."""
    items, hits = (counts[:, report.radius] for counts in metrics.within_radius(buckets))
    name = f"precision@radius{report.radius}"
    plain = report.precision_radius
    rows = [_row(name, (plain, plain), "radius")]
    if hits.any():
        found = float((hits / np.maximum(items, 1)).sum() / (hits > 0).sum())
        rows.append(_row(f"{name}{_LEFT_OUT}", (found, found), "radius, found"))
    return rows


def _row(name, values, used_by):
    expected, index = values
    return Convention(name, expected, index, _USED_BY[used_by])
