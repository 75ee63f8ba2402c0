import keras
import numpy as np
import pytest

from keras_hashing.layers import DivideAndEncode
from tests import reference


def test_agrees_with_the_loop():
    random = np.random.default_rng(0)
    features = random.normal(size=(4, 15)).astype("float32")
    layer = DivideAndEncode(3, bias_initializer="random_normal")
    found = np.asarray(layer(features))
    kernel, bias = layer.get_weights()
    assert kernel.shape == (3, 5)
    np.testing.assert_allclose(found, reference.slices(features, kernel, bias), atol=1e-6)


def test_a_bit_has_51_parameters():
    layer = DivideAndEncode(48)
    layer.build((None, 48 * 50))
    assert layer.count_params() == 48 * 51


def test_a_slice_moves_its_own_bit_only():
    layer = DivideAndEncode(4)
    features = np.random.default_rng(0).normal(size=(1, 12)).astype("float32")
    before = np.asarray(layer(features))
    for place in range(12):
        moved = features.copy()
        moved[0, place] += 1
        changed = np.asarray(layer(moved)) != before
        np.testing.assert_array_equal(changed, np.arange(4)[None] == place // 3)


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        # What one unit of 32 inputs and 1 output wants: 2 / (32 + 1), 2 / 32, 1 / 32.
        ("glorot_uniform", 2 / 33),
        ("glorot_normal", 2 / 33),
        ("he_normal", 2 / 32),
        ("lecun_uniform", 1 / 32),
        (keras.initializers.VarianceScaling(1.0, "fan_out"), 1.0),
        (keras.initializers.RandomNormal(stddev=0.01), 1e-4),
    ],
)
def test_initializers_see_one_unit(initializer, variance):
    keras.utils.set_random_seed(0)
    layer = DivideAndEncode(512, kernel_initializer=initializer)
    layer.build((None, 512 * 32))
    kernel = np.asarray(layer.kernel)
    assert kernel.var() == pytest.approx(variance, rel=0.05)
    # No two units start alike.
    assert len(np.unique(kernel, axis=0)) == 512


def test_seeded_initializer_repeats():
    kernels = []
    for _ in range(2):
        layer = DivideAndEncode(2, keras.initializers.GlorotUniform(seed=3))
        layer.build((None, 8))
        kernels.append(np.asarray(layer.kernel))
    np.testing.assert_array_equal(*kernels)


def test_refused_arguments():
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got -3"):
        DivideAndEncode(-3)
    with pytest.raises(ValueError) as error:
        DivideAndEncode(48)(np.zeros((2, 100)))
    assert (
        "the number of features must be a multiple of `bits`; got 100 features and 48 bits. "
        "Use 96 features, or another code length."
    ) in str(error.value)
    with pytest.raises(ValueError, match=r"must have 2 dimension\(s\); got shape \(2, 4, 8\)"):
        DivideAndEncode(4)(np.zeros((2, 4, 8)))
