import numpy as np
import pytest

from keras_hashing.zoo.figures import figures_of
from keras_hashing.zoo.stored_codes import Codes


def entry_codes(query, query_labels, database, database_labels):
    return Codes(
        query_codes=np.array(query, np.uint8)[:, None],
        database_codes=np.array(database, np.uint8)[:, None],
        query_labels=query_labels,
        database_labels=database_labels,
        query_ids=np.arange(len(query)).astype(str),
        database_ids=np.arange(len(database)).astype(str),
    )


def test_worked_by_hand():
    # Distances to the one query: 0, 1, 1, 2; relevant: the first, the second, the fourth.
    codes = entry_codes([0], np.array([0]), [0, 1, 2, 3], np.array([0, 0, 1, 0]))
    found = figures_of(codes, 2)
    assert found["map(expected)"] == pytest.approx(31 / 36)
    assert found["map(best)"] == found["map(index)"] == pytest.approx(11 / 12)
    assert found["map(worst)"] == pytest.approx(29 / 36)
    # The cutoff becomes the database's size, where all three conventions agree.
    for name in ("hits", "min", "total"):
        assert found[f"map@4({name})"] == pytest.approx(31 / 36)
    assert found["precision@radius2"] == pytest.approx(3 / 4)
    assert found["empty@radius2"] == 0
    assert found["queries_without_relevant"] == 0
    # Bits of the four codes 00, 10, 01, 11: each is on twice; no code repeats.
    assert (found["bits_on(min)"], found["bits_on(max)"]) == (0.5, 0.5)
    assert found["duplicate_codes"] == 0


def test_duplicates_and_dead_bits():
    codes = entry_codes([0], None, [1, 1, 1, 3], None)
    assert figures_of(codes, 3) == {
        "bits_on(min)": 0.0,
        "bits_on(mean)": pytest.approx((1 + 0.25 + 0) / 3),
        "bits_on(max)": 1.0,
        "duplicate_codes": 0.5,
    }


def test_one_bit_and_an_empty_ball():
    codes = entry_codes([0], np.array([0]), [1], np.array([0]))
    assert figures_of(codes, 1)["precision@radius1"] == 1.0
    codes = entry_codes([0], np.array([0]), [255], np.array([0]))
    assert figures_of(codes, 8)["empty@radius2"] == 1.0
