import numpy as np
import pytest

from keras_hashing import codes, hashers
from keras_hashing.hashers.semantic import cut

QUICK = {"hidden": (12, 6), "pretraining_epochs": 3, "epochs": 5}


def groups(count=240, channels=10, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 6
    centres = 3 * np.random.default_rng(5).normal(size=(6, channels))
    return (centres[labels] + rng.normal(size=(count, channels))).astype("float32"), labels


def logistic(x):
    return 1 / (1 + np.exp(-x))


def test_outputs_by_plain_layers():
    rows, _ = groups()
    layer = hashers.SemanticHash(5, **QUICK)
    layer.adapt(rows)
    state = {weight.name: np.asarray(weight, np.float64) for weight in layer.weights}
    np.testing.assert_allclose(state["mean"], rows.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(state["gain"], 1 / rows.std(axis=0), rtol=1e-5)
    values = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    for number in range(3):
        values = logistic(values @ state[f"kernel_{number}"] + state[f"bias_{number}"])
    np.testing.assert_allclose(layer(rows), 2 * values - 1, atol=1e-4)
    assert [state[f"kernel_{number}"].shape for number in range(3)] == [(10, 12), (12, 6), (6, 5)]


def test_neighbours_share_codes():
    rows, labels = groups()
    layer = hashers.SemanticHash(16, hidden=(32, 16), epochs=40)
    layer.adapt(rows)
    packed = codes.pack(np.asarray(layer(rows)))
    distances = codes.hamming(packed, packed)
    same = labels[:, None] == labels[None]
    assert distances[same].mean() + 3 < distances[~same].mean()


def test_noise_drives_activities_apart():
    rows, _ = groups()
    sharpness = []
    for noise in (0.0, 4.0):
        layer = hashers.SemanticHash(6, hidden=(32,), epochs=30, noise=noise)
        layer.adapt(rows)
        sharpness.append(np.abs(np.asarray(layer(rows))).mean())
    assert sharpness[1] > sharpness[0] + 0.1


def test_seed_decides():
    rows, _ = groups()
    outputs = []
    for seed in (1, 1, 2):
        layer = hashers.SemanticHash(5, seed=seed, **QUICK)
        layer.adapt(rows)
        outputs.append(np.asarray(layer(rows)))
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


@pytest.mark.parametrize("count", [240, 101])
def test_median_halves_each_bit(count):
    rows, _ = groups(count)
    layer = hashers.SemanticHash(7, threshold="median", **QUICK)
    layer.adapt(rows)
    outputs = np.asarray(layer(rows))
    assert (outputs >= 0).sum(axis=0).tolist() == [count - count // 2] * 7
    assert (outputs != 0).all()


def test_threshold_is_an_activity():
    rows, _ = groups()
    plain, strict = (
        hashers.SemanticHash(7, threshold=threshold, **QUICK) for threshold in (0.5, 0.8)
    )
    plain.adapt(rows)
    strict.adapt(rows)
    activities = (np.asarray(plain(rows)) + 1) / 2
    np.testing.assert_array_equal(np.asarray(strict(rows)) >= 0, activities >= 0.8)


def test_cut():
    sums = np.array([[3.0, 0.0], [1.0, 0.0], [7.0, 1.0]])
    assert cut(sums, 0.5) == 0
    assert cut(sums, 0.8) == pytest.approx(np.log(4))
    assert cut(sums, "median").tolist() == [2, 0]
    assert cut(np.vstack([sums, [[9.0, 1.0]]]), "median").tolist() == [5, 0.5]


def test_channels_that_do_not_vary_are_left_out():
    rows, _ = groups()
    rows[:, 3] = 0.1
    layer = hashers.SemanticHash(5, **QUICK)
    layer.adapt(rows)
    assert np.asarray(layer.gain)[3] == 0
    expected = np.asarray(layer(rows))
    rows[:, 3] = 50
    np.testing.assert_array_equal(layer(rows), expected)


def test_trains_on_a_sample():
    rows, _ = groups()
    layer = hashers.SemanticHash(5, max_samples=40, **QUICK)
    layer.adapt(rows)
    np.testing.assert_allclose(layer.mean, rows.mean(axis=0), atol=1e-5)
    other = hashers.SemanticHash(5, **QUICK)
    other.adapt(rows)
    assert not np.allclose(layer.kernel_0, other.kernel_0)


def test_no_hidden_layer_and_no_epochs():
    layer = hashers.SemanticHash(5, hidden=(), pretraining_epochs=0, epochs=0)
    layer.adapt(groups()[0])
    assert [weight.name for weight in layer.weights][2:4] == ["kernel_0", "bias_0"]
    assert np.abs(np.asarray(layer(groups()[0]))).max() < 0.2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"threshold": 1.0}, ValueError, '`threshold` must be between.*Pass 0.5, or "median"'),
        ({"threshold": "mean"}, TypeError, "`threshold` must be a number; got 'mean'"),
        ({"hidden": (8, 0)}, ValueError, "`hidden` must be at least 1; got 0"),
        ({"noise": -1}, ValueError, "`noise` must be at least 0.0; got -1"),
        ({"epochs": -1}, ValueError, "`epochs` must be at least 0; got -1"),
        ({"pretraining_epochs": 1.5}, TypeError, "`pretraining_epochs` must be a whole number"),
        ({"max_samples": 1}, ValueError, "`max_samples` must be at least 2; got 1"),
    ],
)
def test_refused_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        hashers.SemanticHash(8, **arguments)


def test_refused_data():
    with pytest.raises(ValueError, match="SemanticHash needs features that differ; got 9 equal"):
        hashers.SemanticHash(5).adapt(np.ones((9, 6)))
