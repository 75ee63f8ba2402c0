import itertools

import keras
import numpy as np
import pytest

from keras_hashing.hashers.autoencoder import LEARNING_RATE, Adam, Autoencoder
from keras_hashing.hashers.rbm import RBM, sigmoid

SIZES = (6, 5, 4, 3)


def stack(seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    machines = []
    for number, (visible, hidden) in enumerate(itertools.pairwise(SIZES)):
        machine = RBM(visible, hidden, number == 0, rng)
        machine.kernel = scale * rng.normal(size=(visible, hidden)).astype("float32")
        machine.visible_bias = rng.normal(size=visible).astype("float32")
        machine.hidden_bias = rng.normal(size=hidden).astype("float32")
        machines.append(machine)
    return machines


def rows(count=7, seed=1):
    return np.random.default_rng(seed).normal(size=(count, 6)).astype("float32")


def test_before_training_it_passes_up_and_down_the_machines():
    machines, values = stack(), rows()
    network = Autoencoder(machines)
    up = values
    for machine in machines:
        up = machine.up(up)
    np.testing.assert_allclose(sigmoid(network.encode(values)), up, atol=1e-6)
    down = up
    for machine in reversed(machines):
        down = machine.down(down)
    np.testing.assert_allclose(network.decode(up), down, atol=1e-6)


def test_loss_is_the_mean_squared_error_with_noise_at_the_code():
    network, values = Autoencoder(stack()), rows()
    noise = np.random.default_rng(2).normal(size=(7, 3)).astype("float32")
    again = network.decode(sigmoid(network.encode(values) + noise))
    assert network.gradients(values, noise)[0] == pytest.approx(np.mean((again - values) ** 2))
    silent = network.gradients(values, 0 * noise)[0]
    assert silent == pytest.approx(
        np.mean((network.decode(sigmoid(network.encode(values))) - values) ** 2)
    )


def test_gradients_are_those_of_finite_differences():
    network = Autoencoder(stack())
    network.kernels = [kernel.astype(float) for kernel in network.kernels]
    network.biases = [bias.astype(float) for bias in network.biases]
    values = rows().astype(float)
    noise = np.random.default_rng(2).normal(size=(7, 3))
    _, kernels, biases = network.gradients(values, noise)
    assert [k.shape for k in kernels] == [k.shape for k in network.kernels]
    for parameters, gradients in ((network.kernels, kernels), (network.biases, biases)):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            for place in np.ndindex(*parameter.shape):
                kept, values_at = parameter[place], []
                for step in (1e-5, -1e-5):
                    parameter[place] = kept + step
                    values_at.append(network.gradients(values, noise)[0])
                parameter[place] = kept
                slope = (values_at[0] - values_at[1]) / 2e-5
                assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_adam_is_that_of_keras():
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 2)).astype("float32")
    ours, theirs = start.copy(), keras.Variable(start)
    adam = Adam([ours])
    optimizer = keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8)
    for _ in range(20):
        gradient = rng.normal(size=(3, 2)).astype("float32")
        adam.step([gradient])
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [theirs])
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(ours - start).max() > 1e-3


def test_training_lowers_the_loss_and_uses_the_noise_of_each_row():
    values = rows(200)
    noise = 4 * np.random.default_rng(2).normal(size=(200, 3)).astype("float32")
    network = Autoencoder(stack(scale=0.1))
    seen = []

    def watched(batch, its_noise, plain=network.gradients):
        seen.append((batch, its_noise))
        return plain(batch, its_noise)

    network.gradients = watched
    history = network.train(values, noise, 60, 20, np.random.default_rng(3))
    assert len(history) == 60
    assert history[-1] < 0.9 * history[0]
    assert network.kernels[0].dtype == np.float32
    of_row = {row.tobytes(): own.tobytes() for row, own in zip(values, noise, strict=True)}
    for batch, its_noise in seen:
        for row, own in zip(batch, its_noise, strict=True):
            assert of_row[row.tobytes()] == own.tobytes()
