import keras
import numpy as np
import pytest

from keras_hashing import codes, photos
from tests.photos.conftest import tiny_backbone, tiny_hashing_model

IMAGES = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 3)).astype("float32")


def test_features_are_the_models_in_half_precision(encoder, backbone):
    vectors = encoder.vectors(IMAGES)
    assert vectors.dtype == np.float16
    np.testing.assert_array_equal(vectors, backbone.predict(IMAGES, verbose=0).astype("float16"))
    assert encoder.width == 24


def test_a_hashing_models_vectors_are_its_codes(hashing_encoder):
    outputs = hashing_encoder.model.predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(hashing_encoder.vectors(IMAGES), codes.pack(outputs))
    assert hashing_encoder.width == 5


def test_the_model_is_loaded_once_and_late():
    calls = []
    encoder = photos.Encoder("tiny", lambda: calls.append(1) or tiny_backbone())
    assert not calls
    assert encoder.description["image_size"] == 16
    encoder.vectors(IMAGES)
    assert len(calls) == 1


def test_the_fingerprint_tells_weights_apart():
    same = [photos.Encoder("tiny", tiny_backbone).description for _ in range(2)]
    other = photos.Encoder("tiny", lambda: tiny_backbone(seed=1)).description
    assert same[0] == same[1]
    assert same[0]["fingerprint"] != other["fingerprint"]
    trained = tiny_hashing_model()
    before = photos.Encoder("x", lambda: trained, hashing=True).description
    trained.weights[0].assign(trained.weights[0] + 1e-3)
    assert photos.Encoder("x", lambda: trained, hashing=True).description != before


@pytest.mark.parametrize("value", [np.nan, 1e6])
def test_features_that_do_not_fit_are_refused(value):
    inputs = keras.Input((16, 16, 3))
    outputs = keras.ops.mean(inputs, axis=(1, 2)) * 0 + value
    model = keras.Model(inputs, outputs)
    model.image_size = 16
    with pytest.raises(ValueError, match=r"`features` must be finite.*They come from broken"):
        photos.Encoder("broken", lambda: model).vectors(IMAGES)
