import keras
import numpy as np
import pytest

from keras_hashing.layers import HashHead

FEATURES = np.array([[1.0, 2.0, -1.0]], "float32")
KERNEL = np.array([[1.0, 0.0], [0.5, -1.0], [2.0, 0.0]], "float32")


def head(activation):
    layer = HashHead(2, activation)
    layer.build((None, 3))
    layer.set_weights([KERNEL, np.array([0.5, 0.25], "float32")])
    return layer


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        # 1 * 1 + 2 * 0.5 - 1 * 2 + 0.5 = 0.5 and -2 + 0.25 = -1.75.
        ("linear", [0.5, -1.75]),
        ("tanh", np.tanh([0.5, -1.75])),
        ("sigmoid", 2 / (1 + np.exp([-0.5, 1.75])) - 1),
    ],
)
def test_worked_outputs(activation, expected):
    np.testing.assert_allclose(np.asarray(head(activation)(FEATURES)), [expected], atol=1e-6)


def test_activations_have_one_code():
    features = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    signs = [np.asarray(head(name)(features)) >= 0 for name in ("linear", "tanh", "sigmoid")]
    np.testing.assert_array_equal(signs[0], signs[1])
    np.testing.assert_array_equal(signs[0], signs[2])


def test_kernel_regularizer_counts():
    layer = HashHead(2, kernel_regularizer=keras.regularizers.L2(0.1))
    layer.build((None, 3))
    layer.set_weights([KERNEL, np.zeros(2)])
    layer(FEATURES)
    # 0.1 * (1 + 0.25 + 1 + 4) = 0.625
    assert float(sum(layer.losses)) == pytest.approx(0.625)


def test_weights_have_the_names_that_files_hold():
    layer = HashHead(2, name="hash")
    layer.build((None, 3))
    assert [weight.path for weight in layer.weights] == ["hash/kernel", "hash/bias"]


def test_refused_arguments():
    with pytest.raises(ValueError, match="`bits` must be between 1 and 4096; got 0"):
        HashHead(0)
    with pytest.raises(TypeError, match=r"`bits` must be a whole number; got 4\.0"):
        HashHead(4.0)
    with pytest.raises(ValueError, match="value 'relu'; allowed: 'tanh', 'sigmoid', 'linear'"):
        HashHead(4, "relu")
    with pytest.raises(
        ValueError, match=r"`features` must have 2 dimension\(s\); got shape \(2, 4, 4, 8\)\. Pool"
    ):
        HashHead(4)(np.zeros((2, 4, 4, 8)))


def test_quantize_and_lora_keep_the_activation():
    for name, expected in (("tanh", np.tanh([0.5, -1.75])), ("linear", [0.5, -1.75])):
        layer = head(name)
        layer.quantize("int8")
        assert layer.quantization_mode == "int8"
        np.testing.assert_allclose(np.asarray(layer(FEATURES)), [expected], atol=0.03)
    layer = head("linear")
    layer.enable_lora(1)
    assert len(layer.trainable_weights) == 3  # bias and the two small matrices
    layer.lora_kernel_a.assign([[1.0], [0.0], [0.0]])
    layer.lora_kernel_b.assign([[1.0, 2.0]])
    # The first feature, 1, adds 1 and 2.
    np.testing.assert_allclose(np.asarray(layer(FEATURES)), [[1.5, 0.25]], atol=1e-6)


def test_configuration_has_what_was_given():
    plain = HashHead(4).get_config()
    assert set(plain) == {
        *("name", "trainable", "dtype", "bits", "activation"),
        *("kernel_initializer", "bias_initializer", "kernel_regularizer"),
    }
    full = HashHead(4, "sigmoid", kernel_constraint="non_neg", activity_regularizer="l2")
    again = HashHead.from_config(full.get_config())
    assert again.get_config() == full.get_config()
    assert isinstance(again.kernel_constraint, keras.constraints.NonNeg)
    assert again.activity_regularizer is not None
