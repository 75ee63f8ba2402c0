"""Figures of outputs against loops in plain Python, and what is called a collapse."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from keras_hashing.callbacks import causes, collapse
from keras_hashing.callbacks.collapse import Health, Known, troubles


def spread_out(count=200, bits=16, seed=0):
    """Healthy outputs."""
    return np.random.default_rng(seed).normal(size=(count, bits)).astype("float32")


def per_class(codes, count=100):
    """Outputs of items that have their class's code exactly, given as rows of -1 and +1."""
    codes = np.asarray(codes)
    return 0.5 * codes[np.arange(count) % len(codes)].astype("float32")


def entropy(share):
    return -sum(p * math.log2(p) for p in (share, 1 - share) if p)


@hypothesis.given(st.integers(1, 30), st.sampled_from([1, 2, 8, 13, 70]), st.integers(0, 2**32 - 1))
def test_figures(count, bits, seed):
    rng = np.random.default_rng(seed)
    outputs = rng.normal(size=(count, 3))[:, rng.integers(0, 3, bits)] * rng.choice([-1, 1], bits)
    outputs[:, 0] = rng.choice([-0.0, 0.0, 1e-30])  # a dead bit: an output of 0 is +1
    rows = [tuple(value >= 0 for value in row) for row in outputs.tolist()]
    columns = list(zip(*rows, strict=True))
    shares = [sum(column) / count for column in columns]
    dead = [bit for bit in range(bits) if shares[bit] in (0, 1)]
    duplicate = [
        bit
        for bit in range(bits)
        if bit not in dead
        and any(
            all(a == b for a, b in zip(columns[bit], columns[other], strict=True))
            or all(a != b for a, b in zip(columns[bit], columns[other], strict=True))
            for other in range(bit)
        )
    ]
    found = Health(outputs).figures
    assert tuple(found) == collapse.FIGURES
    assert found["distinct_codes"] == len(set(rows))
    assert found["commonest_code"] == max(map(rows.count, rows)) / count
    assert found["dead_bits"] == len(dead)
    assert found["duplicate_bits"] == len(duplicate)
    balance = sum(2 * min(share, 1 - share) for share in shares) / bits
    assert found["bit_balance"] == pytest.approx(balance, abs=1e-12)
    assert found["bit_entropy"] == pytest.approx(sum(map(entropy, shares)) / bits, abs=1e-12)


def test_healthy_codes_have_no_trouble():
    assert troubles(Health(spread_out())) == {}
    assert troubles(Health(spread_out()), Known(10, 10, 0.1)) == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(bad):
    outputs = spread_out()
    outputs[7, 3] = bad
    health = Health(outputs)
    assert all(math.isnan(value) for value in health.figures.values())
    assert list(troubles(health)) == ["not finite"]
    assert (
        "outputs are not finite. Likely the training has diverged"
        in troubles(health)[collapse.NOT_FINITE]
    )


def test_one_code():
    outputs = np.abs(spread_out())
    text = troubles(Health(outputs))["one code"]
    assert text.startswith("all 200 watched items have one code. The outputs lean to one side")
    # 180 of 200 are nine tenths, 179 are fewer.
    outputs[:20] = spread_out(20)
    found = troubles(Health(outputs))
    assert list(found) == ["one code"]
    assert found["one code"].startswith("180 of 200 watched items have one code.")
    outputs[:21] = spread_out(21)
    assert troubles(Health(outputs)) == {}


def test_one_code_among_items_that_are_mostly_of_one_class():
    # 60 of 100 are of one class, so 96 with one code are nine tenths of the other 40 too much.
    outputs = np.abs(spread_out(100))
    outputs[:5] = spread_out(5)
    assert list(troubles(Health(outputs))) == ["one code"]
    assert troubles(Health(outputs), Known(5, 5, 0.6)) == {}
    outputs[0] = np.abs(outputs[0])
    assert list(troubles(Health(outputs), Known(5, 5, 0.6))) == ["one code"]


def test_one_bit():
    outputs = np.abs(spread_out(bits=1))
    assert list(troubles(Health(outputs), Known(10, 10, 0.1))) == ["one code"]
    outputs[::2] *= -1  # two codes for ten classes: all that there is room for
    assert troubles(Health(outputs), Known(10, 10, 0.1)) == {}
    assert troubles(Health(outputs)) == {}


def test_few_codes():
    codes = 2 * (np.arange(1, 17) >> np.arange(5)[:, None] & 1) - 1  # every bit parts them again
    assert troubles(Health(per_class(codes)), Known(10, 10, 0.1)) == {}
    found = troubles(Health(per_class(codes[:4])), Known(10, 10, 0.1))
    assert list(found) == ["few codes"]
    assert found["few codes"].startswith(
        "the 100 watched items have only 4 distinct codes, but 10 classes. "
    )
    # Without labels one code in a hundred items is the least: 4 in 500 are fewer.
    assert "few codes" not in troubles(Health(per_class(codes, 500)))
    found = troubles(Health(per_class(codes[:4], 500)))
    assert found["few codes"].startswith(
        "the 500 watched items have only 4 distinct codes, in order only if they are of no more"
    )


def test_a_single_dead_bit():
    outputs = spread_out()
    outputs[:, 5] = np.abs(outputs[:, 5])
    found = troubles(Health(outputs), Known(10, 10, 0.1))
    assert list(found) == ["dead bits"]
    assert found["dead bits"].startswith(
        "1 of 16 bits is the same for all watched items (5). The outputs lean to one side: "
    )
    outputs[17, 5] *= -1  # one item of two hundred
    assert troubles(Health(outputs), Known(10, 10, 0.1)) == {}


def test_dead_bits_are_listed():
    outputs = spread_out()
    outputs[:, 2:9] = -np.abs(outputs[:, 2:9])
    found = troubles(Health(outputs))["dead bits"]
    assert found.startswith("7 of 16 bits are the same for all watched items (2, 3, 4, 5, 6, …).")


def two_classes(dead, bits=48):
    codes = np.ones((2, bits))
    codes[1, dead:] = -1
    return Health(per_class(codes))


def test_dead_bits_that_two_classes_bring_with_them():
    # Codes of two classes drawn at random agree in half of 48 bits: 24, deviation sqrt(12) = 3.46;
    # two of them above the mean are 30.9.
    assert troubles(two_classes(30), Known(2, 2, 0.5)) == {}
    assert list(troubles(two_classes(31), Known(2, 2, 0.5))) == ["dead bits"]
    # Without labels the number of distinct codes is all that is known of the classes.
    assert troubles(two_classes(30)) == {}
    assert list(troubles(two_classes(31))) == ["dead bits"]
    # Items of two classes with ten sets of labels could have ten codes: 48 / 512 + 2 * 0.306 < 1.
    outputs = spread_out(bits=48)
    outputs[:, 0] = 1
    assert list(troubles(Health(outputs), Known(2, 10, 0.5))) == ["dead bits"]


def three_classes(patterns):
    """Codes of three classes whose 12 bits have so many different patterns."""
    columns = np.array([[1, 1, -1], [1, -1, 1], [-1, 1, 1]])[np.arange(12) % patterns]
    columns *= np.array([1, -1])[np.arange(12) // 6][:, None]  # some are opposite
    return Health(per_class(columns.T))


def test_duplicate_bits_that_three_classes_bring_with_them():
    # Three classes are parted in 3 ways; 12 bits drawn at random have 3 (1 - (2 / 3)^12) = 2.98 of
    # them, so two are enough, and one is not.
    assert troubles(three_classes(3), Known(3, 3, 0.34)) == {}
    assert troubles(three_classes(2), Known(3, 3, 0.34)) == {}
    found = troubles(three_classes(1), Known(3, 3, 0.34))
    assert (
        "11 of 12 bits are equal or opposite to an earlier bit throughout (1, 2, 3, 4, 5, …)"
        in (found["duplicate bits"])
    )
    assert causes.DUPLICATE in found["duplicate bits"]


def test_duplicate_bits_among_many_classes():
    outputs = spread_out()
    outputs[:, 8:] = -outputs[:, :8]
    assert troubles(Health(outputs)) == {}  # eight of sixteen say something
    outputs[:, 7] = outputs[:, 6]
    outputs[:, 15] = outputs[:, 6]
    assert list(troubles(Health(outputs))) == ["duplicate bits"]


def test_codes_drawn_by_lot_are_seldom_called_collapsed():
    # What the limits are for: trained to the end, every class has one code, and no more is to be
    # had. Two deviations leave a few in a hundred above.
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(100):
        for classes in (2, 3, 5):
            codes = 2 * rng.integers(0, 2, (classes, 32)) - 1
            alarms += bool(troubles(Health(per_class(codes)), Known(classes, classes, 0.5)))
    assert alarms <= 15


def test_targets_that_agree_are_the_cause():
    codes = 2 * np.random.default_rng(0).integers(0, 2, (10, 16)) - 1
    codes[:, 3] = codes[0, 3]
    known = Known(10, 10, 0.1, targets=codes.astype("int8"))
    found = troubles(Health(per_class(codes)), known)
    assert found["dead bits"].endswith(causes.EQUAL_TARGETS)
    codes = codes[:, np.arange(16) % 3]  # three columns of which one is dead
    known = Known(10, 10, 0.1, targets=np.abs(codes).astype("int8"))
    codes[:, 0] = codes[0, 0]
    found = troubles(Health(per_class(codes)), known)
    assert found["dead bits"].endswith(causes.EQUAL_TARGETS)
    codes = 2 * np.random.default_rng(1).integers(0, 2, (10, 4)) - 1
    codes = np.hstack([codes, -codes, codes, codes])
    known = Known(10, 10, 0.1, targets=codes.astype("int8"))
    assert troubles(Health(per_class(codes)), known)["duplicate bits"].endswith(
        causes.REPEATED_TARGETS
    )
    known = Known(10, 10, 0.1, targets=(2 * np.eye(10, 16) - 1).astype("int8"))
    assert troubles(Health(per_class(codes)), known)["duplicate bits"].endswith(causes.DUPLICATE)
