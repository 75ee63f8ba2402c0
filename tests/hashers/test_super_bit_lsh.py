import itertools

import numpy as np
import pytest

from keras_hashing import hashers


def directions(channels, **arguments):
    layer = hashers.SuperBitLSH(center=False, **arguments)
    layer.build((None, channels))
    return layer.get_weights()[1]


@pytest.mark.parametrize(
    ("bits", "depth", "channels", "starts"),
    [
        (4, None, 6, [0, 4]),
        (14, None, 6, [0, 6, 12, 14]),
        (7, 3, 6, [0, 3, 6, 7]),
        (2, 6, 6, [0, 2]),
        (3, 1, 6, [0, 1, 2, 3]),
    ],
)
def test_batches_are_orthonormal(bits, depth, channels, starts):
    columns = directions(channels, bits=bits, depth=depth)
    gram = np.abs(columns.T @ columns)
    expected = np.zeros((bits, bits), bool)
    for first, stop in itertools.pairwise(starts):
        expected[first:stop, first:stop] = True
        np.testing.assert_allclose(gram[first:stop, first:stop], np.eye(stop - first), atol=1e-6)
    assert (gram[~expected] > 1e-5).all()  # different batches are not orthogonal


def test_is_gram_schmidt_of_the_directions_of_lsh():
    plain = hashers.LSH(3, seed=4, center=False)
    plain.build((None, 5))
    expected = []
    for column in plain.get_weights()[1].T.astype(float):
        for earlier in expected:
            column = column - (column @ earlier) * earlier
        expected.append(column / np.linalg.norm(column))
    np.testing.assert_allclose(directions(5, bits=3, seed=4), np.transpose(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("degrees", "variance"), [(45, 0.25), (60, 0.222222), (90, 0.0)]
)  # LSH: 0.375, 0.444444, 0.5
def test_less_spread_than_lsh(degrees, variance):
    # Two perpendicular lines in the plane, rows at up to 90 degrees: at most one line separates
    # them, with probability p = 2 * degrees / 180; the variance is p (1 - p).
    angle = np.radians(degrees)
    pair = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    bits = np.array(
        [pair @ directions(2, bits=4096, seed=seed) >= 0 for seed in range(4)]
    )  # 4 x 2048 batches of two directions
    distances = (bits[:, 0] != bits[:, 1]).reshape(-1, 2).sum(axis=1)
    assert len(distances) == 8192
    assert set(distances.tolist()) <= {0, 1}
    spread = np.sqrt(variance / 8192)
    assert abs(distances.mean() - 2 * degrees / 180) <= 5 * spread
    assert distances.var() == pytest.approx(variance, abs=5 * spread)


def test_one_row_is_enough():
    layer = hashers.SuperBitLSH(4)
    layer.adapt(np.ones((1, 6)))
    assert np.asarray(layer(np.ones((1, 6)))).tolist() == [[0, 0, 0, 0]]


def test_depth_is_checked():
    with pytest.raises(ValueError, match="`depth` must be at least 1; got 0"):
        hashers.SuperBitLSH(4, depth=0)
    with pytest.raises(TypeError, match="`depth` must be a whole number"):
        hashers.SuperBitLSH(4, depth=2.0)
    with pytest.raises(ValueError, match="`depth` must be between 1 and 6; got 7. Only so many"):
        hashers.SuperBitLSH(4, depth=7).adapt(np.ones((3, 6)))
