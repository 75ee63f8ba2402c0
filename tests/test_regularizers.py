import json

import keras
import numpy as np
import pytest

from keras_hashing.layers import HashHead
from keras_hashing.losses import PairwiseCrossEntropy
from keras_hashing.regularizers import BimodalLaplacian
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
