"""The input that a model is exported with."""

import pytest

from keras_hashing.methods import DHN, LSH
from keras_hashing.methods.model_input import signature


def test_images_of_any_size_or_of_the_models_own():
    model = DHN(bits=4, backbone="small_cnn", image_size=16)
    (any_size,), (own,) = signature(model, True), signature(model, False)
    assert (any_size.shape, own.shape) == ((None, None, None, 3), (None, 16, 16, 3))
    assert any_size.dtype == own.dtype == "float32"


@pytest.mark.parametrize("method", [DHN, LSH])
def test_features_once_their_number_is_known(method):
    model = method(bits=4, backbone=None)
    with pytest.raises(ValueError, match=r"of how many channels. .* `model.build\(\(None, chan"):
        signature(model, True)
    model.build((None, 7))
    assert signature(model, True)[0].shape == (None, 7)
