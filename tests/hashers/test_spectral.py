import math

import numpy as np
import pytest

from keras_hashing import hashers
from keras_hashing.hashers.spectral import slowest_waves

ROWS = np.random.default_rng(0).uniform(size=(300, 3)) @ np.diag([1, 3, 2]) + 5


@pytest.mark.parametrize(
    ("widths", "count", "waves"),
    [
        ((2, 1), 3, [(0, 1), (0, 2), (1, 1)]),
        ((4, 3, 2.5), 4, [(0, 1), (1, 1), (2, 1), (0, 2)]),
        ((5, 1), 4, [(0, 1), (0, 2), (0, 3), (0, 4)]),
        ((1, 1), 2, [(0, 1), (1, 1)]),
        ((1, 1), 5, [(0, 1), (1, 1), (0, 2), (1, 2), (0, 3)]),
        ((3, 0), 2, [(0, 1), (0, 2)]),
    ],
)
def test_waves_by_hand(widths, count, waves):
    dimensions, numbers = slowest_waves(np.array(widths, float), count)
    assert list(zip(dimensions.tolist(), numbers.tolist(), strict=True)) == waves


def test_squared_frequencies():
    widths = np.array([4, 3, 2.5])
    dimensions, numbers = slowest_waves(widths, 4)
    found = (numbers * np.pi / widths[dimensions]) ** 2
    np.testing.assert_allclose(found, [0.616850, 1.096623, 1.579137, 2.467401], atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_no_candidate_left_out_is_slower(seed):
    rng = np.random.default_rng(seed)
    widths, count = rng.uniform(0.2, 3, size=5), int(rng.integers(1, 40))
    dimensions, numbers = slowest_waves(widths, count)
    candidates = []  # the list of the authors' code, written out
    for dimension, width in enumerate(widths):
        limit = math.ceil((count + 1) * width / max(widths))
        for number in range(1, limit):
            candidates.append(((number * math.pi / width) ** 2, dimension, number))
    expected = sorted(candidates)[:count]
    assert [(d, m) for _, d, m in expected] == list(zip(dimensions, numbers, strict=True))


def test_bits_of_one_dimension():
    # (x - low) / width = 0, .2, .4, .6, .8, 1: one half period, then two.
    layer = hashers.SpectralHash(2)
    rows = np.arange(6)[:, None] / 5
    layer.adapt(rows)
    signs = np.where(np.asarray(layer(rows)) >= 0, "+", "-")
    assert "".join(signs[:, 0]) == "+++---"
    assert "".join(signs[:, 1]) == "++--++"


def test_outputs_by_a_plain_loop():
    layer = hashers.SpectralHash(5)
    layer.adapt(ROWS)
    outputs = np.asarray(layer(ROWS[:20] * 1.5))  # beyond the range as well
    centred = ROWS - ROWS.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    directions = directions[:, ::-1] * np.where(
        np.abs(directions[:, ::-1]).max(0) == directions[:, ::-1].max(0), 1, -1
    )
    low, high = (centred @ directions).min(0), (centred @ directions).max(0)
    candidates = []
    for j in range(3):
        limit = math.ceil(6 * (high - low)[j] / max(high - low))
        candidates += [((m / (high[j] - low[j])) ** 2, j, m) for m in range(1, limit)]
    for bit, (_, j, m) in enumerate(sorted(candidates)[:5]):
        for item in range(20):
            place = (ROWS[item] * 1.5 - ROWS.mean(axis=0)) @ directions[:, j]
            wave = math.sin(math.pi / 2 + m * math.pi * (place - low[j]) / (high[j] - low[j]))
            assert outputs[item, bit] == pytest.approx(wave, abs=1e-4)
    assert np.abs(outputs).max() <= 1


def test_ranges_are_those_of_all_batches():
    whole, parts = hashers.SpectralHash(4), hashers.SpectralHash(4)
    whole.adapt(ROWS)
    parts.adapt([ROWS[:10], ROWS[10:290], ROWS[290:]])
    np.testing.assert_allclose(whole(ROWS), parts(ROWS), atol=1e-5)


def test_even_features_give_balanced_uncorrelated_bits():
    rows = np.random.default_rng(1).uniform(size=(4000, 2)) * [1.0, 0.7]
    layer = hashers.SpectralHash(4)
    layer.adapt(rows)
    signs = np.where(np.asarray(layer(rows)) >= 0, 1, -1)
    assert np.abs(signs.mean(axis=0)).max() < 0.06
    assert np.abs(np.corrcoef(signs.T) - np.eye(4)).max() < 0.06


def test_more_bits_than_channels_or_rows():
    layer = hashers.SpectralHash(20)
    layer.adapt(ROWS[:4])
    outputs = np.asarray(layer(ROWS))
    assert outputs.shape == (300, 20)
    assert np.isfinite(outputs).all()


def test_refused_data():
    with pytest.raises(ValueError, match="SpectralHash needs features that differ; got 9 equal"):
        hashers.SpectralHash(5).adapt(np.full((9, 6), 0.1))
    with pytest.raises(ValueError, match="read 2 times by this hasher; got generator"):
        hashers.SpectralHash(5).adapt(batch for batch in [ROWS])
