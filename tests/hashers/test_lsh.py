import numpy as np
import pytest

from keras_hashing import codes, hashers


def distance(layer, pair):
    packed = codes.pack(np.asarray(layer(np.asarray(pair, "float32"))))
    return int(codes.hamming(packed[:1], packed[1:])[0, 0])


@pytest.mark.parametrize("degrees", [30, 60, 90, 150])
def test_collisions_follow_the_angle(degrees):
    # A bit differs with probability angle / pi: 4096 bits, standard deviation 32 at most.
    angle = np.radians(degrees)
    pair = [[1, 0, 0], [np.cos(angle), np.sin(angle), 0]]
    found = distance(hashers.LSH(4096, center=False), pair)
    assert abs(found - 4096 * degrees / 180) < 4 * 32


def test_length_does_not_matter_and_the_opposite_is_the_complement():
    layer = hashers.LSH(33, center=False)
    row = np.random.default_rng(0).normal(size=5)
    assert distance(layer, [row, 7 * row]) == 0
    assert distance(layer, [row, -row]) == 33


def test_centring_spreads_features_without_negative_values():
    features = np.random.default_rng(0).gamma(2, size=(300, 8)).astype("float32") + 10
    plain, centred = hashers.LSH(16, center=False), hashers.LSH(16)
    assert len(np.unique(codes.pack(np.asarray(plain(features))), axis=0)) < 20
    centred.adapt(features)
    assert len(np.unique(codes.pack(np.asarray(centred(features))), axis=0)) > 150


def test_without_centring_adapt_changes_nothing():
    features = np.random.default_rng(0).normal(5, 1, (20, 8)).astype("float32")
    layer = hashers.LSH(16, center=False)
    before = np.asarray(layer(features))
    layer.adapt(features)
    np.testing.assert_array_equal(layer(features), before)


def test_seeds():
    features = np.ones((1, 6), "float32")
    one, same, other = (hashers.LSH(9, seed=seed, center=False)(features) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
