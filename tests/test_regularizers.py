import json

import keras
import numpy as np
import pytest

from keras_hashing.layers import HashHead
from keras_hashing.losses import PairwiseCrossEntropy
from keras_hashing.regularizers import BimodalLaplacian, BitBalance, BitDecorrelation
from tests import reference


def test_worked_sum():
    # 0.240229 + 0.097822 + 0.175127 over the three items.
    assert float(BimodalLaplacian(1.0)(reference.OUTPUTS)) == pytest.approx(0.513178, abs=2e-6)
    loops = sum(reference.quantization(output) for output in reference.OUTPUTS)
    assert float(BimodalLaplacian()(reference.OUTPUTS)) == pytest.approx(0.3 * loops, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_summed_in_float32(dtype):
    outputs = keras.ops.zeros((1000, 64), dtype)
    value = BimodalLaplacian(1.0)(outputs)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = 64_000 * reference.log_cosh(-1)
    assert float(value) == pytest.approx(expected, rel=1e-4)


def small_model(**head):
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((4,)), HashHead(6, **head)])


def test_fit_trains_as_with_the_losses_own_term():
    features = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
    labels = np.arange(10) % 3
    results = []
    for model, loss in [
        (small_model(activity_regularizer=BimodalLaplacian(0.3)), PairwiseCrossEntropy()),
        (small_model(), PairwiseCrossEntropy(1.0, 0.3)),
    ]:
        model.compile(keras.optimizers.SGD(0.1), loss)
        history = model.fit(features, labels, batch_size=4, epochs=2, shuffle=False, verbose=0)
        results.append([history.history["loss"], *model.get_weights()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_config_survives_json_and_a_file(tmp_path):
    regularizer = BimodalLaplacian(0.2)
    serialized = json.loads(json.dumps(keras.regularizers.serialize(regularizer)))
    assert serialized["registered_name"] == "keras_hashing>BimodalLaplacian"
    assert keras.regularizers.deserialize(serialized).weight == 0.2
    small_model(activity_regularizer=regularizer).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].activity_regularizer.weight == 0.2


def test_refused_weight():
    with pytest.raises(ValueError, match=r"`weight` must be at least 0\.0; got -1"):
        BimodalLaplacian(-1)


def balance(outputs):
    """Mean over bits of the squared batch mean."""
    means = [sum(float(row[k]) for row in outputs) / len(outputs) for k in range(len(outputs[0]))]
    return sum(mean**2 for mean in means) / len(means)


def decorrelation(outputs):
    """Squared mean products of different bits, over bits squared."""
    count, bits = np.shape(outputs)
    total = 0.0
    for j in range(bits):
        for k in range(bits):
            if j != k:
                total += (sum(float(row[j]) * float(row[k]) for row in outputs) / count) ** 2
    return total / bits**2


PENALTIES = [(BitBalance, balance), (BitDecorrelation, decorrelation)]


def test_worked_balance_and_decorrelation():
    # Bit means 1, 0, .5; products of bits 0, .5, 0: (1 + 0 + .25) / 3, and 2 * .25 / 9.
    outputs = np.array([[1, 1, 0.5], [1, -1, 0.5]])
    assert float(BitBalance(0.3)(outputs)) == pytest.approx(2 * 0.3 * 1.25 / 3)
    # Products 1-2: 0, 1-3: .5, 2-3: 0, each counted twice.
    assert float(BitDecorrelation(0.3)(outputs)) == pytest.approx(2 * 0.3 * 0.5 / 9)
    balanced = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    assert float(BitBalance(1.0)(balanced)) == float(BitDecorrelation(1.0)(balanced)) == 0


@pytest.mark.parametrize(("penalty", "loops"), PENALTIES)
@pytest.mark.parametrize("count", [1, 5])
def test_batch_penalties_are_those_of_loops(penalty, loops, count):
    outputs = np.random.default_rng(count).uniform(-1, 1, (count, 4))
    assert float(penalty(0.7)(outputs)) == pytest.approx(count * 0.7 * loops(outputs), rel=1e-5)


@pytest.mark.parametrize(("penalty", "loops"), PENALTIES)
def test_their_share_of_the_loss_does_not_depend_on_the_batch_size(penalty, loops):
    features = np.random.default_rng(0).normal(size=(10, 4)).astype("float32")
    model = small_model(activity_regularizer=penalty(0.7))
    outputs = model.predict(features, verbose=0)
    plain = ((outputs - 1) ** 2).mean()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    found = model.evaluate(features, np.ones((10, 6)), batch_size=10, verbose=0)
    assert found == pytest.approx(plain + 0.7 * loops(outputs), rel=1e-5)


@pytest.mark.parametrize(("penalty", "loops"), PENALTIES)
def test_they_train_in_half_precision_and_survive_a_file(penalty, loops, tmp_path):
    outputs = keras.ops.ones((300, 8), "float16")
    value = penalty(1.0)(outputs)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert float(value) == pytest.approx(300 * loops(np.ones((2, 8))))
    regularizer = penalty(0.2)
    serialized = json.loads(json.dumps(keras.regularizers.serialize(regularizer)))
    assert serialized["registered_name"] == f"keras_hashing>{penalty.__name__}"
    assert keras.regularizers.deserialize(serialized).weight == 0.2
    model = small_model(activity_regularizer=regularizer)
    model.compile("sgd", "mse")
    model.fit(np.ones((5, 4)), np.ones((5, 6)), batch_size=2, verbose=0)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").layers[-1].activity_regularizer


@pytest.mark.parametrize(("penalty", "loops"), PENALTIES)
def test_refused_weights_of_batch_penalties(penalty, loops):
    with pytest.raises(ValueError, match=r"`weight` must be at least 0\.0; got -1"):
        penalty(-1)
