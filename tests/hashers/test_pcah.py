import numpy as np
import pytest

from keras_hashing import hashers

ROWS = np.random.default_rng(0).normal(3, 1, size=(200, 7)) @ np.diag([1, 2, 3, 4, 5, 6, 7])


def test_outputs_by_singular_values():
    layer = hashers.PCAHash(4)
    layer.adapt(ROWS)
    outputs = np.asarray(layer(ROWS))
    centred = ROWS - ROWS.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ directions[:4].T  # up to the sign of each column
    expected *= np.sign((expected * outputs).sum(axis=0))
    np.testing.assert_allclose(outputs, expected, atol=1e-4)


def test_outputs_are_centred_uncorrelated_and_of_falling_variance():
    layer = hashers.PCAHash(7)
    layer.adapt(ROWS)
    outputs = np.asarray(layer(ROWS), np.float64)
    np.testing.assert_allclose(outputs.mean(axis=0), np.zeros(7), atol=1e-4)
    covariance = np.cov(outputs.T)
    variances = np.diag(covariance)
    assert (np.diff(variances) < 0).all()
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-4 * variances[0])


def test_codes_stay_where_signs_of_components_are_open():
    # Mirroring all features mirrors the components, whose sign rule is by magnitude only: the
    # outputs are the same up to complemented bits.
    one, other = hashers.PCAHash(3), hashers.PCAHash(3)
    one.adapt(ROWS)
    other.adapt(-ROWS)
    np.testing.assert_allclose(
        np.abs(np.asarray(one(ROWS))), np.abs(np.asarray(other(-ROWS))), atol=1e-4
    )


@pytest.mark.parametrize(
    ("bits", "rows", "message"),
    [
        (8, ROWS, "`bits` must be between 1 and 7; got 8. PCAHash has a bit per component"),
        (5, np.eye(7)[:5], "PCAHash needs more rows of features than bits, 6 at least; got 5"),
        (5, np.ones((9, 7)), "PCAHash needs features that differ; got 9 equal rows"),
    ],
)
def test_refused_data(bits, rows, message):
    with pytest.raises(ValueError, match=message):
        hashers.PCAHash(bits).adapt(rows)


def test_as_many_rows_as_it_takes():
    layer = hashers.PCAHash(6)
    layer.adapt(ROWS[:7])
    assert np.isfinite(np.asarray(layer(ROWS))).all()
