import keras
import numpy as np
import pytest

from keras_hashing.layers import PowerSchedule, ScaledTanh


def test_authors_schedule():
    schedule = PowerSchedule()
    expected = {
        0: 1.0,
        199: 1.0,
        200: 1.414214,
        399: 1.414214,
        400: 1.732051,
        2000: 3.316625,
        10000: 7.141428,
    }
    for step, scale in expected.items():
        assert float(schedule(step)) == pytest.approx(scale, abs=1e-6)


def test_schedule_by_epochs():
    steps = 79
    schedule = PowerSchedule(growth=1 / (20 * steps), every=20 * steps)
    expected = {0: 1.0, 19: 1.0, 20: 1.414214, 39: 1.414214, 40: 1.732051, 149: 2.828427}
    for epoch, scale in expected.items():
        for step in (epoch * steps, epoch * steps + steps - 1):
            assert float(schedule(step)) == pytest.approx(scale, abs=1e-6)


def test_no_power_is_no_continuation():
    assert float(PowerSchedule(power=0.0)(10**6)) == 1.0


def test_worked_outputs():
    # tanh(beta * 0.3) for beta = 1, 2, 5, 10.
    for beta, expected in [(1, 0.291313), (2, 0.537050), (5, 0.905148), (10, 0.995055)]:
        layer = ScaledTanh(PowerSchedule(initial_scale=beta))
        assert float(layer(np.array([[0.3]]))[0, 0]) == pytest.approx(expected, abs=1e-6)


def trainable(schedule=None):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), ScaledTanh(schedule)])


@pytest.mark.parametrize(
    "options", [{}, {"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 4}]
)
def test_counts_training_batches_only(options):
    model = trainable()
    model.compile("sgd", "mse", **options)
    data = np.zeros((8, 3)), np.zeros((8, 2))
    model.fit(*data, batch_size=2, epochs=2, verbose=0)
    model.evaluate(*data, verbose=0)
    model.predict(data[0], verbose=0)
    assert int(model.layers[-1].step) == 8


def test_scale_follows_the_count():
    layer = ScaledTanh(PowerSchedule(growth=1.0, power=1.0, every=1))
    z = np.array([[0.1]], "float32")
    # The first batch sees step 0, so scale 1; the second step 1, so 2.
    for scale in (1, 2, 3):
        assert float(layer.beta if layer.built else 1) == scale
        assert float(layer(z, training=True)[0, 0]) == pytest.approx(np.tanh(scale * 0.1), abs=1e-6)
    assert float(layer(z)[0, 0]) == pytest.approx(np.tanh(0.4), abs=1e-6)
    layer.set_step(9)
    assert float(layer.beta) == 10
    assert not layer.trainable_variables


def test_count_is_saved(tmp_path):
    model = trainable()
    model.layers[-1].set_step(250)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(loaded.layers[-1].step) == 250
    assert loaded.layers[-1].step.dtype == "int32"
    assert int(keras.models.clone_model(model).layers[-1].step) == 0


def test_scale_never_changes_a_code():
    z = np.random.default_rng(0).normal(size=(20, 8)) * 1e-3
    codes = [np.asarray(ScaledTanh(PowerSchedule(scale))(z)) >= 0 for scale in (1.0, 10.0, 1000.0)]
    for code in codes:
        np.testing.assert_array_equal(code, z >= 0)


def test_refused_arguments():
    with pytest.raises(TypeError, match="`schedule` must be a callable from step to scale; got 3"):
        ScaledTanh(3)
    with pytest.raises(ValueError, match="call the layer or its model first"):
        ScaledTanh().set_step(3)
    layer = ScaledTanh()
    layer.build((None, 2))
    with pytest.raises(ValueError, match="`step` must be between 0 and 2147483647; got -1"):
        layer.set_step(-1)
    with pytest.raises(ValueError, match="`growth` must be at least 0"):
        PowerSchedule(growth=-0.1)
    with pytest.raises(ValueError, match="`initial_scale` must be at least 1e-06; got 0"):
        PowerSchedule(initial_scale=0)
    with pytest.raises(ValueError, match="`every` must be at least 1; got 0"):
        PowerSchedule(every=0)
