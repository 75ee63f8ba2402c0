"""Every convention against the mean over all tie orders, in fractions."""

import fractions

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.auditing import conventions
from tests import reference
from tests.auditing.test_tie_statistics import buckets_of

ITEMS, CUTOFFS = 7, (2, 4)


def problem(seed):
    """Codes of two queries and their database, labels, and each query's tie orders."""
    rng = np.random.default_rng(seed)
    queries, codes = (rng.integers(0, 8, (n, 1)).astype(np.uint8) for n in (2, ITEMS))
    labels = rng.integers(0, 3, ITEMS)
    labels[0] = 0
    distances = kh.codes.hamming(queries, codes)
    relevant = np.array([labels == 0] * 2)
    orders = [
        list(reference.tie_orders(row.tolist(), mask.tolist()))
        for row, mask in zip(distances, relevant, strict=True)
    ]
    stable = [
        [bool(hits[i]) for i in sorted(range(ITEMS), key=lambda i, row=row: (row[i], i))]
        for row, hits in zip(distances, relevant, strict=True)
    ]
    return (queries, [0, 0], codes, labels), buckets_of(distances, relevant, 3), orders, stable


def mean_of(orders, value):
    """Mean over the queries of the mean of `value` over a query's orders."""
    means = [sum(map(value, some), fractions.Fraction(0)) / len(some) for some in orders]
    return float(sum(means) / len(means))


@pytest.fixture
def small(monkeypatch):
    """Cutoffs that small sets reach."""
    monkeypatch.setattr(conventions, "MAP_CUTOFFS", CUTOFFS)
    monkeypatch.setattr(conventions, "PRECISION_CUTOFFS", CUTOFFS)
    names = {f"map@{c}(hits)": "who" for c in CUTOFFS}
    monkeypatch.setattr(conventions, "_USED_BY", {**conventions._USED_BY, **names})


def rows_of(sides, buckets, **changes):
    at = (*CUTOFFS, ITEMS - 1)
    reports = [kh.evaluate(*sides, bits=3, at=at, ties=ties) for ties in ("expected", "index")]
    rows = conventions.conventions(*reports, buckets, CUTOFFS, ITEMS - 1, **changes)
    return {row.name: row for row in rows}


@pytest.mark.parametrize("seed", range(25))
def test_against_all_orders(small, seed):
    sides, buckets, orders, stable = problem(seed)
    rows = rows_of(sides, buckets)
    single = [[order] for order in stable]
    checked = 0
    for name, row in rows.items():
        kind, _, rest = name.partition("@")
        if "radius" in name or "empty" in name:
            continue
        if kind == "precision":
            cutoff = int(rest)

            def value(order, cutoff=cutoff):
                return fractions.Fraction(sum(order[:cutoff]), cutoff)
        else:
            cutoff = None if rest == "all" else int(rest.partition("(")[0])
            denominator = "total" if rest == "all" else rest.partition("(")[2][:-1]

            def value(order, cutoff=cutoff, denominator=denominator):
                return reference.average_precision(order, cutoff, denominator)

        assert row.expected == pytest.approx(mean_of(orders, value), abs=1e-12), name
        assert row.index == pytest.approx(mean_of(single, value), abs=1e-12), name
        checked += 1
    assert checked == 2 + 3 * 2 + 2


@pytest.mark.parametrize("seed", range(25))
def test_queries_without_a_hit(small, seed):
    sides, buckets, orders, _ = problem(seed)
    rows = rows_of(sides, buckets)
    for cutoff in CUTOFFS:

        def hit(order, cutoff=cutoff):
            return fractions.Fraction(any(order[:cutoff]))

        share = mean_of(orders, hit)
        assert conventions.share_with_hit(buckets, cutoff) == pytest.approx(share)
        row = rows[f"map@{cutoff}(hits), empty left out"]
        plain = rows[f"map@{cutoff}(hits)"].expected
        assert row.expected == pytest.approx(plain / share if share else 0.0)
        assert row.index is None


@hypothesis.given(st.integers(0, 2**32 - 1))
def test_within_the_radius(seed):
    sides, buckets, _, _ = problem(seed)
    distances = kh.codes.hamming(sides[0], sides[2])
    relevant = np.asarray(sides[3]) == 0
    precisions = []
    for row in distances:
        inside = relevant[row <= 2]
        precisions.append(inside.mean() if len(inside) else 0.0)
    rows = rows_of(sides, buckets)
    assert rows["precision@radius2"].expected == pytest.approx(np.mean(precisions))
    found = [value for value in precisions if value > 0]
    row = rows.get("precision@radius2, empty left out")
    assert (row.expected == pytest.approx(np.mean(found))) if found else row is None


def test_what_does_not_apply_is_left_out():
    sides, buckets, _, _ = problem(0)
    names = list(rows_of(sides, buckets))
    assert "map@all, self found" not in names
    assert not any("@2(" in name or name == "precision@4" for name in names)  # not usual cutoffs
    rows = rows_of(sides, buckets, map_with_self=0.5)
    assert rows["map@all, self found"].expected == 0.5
    assert rows["map@all, self found"].index is None
    assert "DSH" in rows["map@all, self found"].used_by


def test_every_usual_cutoff_has_users():
    for cutoff in conventions.MAP_CUTOFFS:
        assert f"map@{cutoff}(hits)" in conventions._USED_BY
    assert "DLBHC" in conventions._USED_BY["map@1000(hits)"]
    assert "MATLAB" in dict(conventions.TIE_ORDERS)["database order"]
