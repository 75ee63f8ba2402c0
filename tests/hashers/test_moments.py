import numpy as np
import pytest

from keras_hashing.hashers.moments import Moments, Sample


@pytest.mark.parametrize("sizes", [[50], [1] * 50, [7, 13, 30]])
def test_moments_do_not_depend_on_batches(sizes):
    rows = np.random.default_rng(0).normal(size=(50, 4)) * [1, 2, 3, 4] + 1e6
    moments = Moments(4, scatter=True)
    for batch in np.split(rows, np.cumsum(sizes)[:-1]):
        moments.update(batch)
    assert moments.count == 50
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments.variance, rows.var(axis=0), rtol=1e-8)
    np.testing.assert_allclose(moments.scatter / 50, np.cov(rows.T, bias=True), rtol=1e-8)


def test_moments_by_hand():
    # Rows (0, 0), (2, 0), (1, 3): mean (1, 1), differences (-1, -1), (1, -1), (0, 2).
    moments = Moments(2, scatter=True)
    moments.update(np.array([[0.0, 0.0]]))
    moments.update(np.array([[2.0, 0.0], [1.0, 3.0]]))
    assert moments.mean.tolist() == [1, 1]
    np.testing.assert_allclose(moments.scatter, [[2, 0], [0, 6]], atol=1e-15)
    np.testing.assert_allclose(moments.variance, [2 / 3, 2], atol=1e-15)


def test_scatter_is_optional():
    moments = Moments(2)
    moments.update(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert moments.scatter is None
    assert moments.variance.tolist() == [1, 0]


def sampled(size, count, seed=0, step=10):
    sample = Sample(size, seed)
    for start in range(0, count, step):
        sample.update(np.arange(start, min(start + step, count), dtype=float)[:, None])
    return sample.rows()[:, 0].astype(int).tolist()


def test_sample_keeps_all_that_fit_in_order():
    assert sampled(30, 30) == sampled(31, 30) == list(range(30))


def test_sample_does_not_depend_on_batches():
    kept = sampled(20, 95, step=95)
    assert len(kept) == 20
    assert kept == sorted(set(kept))
    assert kept == sampled(20, 95, step=7) == sampled(20, 95, step=1)
    assert kept != sampled(20, 95, seed=1)


def test_sample_is_even():
    # 2000 draws of 5 rows of 20: each row 500 times on average, standard deviation 19.4.
    counts = np.bincount(np.concatenate([sampled(5, 20, seed) for seed in range(2000)]))
    assert len(counts) == 20
    assert np.abs(counts - 500).max() < 5 * 19.4
