import re

import keras
import pytest
import tensorflow as tf

from keras_hashing.exporting import portability


class Module(tf.Module):
    """A SavedModel of one function, made in the way that the test is about."""

    def __init__(self, function, **options):
        super().__init__()
        self.function = function
        spec = tf.TensorSpec([None, 8, 8, 4], tf.float32)
        self.run = tf.function(lambda x: {"y": function(x)}, input_signature=[spec], **options)

    def save(self, folder):
        tf.saved_model.save(self, str(folder), signatures=self.run)
        return folder


def only_in_python(x):
    return tf.numpy_function(lambda array: array, [x], tf.float32)


def also_only_in_python(x):
    return tf.py_function(lambda tensor: tensor, [x], tf.float32)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (tf.function(tf.square, jit_compile=True), "XLA attribute _XlaMustCompile"),
        (only_in_python, r"calls Python at PyFunc \(PyFunc\)"),
        (also_only_in_python, r"calls Python at EagerPyFunc \(EagerPyFunc\)"),
    ],
)
def test_what_only_runs_here_is_found(tmp_path, function, words):
    found = portability.problems(Module(function).save(tmp_path / "m"))
    assert found
    assert any(re.search(words, text) for text in found), found


@pytest.mark.parametrize("options", [{}, {"jit_compile": False}])
def test_a_plain_convolution_is_fine(tmp_path, options):
    layer = keras.layers.DepthwiseConv2D(3)
    layer.build((None, 8, 8, 4))
    module = Module(layer, **options)
    module.weights = [weight.value for weight in layer.weights]
    assert portability.problems(module.save(tmp_path / "m")) == []
