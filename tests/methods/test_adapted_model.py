"""Methods fitted by `adapt` are hashing models like all others."""

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import methods
from keras_hashing.methods import NAMES, AdaptedModel, HashingModel

FEATURES = np.random.default_rng(0).normal(size=(40, 8)).astype("float32")


def test_all_methods_have_one_base_and_two_kinds():
    assert all(issubclass(method, HashingModel) for method in NAMES.values())
    for method in NAMES.values():
        assert method.adapts == issubclass(method, AdaptedModel) == hasattr(method, "adapt")
    assert {name for name, method in NAMES.items() if method.adapts} == {
        *("lsh", "superbit", "pcah", "itq", "spectral", "semantic", "ksh")
    }


def test_registered_names_are_those_of_files():
    for name in ("ITQ", "KSH", "LSH", "PCAH", "Semantic", "Spectral", "SuperBit"):
        registered = keras.saving.get_registered_name(getattr(methods, name))
        assert registered == f"keras_hashing>{name}Model"


def test_get_takes_names_and_classes():
    assert methods.get("itq") is methods.ITQ
    assert methods.get(methods.DHN) is methods.DHN

    class Own(HashingModel):
        pass

    assert methods.get(Own) is Own
    with pytest.raises(ValueError, match="`method` got the unknown value 'dhnn'; .*'dhn'"):
        methods.get("dhnn")
    for wrong in (3, keras.Model, None):
        with pytest.raises(TypeError, match="a name of .* or a subclass of `HashingModel`; got"):
            methods.get(wrong)


def test_it_trains_by_adapt_alone():
    model = methods.ITQ(4, None)
    model.compile(metrics=["mae"])
    assert model.loss is None
    with pytest.raises(NotImplementedError, match="ITQ learns without gradients. Call `adapt`"):
        model.fit(FEATURES)
    with pytest.raises(TypeError, match="that trains all of its bits by `fit`"):
        methods.Nested("itq", bits=(2, 4), backbone=None)


def test_it_is_saved_before_and_after_adapt(tmp_path):
    path = tmp_path / "model.keras"
    model = methods.ITQ(4, None)
    model.build((None, 8))
    model.save(path)
    with pytest.raises(RuntimeError, match=r"has not seen data; call adapt\(\) first"):
        kh.load(path)(FEATURES)
    model = kh.load(path)
    model.adapt(FEATURES)
    model.save(path)
    np.testing.assert_array_equal(kh.load(path)(FEATURES), model(FEATURES))


def test_features_are_not_rounded_under_half_precision():
    expected = methods.LSH(4, None, center=False)(1000.1 + FEATURES)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = methods.LSH(4, None, center=False)(1000.1 + FEATURES)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(found, expected)
