"""The sentences of an audit: each appears where it should, and only there."""

import numpy as np
import pytest

import keras_hashing as kh

RNG = np.random.default_rng(0)
SIGNS = 2 * RNG.integers(0, 2, (400, 16)) - 1
LABELS = RNG.integers(0, 4, 400)


def audit(signs=SIGNS, labels=None, **changes):
    return kh.audit(kh.codes.pack(signs), signs.shape[1], labels=labels, **changes)


def test_a_sound_set_has_no_fault():
    assert audit(ids=np.arange(400)).faults == ()
    assert audit().remarks == ()


def test_leaks_by_id():
    queries = {"query_codes": kh.codes.pack(SIGNS[:12]), "query_ids": np.arange(390, 402)}
    assert audit(ids=np.arange(400), **queries).faults == (
        "10 of 12 queries stand in the database under their own id (390, 391, 392, 393, 394, 395, "
        "396, 397, …): a search that does not leave them out finds them first.",
    )


def test_copies_without_ids():
    found = audit(query_codes=kh.codes.pack(SIGNS[:100]))
    chance, spread = found.leaks.identical_expected, found.leaks.identical_spread
    assert found.faults == (
        "100 of 100 queries have the code of a database item, where chance gives "
        f"{chance:,.0f} ± {spread:,.0f}: look for copies of queries in the database.",
    )
    labelled = audit(
        labels=LABELS, query_codes=kh.codes.pack(SIGNS[:100]), query_labels=LABELS[:100]
    )
    assert "have the code of a database item and its label, where" in labelled.faults[0]
    fresh = 2 * RNG.integers(0, 2, (100, 16)) - 1
    assert audit(query_codes=kh.codes.pack(fresh)).faults == ()


def test_repeated_ids():
    ids = np.arange(400)
    ids[5] = 3
    assert audit(ids=ids).faults == ("Ids that occur more than once in the database: 1 (3).",)


def test_dead_and_repeated_bits():
    signs = SIGNS.copy()
    signs[:, 4], signs[:, 9] = -1, -signs[:, 2]
    assert audit(signs).faults == (
        "Dead bits, the same in all items: 1 of 16 (4).",
        "Bits equal or opposite to another one in all items: 1 of 16 (9 is not 2).",
    )


def test_one_code_for_all():
    faults = audit(np.ones((5, 4), int)).faults
    assert faults[0] == "All items have one code: no search can tell them apart."
    assert faults[1].startswith("Dead bits, the same in all items: 4 of 4")
    assert audit(np.ones((1, 4), int)).faults[0].startswith("Dead bits")


@pytest.mark.parametrize(("on", "told"), [(43, True), (45, False), (355, False), (357, True)])
def test_bits_that_say_little(on, told):
    # The entropy of 44/400 = 0.11 is 0.49992 bit, that of 45/400 is 0.508.
    signs = SIGNS.copy()
    signs[:, 7] = np.where(np.arange(400) < on, 1, -1)
    faults = audit(signs).faults
    assert any(f.startswith("Bits that say less than half a bit") for f in faults) == told
    if told:
        assert faults[0].endswith("of the items: 1 of 16 (7).")


@pytest.mark.parametrize("sign", [1, -1])
def test_bits_that_are_nearly_one(sign):
    signs = SIGNS.copy()
    signs[:, 11] = sign * signs[:, 3]
    signs[:6, 11] *= -1
    (fault,) = audit(signs).faults
    assert fault.startswith("Pairs of bits whose correlation is beyond 0.9: 1; that of bits 3 and")
    correlation = abs(np.corrcoef(signs[:, 3], signs[:, 11])[0, 1])
    assert fault.endswith(f"11 is {correlation:.3f}, sign aside.")


def test_remarks_on_ties_and_conventions():
    found = audit(labels=LABELS)
    ties, conventions = found.remarks
    spread = found.tie_range["map@all"]
    assert ties == (
        f"Tie order alone moves mAP from {spread.worst:.4f} to {spread.best:.4f}; the mean over "
        f"all orders is {spread.expected:.4f}, database order gives {spread.index:.4f}."
    )
    values = {row.name: row.expected for row in found.conventions if row.name[:3] == "map"}
    low, high = sorted(values, key=values.get)[:: len(values) - 1]
    assert conventions == (
        f"By convention alone these codes score from {values[low]:.3f} ({low}) to "
        f"{values[high]:.3f} ({high})."
    )


def test_remarks_where_all_is_well():
    signs = np.where(LABELS[:, None] == np.arange(4), 1, -1)
    assert audit(signs, LABELS).remarks == (
        "Tie order hardly matters: mAP is 1.0000 to 1.0000.",
        "All conventions of mAP agree within 0.005, on 1.000.",
    )


def test_queries_that_are_left_out():
    queries = {"query_codes": kh.codes.pack(SIGNS[:8]), "query_labels": [0, 1, 2, 3, 9, 9, 0, 1]}
    found = audit(labels=LABELS, **queries)
    value = found.tie_range["map@all"].expected
    assert found.remarks[-1] == (
        "2 of 8 queries have nothing relevant in the database and are left out of every mean, as "
        "in HashNet's code; DeepHash-pytorch, OrthoHash and FIRe count them as 0 and would print "
        f"mAP {value * 0.75:.4f} for {value:.4f}."
    )


def test_sides_of_two_bit_orders():
    rng = np.random.default_rng(0)
    centres = rng.choice([-1, 1], (4, 16))
    rows = np.where(rng.random((400, 16)) < 0.05, -1, 1) * centres[LABELS]
    given = {"labels": LABELS[100:], "query_labels": LABELS[:100]}
    sound = audit(rows[100:], query_codes=kh.codes.pack(rows[:100]), **given)
    assert not any("do not fit" in fault for fault in sound.faults)
    big = np.packbits(rows[:100] > 0, axis=1)
    found = audit(rows[100:], query_codes=big, **given)
    assert found.tie_range["map@all"].expected < 0.5 < sound.tie_range["map@all"].expected
    fault, sides = found.faults[0], found.sides
    assert fault == (
        "Queries and database do not fit each other: a query's nearest items are "
        f"{sides.nearest:.1f} bits away, an item's own {sides.nearest_own:.1f}, those of codes "
        f"with shuffled bits {sides.nearest_shuffled:.1f}; the shares of set bits differ by "
        f"{sides.share_gap:.2f}. With the bits of each byte in reverse order the queries' are "
        f"{sound.sides.nearest:.1f} away, so one side was packed highest bit first, as "
        "numpy.packbits does by default. Pack both sides in the same way, with "
        "`keras_hashing.codes.pack`."
    )
    other = audit(
        rows[100:], query_codes=kh.codes.pack(rows[:100] * rng.choice([-1, 1], 16)), **given
    )
    assert other.faults[0].endswith(
        "Are both of one model, with one order and one sign of the bits?"
    )
