"""An audit as a whole, on a set worked by hand and under changes that must not matter."""

import numpy as np
import pytest

import keras_hashing as kh


def random_set(items=130, bits=12, seed=0):
    rng = np.random.default_rng(seed)
    signs = 2 * rng.integers(0, 2, (items, bits)) - 1
    return kh.codes.pack(signs), rng.integers(0, 3, items), np.arange(items)


def test_by_hand():
    # Bits of items: 00 and 00 of class 0, 11 of class 1, 01 of class 0 (bit 1 off, bit 0 on).
    codes = np.array([[0], [0], [3], [1]], np.uint8)
    audit = kh.audit(
        codes,
        bits=3,
        labels=[0, 0, 1, 0],
        ids=["a", "b", "c", "d"],
        query_codes=np.array([[0], [3]], np.uint8),
        query_labels=[0, 0],
        query_ids=["c", "z"],
    )
    assert (audit.bits, audit.items, audit.queries) == (3, 4, 2)
    assert (audit.leaks.ids, audit.leaks.examples) == (1, ("c",))
    # Query 0 has code and label of items a and b; query 1 has c's code, but another label.
    # Two of four items occur once by code and label: chance is 1/2.
    assert (audit.leaks.identical, audit.leaks.identical_expected) == (1, 1.0)
    assert (audit.duplicates.distinct, audit.duplicates.largest) == (3, 2)
    assert audit.duplicates.mixed == 0
    assert audit.dead_bits == (2,)
    assert audit.duplicated_bits == ()
    assert audit.balance.tolist() == [0.5, 0.25, 0.0]
    assert audit.entropy["codes"] == 1.5
    assert audit.entropy["codes_most"] == 2.0
    # Query 0 without c: distances 0 0 1, all relevant: 1. Query 1: c at 0, d at 1, then a and b
    # at 2, all but c relevant: (1/2 + 2/3 + 3/4) / 3 = 23/36, whatever the order.
    spread = audit.tie_range["map@all"]
    assert (spread.worst, spread.best) == (pytest.approx(59 / 72), pytest.approx(59 / 72))
    # With c in query 0's search it comes last, at distance 2, and costs nothing.
    assert {row.name: row.expected for row in audit.conventions}[
        "map@all, self found"
    ] == pytest.approx(59 / 72)


def figures(audit):
    """What must not change when codes are only written otherwise."""
    said = audit.to_dict()
    names = ("leaks", "entropy", "ties", "tie_range", "conventions", "queries_without_relevant")
    return {name: said[name] for name in names} | {"distinct": audit.duplicates.distinct}


def assert_same(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    else:
        assert one == (pytest.approx(other, rel=1e-12) if isinstance(one, float) else other)


@pytest.mark.parametrize("change", ["mask", "bits", "memory map"])
def test_figures_do_not_depend_on_how_codes_are_written(change, tmp_path):
    codes, labels, ids = random_set()
    queries, query_labels, _ = random_set(40, seed=1)
    changed = [codes, queries]
    if change == "mask":
        changed = [array ^ np.array([0b10010111, 0b1010], np.uint8) for array in changed]
    elif change == "bits":
        order = np.random.default_rng(0).permutation(12)
        changed = [kh.codes.pack(kh.codes.unpack(array, 12)[:, order]) for array in changed]
    else:
        np.save(tmp_path / "codes.npy", codes)
        changed[0] = np.load(tmp_path / "codes.npy", mmap_mode="r")
    audits = [
        kh.audit(
            database,
            12,
            labels=labels,
            ids=ids,
            query_codes=some,
            query_labels=query_labels,
            query_ids=np.arange(100, 140),
        )
        for database, some in ((codes, queries), changed)
    ]
    assert audits[0].leaks.ids == 30
    assert_same(*map(figures, audits))


def test_a_shuffled_database_has_other_index_order_only():
    codes, labels, ids = random_set(bits=4)
    order = np.random.default_rng(3).permutation(len(codes))
    queries = {"query_codes": codes[:20], "query_labels": labels[:20], "query_ids": ids[:20]}
    one, other = (
        kh.audit(codes[p], 4, labels=labels[p], ids=ids[p], **queries)
        for p in (np.arange(len(codes)), order)
    )
    spread, shuffled = one.tie_range["map@all"], other.tie_range["map@all"]
    assert shuffled.index != spread.index
    for name in ("worst", "expected", "best"):
        assert getattr(shuffled, name) == pytest.approx(getattr(spread, name), rel=1e-12)


def test_figures_are_evaluates():
    codes, labels, _ = random_set(1200)
    queries, query_labels, _ = random_set(50, seed=1)
    audit = kh.audit(codes, 12, labels=labels, query_codes=queries, query_labels=query_labels)
    report = kh.evaluate(queries, query_labels, codes, labels, bits=12, at=(100, 1000))
    found = {row.name: row.expected for row in audit.conventions}
    assert found["map@1000(hits)"] == report.map_at_hits[1000]
    assert found["map@1000(total)"] == report.map_at_total[1000]
    assert found["precision@100"] == report.precision_at[100]
    assert audit.leaks.ids is None
    assert audit.notes == ("no cutoff 5,000: 1,200 items are searched",)


def test_without_anything_but_codes():
    codes, _, _ = random_set()
    audit = kh.audit(codes)
    assert audit.bits == 16 and audit.dead_bits == (12, 13, 14, 15)
    assert (audit.leaks, audit.tie_range, audit.conventions) == (None, {}, ())
    assert audit.duplicates.repeated_ids is None
    assert audit.ties[0].cutoff == 100


def test_multi_hot_labels():
    codes, labels, _ = random_set()
    rows = np.eye(3, dtype=int)[labels]
    assert_same(
        figures(kh.audit(codes, 12, labels=labels)),
        figures(kh.audit(codes, 12, labels=rows)),
    )


def test_a_mistake_is_named():
    with pytest.raises(ValueError, match="bits set beyond bit 11"):
        kh.audit(np.array([[0, 8]], np.uint8), bits=11)
    with pytest.raises(ValueError, match="`query_labels` needs `query_codes` too"):
        kh.audit(np.zeros((2, 1), np.uint8), labels=[0, 1], query_labels=[0])
