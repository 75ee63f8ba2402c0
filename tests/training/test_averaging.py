"""The average of the weights: against a loop, judged in the model's place, and resumed."""

import keras
import numpy as np
import pytest

from keras_hashing.training.averaging import RawWeights, WeightAverage


class Watch(keras.callbacks.Callback):
    """Records the one weight after every batch and where it stands in the list at epoch end."""

    def __init__(self):
        super().__init__()
        self.steps, self.at_end = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(float(np.asarray(self.model.trainable_variables[0]).squeeze()))

    def on_epoch_end(self, epoch, logs=None):
        self.at_end.append(float(np.asarray(self.model.trainable_variables[0]).squeeze()))


def model():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.layers[0].kernel.assign([[0.0]])
    network.compile(keras.optimizers.SGD(0.1), "mse")
    return network


def fit(network, folder, momentum, first, last):
    average, judged, raw = WeightAverage(momentum, folder), Watch(), Watch()
    network.fit(
        np.ones((6, 1)),
        np.full((6, 1), 5.0),
        batch_size=2,
        initial_epoch=first,
        epochs=last,
        verbose=0,
        callbacks=[average, judged, RawWeights(average), raw],
    )
    return judged, raw


def test_equals_a_loop_and_the_raw_weights_come_back(tmp_path):
    judged, raw = fit(model(), tmp_path, 0.8, 0, 3)
    average, expected = 0.0, []
    for step, weight in enumerate(judged.steps, start=1):
        average = 0.8 * average + 0.2 * weight
        if step % 3 == 0:
            expected.append(average)
    np.testing.assert_allclose(judged.at_end, expected, rtol=1e-6)
    np.testing.assert_allclose(raw.at_end, judged.steps[2::3], rtol=1e-6)


def test_no_momentum_is_no_average(tmp_path):
    judged, _ = fit(model(), tmp_path, 0.0, 0, 2)
    np.testing.assert_allclose(judged.at_end, judged.steps[2::3], rtol=1e-6)


def test_a_resumed_run_goes_on_with_the_average(tmp_path):
    whole, _ = fit(model(), tmp_path / "whole", 0.9, 0, 4)
    network = model()
    fit(network, tmp_path / "cut", 0.9, 0, 2)
    rest, _ = fit(network, tmp_path / "cut", 0.9, 2, 4)
    assert rest.at_end == pytest.approx(whole.at_end[2:], rel=1e-6)
    kept = sorted(path.name for path in (tmp_path / "cut").iterdir())
    assert kept == ["average_3.npz", "average_4.npz"]
