import itertools
import math

import numpy as np
import pytest

from keras_hashing.hashers.rbm import RBM, sigmoid


def machine(visible=4, hidden=3, gaussian=False, seed=0):
    """An RBM with weights of all sizes, in float64 for exact comparisons."""
    rng = np.random.default_rng(seed)
    found = RBM(visible, hidden, gaussian, rng)
    found.kernel = rng.normal(size=(visible, hidden))
    found.visible_bias = rng.normal(size=visible)
    found.hidden_bias = rng.normal(size=hidden)
    return found


def rows(count=5, visible=4, seed=1):
    return np.random.default_rng(seed).uniform(size=(count, visible))


def logistic(x):
    return 1 / (1 + math.exp(-x))


def test_sigmoid():
    x = np.array([-1000.0, -3.0, 0.0, 2.0, 1000.0])
    expected = [0, logistic(-3), 0.5, logistic(2), 1]
    np.testing.assert_allclose(sigmoid(x), expected, atol=1e-12)


def test_without_weights_all_is_even():
    empty = RBM(4, 3, False, np.random.default_rng(0))
    empty.kernel[:] = 0
    zeros = np.zeros((1, 4))
    assert empty.down(empty.up(zeros)).tolist() == [[0.5] * 4]
    assert empty.free_energy(zeros)[0] == pytest.approx(-3 * math.log(2), abs=1e-6)


@pytest.mark.parametrize("gaussian", [False, True])
def test_up_and_down_by_a_plain_loop(gaussian):
    rbm = machine(gaussian=gaussian)
    (one,) = rows(1)
    up = [
        logistic(sum(one[i] * rbm.kernel[i, j] for i in range(4)) + rbm.hidden_bias[j])
        for j in range(3)
    ]
    np.testing.assert_allclose(rbm.up(one[None])[0], up, atol=1e-12)
    sums = [sum(up[j] * rbm.kernel[i, j] for j in range(3)) + rbm.visible_bias[i] for i in range(4)]
    expected = sums if gaussian else [logistic(x) for x in sums]
    np.testing.assert_allclose(rbm.down(np.array([up]))[0], expected, atol=1e-12)


@pytest.mark.parametrize("gaussian", [False, True])
def test_free_energy_sums_over_all_hidden_states(gaussian):
    rbm = machine(gaussian=gaussian)
    for one, found in zip(rows(), rbm.free_energy(rows()), strict=True):
        total = 0.0
        for hidden in itertools.product((0, 1), repeat=3):
            negative = one @ rbm.kernel @ hidden + rbm.hidden_bias @ hidden
            if gaussian:
                negative -= 0.5 * ((one - rbm.visible_bias) ** 2).sum()
            else:
                negative += rbm.visible_bias @ one
            total += math.exp(negative)
        assert found == pytest.approx(-math.log(total), abs=1e-9)


@pytest.mark.parametrize("gaussian", [False, True])
def test_contrast_by_a_plain_loop(gaussian):
    rbm, batch = machine(gaussian=gaussian), rows()
    kernel, visible_bias, hidden_bias = rbm.contrast(batch, np.random.default_rng(7))
    draws = np.random.default_rng(7).random((5, 3), np.float32)
    expected, visible_sum, hidden_sum = np.zeros((4, 3)), np.zeros(4), np.zeros(3)
    for one, draw in zip(batch, draws, strict=True):
        on = sigmoid(one @ rbm.kernel + rbm.hidden_bias)
        drawn = [float(draw[j] < on[j]) for j in range(3)]
        again = rbm.kernel @ drawn + rbm.visible_bias
        again = again if gaussian else sigmoid(again)
        on_again = sigmoid(again @ rbm.kernel + rbm.hidden_bias)
        for i, j in np.ndindex(4, 3):
            expected[i, j] += (one[i] * on[j] - again[i] * on_again[j]) / 5
        visible_sum += (one - again) / 5
        hidden_sum += (on - on_again) / 5
    np.testing.assert_allclose(kernel, expected, atol=1e-6)
    np.testing.assert_allclose(visible_bias, visible_sum, atol=1e-6)
    np.testing.assert_allclose(hidden_bias, hidden_sum, atol=1e-6)


def mean_log_probability(rbm, batch):
    """Exact, over all states of the visible units."""
    states = np.array(list(itertools.product((0, 1), repeat=batch.shape[1])), np.float32)
    partition = np.log(np.exp(-rbm.free_energy(states)).sum())
    return (-rbm.free_energy(batch) - partition).mean()


def test_training_makes_the_data_likely():
    # Rows have their first and last halves equal: 4 of 16 states, so -log 4 at best.
    half = np.random.default_rng(0).integers(0, 2, (200, 2))
    batch = np.hstack([half, half]).astype("float32")
    rbm = RBM(4, 4, False, np.random.default_rng(1))
    before = mean_log_probability(rbm, batch)
    assert before == pytest.approx(-4 * math.log(2), abs=0.01)
    rbm.train(batch, 150, 20, np.random.default_rng(2))
    assert mean_log_probability(rbm, batch) > before + 0.5
    assert rbm.kernel.dtype == np.float32


def test_gaussian_units_find_the_mean():
    rng = np.random.default_rng(0)
    batch = (rng.normal(size=(500, 3)) + [1, -2, 0]).astype("float32")
    rbm = RBM(3, 2, True, rng)
    rbm.train(batch, 100, 50, rng)
    np.testing.assert_allclose(rbm.down(rbm.up(batch)).mean(axis=0), [1, -2, 0], atol=0.25)


def test_first_step_of_training():
    # One batch, one epoch, no momentum yet: rate * (contrast - decay * kernel).
    batch = rows().astype("float32")
    trained, still = (RBM(4, 3, False, np.random.default_rng(5)) for _ in range(2))
    trained.train(batch, 1, 5, np.random.default_rng(6))
    generator = np.random.default_rng(6)
    order = generator.permutation(5)
    kernel, visible_bias, hidden_bias = still.contrast(batch[order], generator)
    expected = still.kernel + 0.1 * (kernel - 2e-4 * still.kernel)
    np.testing.assert_allclose(trained.kernel, expected, atol=1e-7)
    np.testing.assert_allclose(trained.visible_bias, 0.1 * visible_bias, atol=1e-7)
    np.testing.assert_allclose(trained.hidden_bias, 0.1 * hidden_bias, atol=1e-7)
