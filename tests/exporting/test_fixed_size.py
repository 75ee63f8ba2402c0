"""The check that keeps a wrong conversion from being written; what it guards is tested beside."""

import numpy as np
import pytest

from keras_hashing import codes as packed
from keras_hashing.exporting import fixed_size
from tests.exporting.images import tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def answers(model, change=lambda outputs: outputs):
    """A runtime in NumPy's clothes: the model's outputs after a change, and their codes."""

    def run(images):
        outputs = change(model.predict(images, verbose=0))
        return {"outputs": outputs, "code": packed.pack(outputs)}

    return run


def test_the_encoder_gives_the_models_codes(model):
    module = fixed_size.FixedSizeEncoder(model)
    images = np.random.default_rng(1).uniform(0, 255, (5, 8, 8, 3)).astype("float32")
    answer = module.encode(images)
    outputs = model.predict(images, verbose=0)
    np.testing.assert_allclose(answer["outputs"], outputs, atol=1e-6)
    np.testing.assert_array_equal(answer["code"], packed.pack(outputs))
    assert len(module.model_variables) == len(model.variables) > 0


def test_rounding_passes(model):
    fixed_size.check_equal(model, answers(model), "X")
    fixed_size.check_equal(model, answers(model, lambda outputs: outputs + 1e-6), "X")


def flip_one(code):
    code = code.copy()
    code[3, 0] ^= 1
    return code


WRONG = {
    "all weights zero": lambda found: {key: value * 0 for key, value in found.items()},
    "one bit": lambda found: {**found, "code": flip_one(found["code"])},
    "signs without codes": lambda found: {**found, "code": np.zeros_like(found["code"])},
    "other bit order": lambda found: {
        **found,
        "code": np.packbits(found["outputs"] >= 0, axis=1, bitorder="big"),
    },
    "other dtype": lambda found: {**found, "code": found["code"].astype(np.int32)},
    "outputs scaled": lambda found: {**found, "outputs": found["outputs"] * 1.01},
    "other shape": lambda found: {**found, "outputs": found["outputs"][:, :-1]},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_differs_is_refused(model, name):
    right = answers(model)
    with pytest.raises(ValueError, match="as X gives other codes than in Keras, so no file"):
        fixed_size.check_equal(model, lambda images: WRONG[name](right(images)), "X")
