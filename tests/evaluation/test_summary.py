"""Means over queries: what is left out, and what is refused."""

import numpy as np
import pytest

from keras_hashing import Evaluator
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
