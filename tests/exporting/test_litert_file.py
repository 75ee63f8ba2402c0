import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import codes as packed
from keras_hashing.exporting import export_litert
from tests.exporting.images import photo, tiny_model


@pytest.fixture(scope="module")
def interpreter():
    return pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed (extra `litert`)"
    ).Interpreter


def test_litert_gives_the_models_codes(interpreter, tmp_path):
    model = tiny_model()
    path = export_litert(model, tmp_path / "tiny.tflite")
    run = interpreter(model_path=str(path)).get_signature_runner("serving_default")
    images = np.stack([photo(8, 8, seed) for seed in range(7)]).astype("float32")
    for count in (7, 1):
        answer = run(images=images[:count])
        expected = model.predict(images[:count], verbose=0)
        np.testing.assert_allclose(answer["outputs"], expected, atol=1e-5)
        np.testing.assert_array_equal(answer["code"], packed.pack(expected))
        assert answer["code"].dtype == np.uint8
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.tflite"]


def test_a_conversion_that_loses_the_weights_is_not_written(interpreter, tmp_path, monkeypatch):
    """Given the Keras model in place of a module, the converter writes zeros and says nothing."""
    model = tiny_model()
    convert = tf.lite.TFLiteConverter.from_concrete_functions
    wrong = staticmethod(lambda functions, module: convert(functions, model))
    monkeypatch.setattr(tf.lite.TFLiteConverter, "from_concrete_functions", wrong)
    with pytest.raises(ValueError, match="as LiteRT gives other codes"):
        export_litert(model, tmp_path / "tiny.tflite")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModuleNotFoundError, match=r"keras_hashing\[litert\]"):
        export_litert(tiny_model(), tmp_path / "x.tflite")


def test_only_hashing_models(tmp_path):
    with pytest.raises(TypeError, match="must be a hashing model with `bits`; got Dense"):
        export_litert(keras.layers.Dense(3), tmp_path / "x.tflite")
