"""Ranks in database order, on a case worked by hand."""

import numpy as np
import pytest

from keras_hashing.evaluation import index_order

# Distances of the database to the query 0: 2, 1, 1, 0, 1; the order is items 3, 1, 2, 4, 0.
DATABASE = np.array([[3], [1], [2], [0], [4]], np.uint8)
LABELS = np.array([0, 0, 1, 1, 0])


def ranked(labels=LABELS, query=0, **changes):
    return index_order.ranked(
        np.zeros((1, 1), np.uint8),
        np.array([query]),
        DATABASE,
        np.array(labels),
        3,
        (None, index_order.RELEVANT, 1, 3),
        **changes,
    )


def test_by_hand():
    # Relevant (label 0) at ranks 2, 4 and 5; three are relevant.
    found = ranked()
    assert found[None].precisions[0] == pytest.approx(1 / 2 + 2 / 4 + 3 / 5)
    assert found[3].precisions[0] == found[index_order.RELEVANT].precisions[0] == 1 / 2
    hits = {cutoff: int(sums.hits[0]) for cutoff, sums in found.items()}
    assert hits == {None: 3, index_order.RELEVANT: 1, 1: 0, 3: 1}
    # One label each: gains are hits, and weighted precisions are precisions.
    for sums in found.values():
        assert sums.gains[0] == sums.hits[0]
        assert sums.weighted[0] == sums.precisions[0]
    assert found[None].take([0, 0]).hits.tolist() == [3, 3]


def test_shared_labels_by_hand():
    # In rank order (items 3, 1, 2, 4, 0) they share 0, 2, 0, 1 and 1 labels with the query.
    labels = np.array([[1, 0], [1, 1], [0, 0], [0, 0], [0, 1]], bool)
    found = ranked(labels, query=[True, True])
    assert found[None].gains[0] == 4 and found[3].gains[0] == 2 and found[1].gains[0] == 0
    assert found[None].weighted[0] == pytest.approx(2 / 2 + 3 / 4 + 4 / 5)
    assert found[3].weighted[0] == pytest.approx(2 / 2)


def test_the_querys_own_item_is_left_out():
    # Without item 1 the order is 3, 2, 4, 0: relevant at ranks 3 and 4.
    found = ranked(self_positions=np.array([1]))
    assert found[None].precisions[0] == pytest.approx(1 / 3 + 2 / 4)
    assert found[index_order.RELEVANT].hits[0] == 0
