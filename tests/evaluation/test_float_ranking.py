import itertools
from fractions import Fraction

import numpy as np
import pytest

from keras_hashing.evaluation.float_ranking import mean_average_precision


def average_precision(relevant):
    hits, total = 0, Fraction(0)
    for position, hit in enumerate(relevant, 1):
        if hit:
            hits += 1
            total += Fraction(hits, position)
    return total / hits


def over_all_orders(scores, relevant):
    """Mean over every order of the items that keeps the scores descending."""
    values = []
    for order in itertools.permutations(range(len(scores))):
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order)):
            values.append(average_precision([relevant[i] for i in order]))
    return sum(values) / len(values)


@pytest.mark.parametrize("seed", range(20))
def test_equals_exact_fractions_over_all_orders(seed):
    rng = np.random.default_rng(seed)
    database = rng.integers(-2, 3, (6, 2)).astype("float32")
    query = rng.integers(-2, 3, (1, 2)).astype("float32")
    labels = rng.integers(0, 2, 6)
    labels[rng.integers(6)] = 0
    scores = (database @ query[0]).tolist()
    expected = over_all_orders(scores, labels == 0)
    found = mean_average_precision(query, [0], database, labels, similarity="inner")
    assert found == pytest.approx(float(expected), abs=1e-12)


def test_cosine_ignores_length_and_inner_does_not():
    query, database = np.array([[1.0, 0.0]]), np.array([[0.9, 0.1], [9.0, 9.0]])
    # By cosine the first item leads, by inner product the second.
    assert mean_average_precision(query, [0], database, [0, 1], similarity="cosine") == 1.0
    assert mean_average_precision(query, [0], database, [0, 1], similarity="inner") == 0.5


def test_queries_with_nothing_relevant_are_left_out():
    database = np.array([[1.0], [2.0]])
    found = mean_average_precision(
        np.array([[1.0], [1.0]]), [0, 5], database, [1, 0], similarity="inner"
    )
    assert found == 1.0
    assert np.isnan(mean_average_precision(np.array([[1.0]]), [5], database, [1, 0]))


def test_multi_hot_labels_and_more_queries_than_a_block():
    query = np.ones((150, 1), "float32")
    database = np.array([[3.0], [2.0], [1.0]], "float32")
    labels = np.array([[1, 0], [0, 1], [1, 1]])
    # Relevant at ranks 1 and 3: (1 + 2/3) / 2.
    found = mean_average_precision(
        query, np.tile([1, 0], (150, 1)), database, labels, similarity="inner"
    )
    assert found == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1.0]], [0, 1], [[1.0]], [0]), "one row per item"),
        (([[1.0]], [0], [[1.0]], [0, 1]), "one row per item"),
        (([[np.nan]], [0], [[1.0]], [0]), "`query_vectors` must be finite"),
        (([[1.0]], [0], [[np.inf]], [0]), "`database_vectors` must be finite"),
        (([[1.0]], [0], [[1.0, 2.0]], [0]), "as many channels; got shapes"),
        (([1.0], [0], [[1.0]], [0]), "`query_vectors` must have 2 dimension"),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(ValueError, match=words):
        mean_average_precision(*arguments)


def test_refused_types_and_settings():
    with pytest.raises(TypeError, match="`query_vectors` must be numbers; got dtype <U1"):
        mean_average_precision([["a"]], [0], [[1.0]], [0])
    with pytest.raises(ValueError, match="unknown value 'l2'"):
        mean_average_precision([[1.0]], [0], [[1.0]], [0], similarity="l2")
    with pytest.raises(TypeError, match="positional"):
        mean_average_precision([[1.0]], [0], [[1.0]], [0], "inner")
