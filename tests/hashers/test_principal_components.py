import numpy as np
import pytest

from keras_hashing.hashers.moments import Moments
from keras_hashing.hashers.principal_components import (
    check_rows,
    check_spread,
    principal_components,
)


def moments(rows):
    found = Moments(rows.shape[1])
    found.update(rows)
    return found


def test_by_hand():
    # [[2, 1], [1, 2]] has eigenvalue 3 for (1, 1) and 1 for (1, -1).
    found = principal_components(np.array([[2.0, 1.0], [1.0, 2.0]]), 1)
    np.testing.assert_allclose(found, [[np.sqrt(0.5)], [np.sqrt(0.5)]], atol=1e-12)


def test_directions_of_largest_variance_first():
    rows = np.random.default_rng(0).normal(size=(500, 6)) * [1, 5, 2, 4, 3, 6]
    scatter = np.cov(rows.T) * 499
    found = principal_components(scatter, 4)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-12)
    variances = np.diag(found.T @ scatter @ found) / 499
    np.testing.assert_allclose(variances, np.linalg.svd(np.cov(rows.T))[1][:4])
    np.testing.assert_array_equal(np.abs(found).argmax(axis=0), [5, 1, 3, 4])


@pytest.mark.parametrize("seed", range(5))
def test_the_entry_of_largest_magnitude_is_positive(seed):
    rows = np.random.default_rng(seed).normal(size=(20, 7))
    found = principal_components(np.cov(rows.T), 7)
    assert (found[np.abs(found).argmax(axis=0), range(7)] > 0).all()


def test_too_few_rows():
    check_rows("X", 4, moments(np.eye(5)))
    with pytest.raises(ValueError, match="X needs more rows of features than bits, 6 at least; g"):
        check_rows("X", 5, moments(np.eye(5)))


def test_equal_rows():
    check_spread("X", moments(np.array([[1.0, 2.0], [1.0, 2.001]])))
    for value in (0.0, 0.1, 1e6):
        with pytest.raises(ValueError, match="X needs features that differ; got 9 equal rows. See"):
            check_spread("X", moments(np.full((9, 3), value)))
