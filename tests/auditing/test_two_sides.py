"""Sides that fit, and sides that one mistake keeps apart."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing.auditing.code_set import CodeSet
from keras_hashing.auditing.two_sides import compare

BITS = 48


def signs(count=300, seed=0, bits=BITS, classes=5, noise=0.7):
    """Signs of a random projection of noisy classes."""
    rng, of_model = np.random.default_rng(seed), np.random.default_rng(1000)
    centres = of_model.normal(size=(classes, 32))
    features = centres[rng.integers(0, classes, count)] + noise * rng.normal(size=(count, 32))
    return np.where(features @ of_model.normal(size=(32, bits)) >= 0, 1, -1)


def sides(queries, database, bits=BITS):
    packed = (CodeSet(kh.codes.pack(array), None, None) for array in (queries, database))
    return compare(*packed, bits)


def in_bytes(array, change):
    return change(array.reshape(len(array), -1, 8)).reshape(array.shape)


def test_one_model_fits():
    for classes, noise in ((5, 0.7), (2, 0.1), (100, 1.0)):
        found = sides(
            signs(80, 1, classes=classes, noise=noise), signs(classes=classes, noise=noise)
        )
        assert found.fit and found.change is None and found.nearest_changed is None
        assert abs(found.nearest - found.nearest_own) < 1
        assert found.nearest_shuffled > found.nearest_own + 3


def test_random_codes_are_no_fault():
    rng = np.random.default_rng(0)
    for bits in (4, 16, 48):
        array = rng.choice([-1, 1], (400, bits))
        assert sides(array[:100], array[100:], bits).fit


def test_queries_of_one_class_fit_a_database_sorted_by_class():
    database = np.concatenate([signs(200, 3, classes=1), -signs(200, 4, classes=1)])
    assert sides(signs(50, 5, classes=1), database).fit


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: in_bytes(s, lambda b: b[:, :, ::-1]), "the bits of each byte in reverse order"),
        (lambda s: in_bytes(s, lambda b: b[:, ::-1]), "the bytes in reverse order"),
        (lambda s: s[:, ::-1], "all bits in reverse order"),
        (lambda s: -s, "every bit the other way round"),
        (lambda s: s.reshape(len(s), 3, 2, 8)[:, :, ::-1].reshape(s.shape), "the bytes of each 2"),
    ],
)
@pytest.mark.parametrize("changed", ["queries", "database"])
def test_mistakes_are_named(change, words, changed):
    queries, database = signs(80, 1), signs()
    given = (change(queries), database) if changed == "queries" else (queries, change(database))
    found = sides(*given)
    assert not found.fit
    assert found.change.startswith(words)
    assert found.nearest_changed == pytest.approx(sides(queries, database).nearest, abs=0.5)


def test_padding_at_another_end():
    def padded(array, before):
        off = -np.ones((len(array), BITS), int)
        off[:, before : before + 40] = array
        return off

    found = sides(padded(signs(80, 1, 40), 5), padded(signs(bits=40), 0))
    assert (found.fit, found.change) == (False, "all bits 5 places back")


def test_another_model_is_told_without_a_remedy():
    flips = np.random.default_rng(0).choice([-1, 1], BITS)
    order = np.random.default_rng(0).permutation(BITS)
    for queries in (signs(80, 1) * flips, signs(80, 1)[:, order]):
        found = sides(queries, signs())
        assert (found.fit, found.change) == (False, None)


def test_few_codes_of_few_bits_show_in_their_shares():
    # All 256 codes occur, so something is always near; bit j is on for (j + 1) / 10 of the items.
    rng = np.random.default_rng(0)
    array = np.where(rng.random((6000, 8)) < np.arange(1, 9) / 10, 1, -1)
    found = sides(array[:1000, ::-1], array[1000:], 8)
    assert not found.fit and found.change == "all bits in reverse order"
    # Shares 0.1 to 0.8 against their reverse: differences 7, 5, 3, 1, 1, 3, 5, 7 tenths.
    assert found.share_gap == pytest.approx(0.4, abs=0.03)
    assert sides(array[:1000], array[1000:], 8).fit


def test_nothing_is_said_of_a_few():
    assert sides(signs(7), signs()) is None
    assert sides(signs(), signs(7)) is None
