import sys

import keras
import numpy as np
import pytest

from keras_hashing import codes as packed
from keras_hashing.exporting import export_onnx
from tests.exporting.images import BITS, photo, tiny_model


@pytest.fixture(scope="module")
def runtime():
    for name in ("tf2onnx", "onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed (extra `onnx`)")
    import onnxruntime

    return onnxruntime


def test_onnx_runtime_gives_the_models_codes(runtime, tmp_path):
    model = tiny_model()
    path = export_onnx(model, tmp_path / "tiny.onnx")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = np.stack([photo(8, 8, seed) for seed in range(7)]).astype("float32")
    outputs, code = session.run(["outputs", "code"], {"images": images})
    expected = model.predict(images, verbose=0)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    np.testing.assert_array_equal(code, packed.pack(expected))
    assert len(np.unique(code, axis=0)) == 7  # or the test shows nothing
    assert code.dtype == np.uint8
    facts = session.get_modelmeta().custom_metadata_map
    assert (facts["bits"], facts["image_size"]) == (str(BITS), "8")
    assert "lowest first" in facts["packing"]
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.onnx"]


def test_a_model_that_the_runtime_refuses_is_not_written(runtime, tmp_path):
    """Keras runs a grouped convolution through XLA, which has no form in ONNX."""
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, groups=2)(keras.layers.Conv2D(4, 3)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(BITS)(keras.layers.Flatten()(maps)))
    model.bits, model.image_size = BITS, 8
    with pytest.raises(ValueError, match="cannot be written as ONNX: "):
        export_onnx(model, tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_the_packages_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"the package onnx\. .*keras_hashing\[onnx\]"):
        export_onnx(tiny_model(), tmp_path / "x.onnx")


def test_only_hashing_models(tmp_path):
    with pytest.raises(TypeError, match="must be a hashing model with `bits`; got Dense"):
        export_onnx(keras.layers.Dense(3), tmp_path / "x.onnx")
