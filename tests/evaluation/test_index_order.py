"""Ranks in database order, on a case worked by hand."""

import numpy as np
import pytest

from keras_hashing.evaluation import index_order

# Distances of the database to the query 0: 2, 1, 1, 0, 1; the order is items 3, 1, 2, 4, 0.
DATABASE = np.array([[3], [1], [2], [0], [4]], np.uint8)
LABELS = np.array([0, 0, 1, 1, 0])


def ranked(**changes):
    return index_order.average_precisions(
        np.zeros((1, 1), np.uint8), np.array([0]), DATABASE, LABELS, 3, (None, 1, 3), **changes
    )


def test_by_hand():
    # Relevant (label 0) at ranks 2, 4 and 5.
    found = ranked()
    assert found[None][0][0] == pytest.approx(1 / 2 + 2 / 4 + 3 / 5)
    assert found[3][0][0] == pytest.approx(1 / 2)
    assert {cutoff: int(count[0]) for cutoff, (_, count) in found.items()} == {None: 3, 1: 0, 3: 1}


def test_the_querys_own_item_is_left_out():
    # Without item 1 the order is 3, 2, 4, 0: relevant at ranks 3 and 4.
    found = ranked(self_positions=np.array([1]))
    assert found[None][0][0] == pytest.approx(1 / 3 + 2 / 4)
