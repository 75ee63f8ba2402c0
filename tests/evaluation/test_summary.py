"""Means over queries: what is left out, and what is refused."""

import numpy as np
import pytest

from keras_hashing import Evaluator, evaluate
from keras_hashing.evaluation.summary import summarize


def counted():
    evaluator = Evaluator(np.array([[0], [1]], np.uint8), [0, 5], bits=3, at=(1,))
    evaluator.update(np.array([[0], [3], [7]], np.uint8), [1, 0, 0])
    return evaluator


def test_only_queries_with_something_relevant_count():
    # Query 0 finds its relevant items at ranks 2 and 3; query 1 has none.
    report = summarize(counted())
    assert report.map == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (report.queries, report.queries_without_relevant) == (2, 1)
    assert report.precision_at == {1: 0.0} and report.recall_at == {1: 0.0}
    np.testing.assert_allclose(report.rank_curve["recall"], [0, 0.5, 1])


def test_nothing_to_average():
    with pytest.raises(ValueError, match="the database is empty"):
        summarize(Evaluator(np.array([[0]], np.uint8), [0]))
    evaluator = Evaluator(np.array([[0]], np.uint8), [4])
    evaluator.update(np.array([[0]], np.uint8), [1])
    with pytest.raises(ValueError, match="no query has anything relevant"):
        evaluator.result()


@pytest.mark.parametrize("ties", ["expected", "index"])
def test_equal_queries_are_computed_once_and_count_each(ties):
    # Kinds of queries that occur 1 to 4 times, one of them with nothing relevant.
    rng = np.random.default_rng(3)
    query_codes = rng.integers(0, 16, (5, 1), dtype=np.uint8)
    query_labels, times = np.array([0, 1, 0, 7, 2]), np.array([4, 1, 3, 2, 2])
    database = rng.integers(0, 16, (40, 1), dtype=np.uint8), rng.integers(0, 3, 40)
    order = rng.permutation(np.repeat(np.arange(5), times))
    settings = {"bits": 4, "at": (3, 20), "ties": ties}
    report = evaluate(query_codes[order], query_labels[order], *database, **settings)
    assert (report.queries, report.queries_without_relevant) == (12, 2)
    kept = [0, 1, 2, 4]
    alone = [
        evaluate(query_codes[[kind]], query_labels[[kind]], *database, **settings) for kind in kept
    ]

    def mean(value):
        return np.average([value(one) for one in alone], axis=0, weights=times[kept])

    for name, found in report.to_dict().items():
        if "(" in name or "@" in name:
            assert found == pytest.approx(mean(lambda one: one.to_dict()[name]), abs=1e-14)  # noqa: B023
    for curve in ("pr_curve", "rank_curve"):
        for side in ("precision", "recall"):
            wanted = mean(lambda one: getattr(one, curve)[side])  # noqa: B023
            np.testing.assert_allclose(getattr(report, curve)[side], wanted, atol=1e-14)
    for side, pairs in report.distances.items():
        wanted = sum(n * one.distances[side] for n, one in zip(times[kept], alone, strict=True))
        np.testing.assert_array_equal(pairs, wanted)


def test_equal_queries_that_leave_out_different_items_are_kept_apart():
    # Both queries have code 0 and label 0; one leaves out the item at 0, the other that at 3.
    codes = np.array([[0], [0]], np.uint8)
    database, labels = np.array([[0], [1], [7]], np.uint8), [0, 1, 0]
    settings = {"bits": 3, "database_ids": [5, 6, 7], "exclude_self": True}
    report = evaluate(codes, [0, 0], database, labels, query_ids=[5, 7], **settings)
    # Without the near item the far one is at rank 2 of 2; without the far one, the near at rank 1.
    assert report.map == pytest.approx((1 / 2 + 1) / 2)
