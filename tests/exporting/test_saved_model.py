import keras
import numpy as np
import pytest

from keras_hashing.exporting import export
from keras_hashing.index import Index
from tests.exporting.images import BITS, tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def test_versions_count_up_and_nothing_else_is_left(model, tmp_path):
    (tmp_path / "m" / "0007").mkdir(parents=True)
    (tmp_path / "m" / "notes").mkdir()
    assert export(model, tmp_path / "m") == tmp_path / "m" / "8"
    assert export(model, tmp_path / "m") == tmp_path / "m" / "9"
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == ["0007", "8", "9", "notes"]


def test_a_model_that_a_server_cannot_run_is_refused(tmp_path):
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, groups=2)(keras.layers.Conv2D(4, 3)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(BITS)(keras.layers.Flatten()(maps)))
    model.bits, model.image_size = BITS, 8
    with pytest.raises(ValueError, match=r"cannot run in TensorFlow Serving: .* XLA attribute"):
        export(model, tmp_path / "m")
    assert list((tmp_path / "m").iterdir()) == []


CODES = np.zeros((3, 2), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"index": np.zeros((3, 3), np.uint8)}, ValueError, "must be 2 byte"),
        ({"index": Index(16)}, ValueError, "has 16-bit codes, but the model makes 12"),
        ({"index": Index(BITS), "ids": [1]}, ValueError, "taken from the index"),
        ({"index": np.zeros((3, 2), np.float32)}, TypeError, "dtype uint8"),
        ({"index": np.full((3, 2), 255, np.uint8)}, ValueError, "padding must be 0"),
        ({"index": CODES, "ids": [1, 2]}, ValueError, "`codes` and `ids`"),
        ({"index": CODES, "ids": [1, 1, 2]}, ValueError, "`ids` must be unique"),
        ({"index": CODES, "ids": [0.5, 1, 2]}, TypeError, "whole numbers"),
        ({"ids": [1]}, ValueError, "without `index`"),
        ({"index": CODES, "k": 0}, ValueError, "`k` must be between 1 and 10000; got 0"),
        ({"names": ["a"]}, ValueError, "`names` were given without `index`"),
        ({"index": CODES, "names": ["a"]}, ValueError, "must be 3 texts, .* got 1 values"),
        ({"index": CODES, "names": ["a", "b", 3]}, ValueError, "must be 3 texts"),
    ],
)
def test_arguments(model, tmp_path, arguments, error, words):
    with pytest.raises(error, match=words):
        export(model, tmp_path / "m", **arguments)
    assert not (tmp_path / "m").exists()


def test_only_hashing_models_from_images(tmp_path):
    with pytest.raises(TypeError, match="must be a hashing model with `bits`; got Dense"):
        export(keras.layers.Dense(3), tmp_path)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.bits = 3
    with pytest.raises(TypeError, match="this one takes features"):
        export(model, tmp_path)
