"""Backbones in configurations: names, models and none."""

import json

import keras
import numpy as np

from keras_hashing.methods import stored_parts


def test_names_and_none():
    assert stored_parts.backbone_config("nin") == "nin"
    assert stored_parts.backbone_config(None) is None
    config = {"backbone": "nin", "bits": 3}
    assert stored_parts.restored(config) == {**config, "pretrained": False}
    assert config == {"backbone": "nin", "bits": 3}
    assert stored_parts.restored({"backbone": None}) == {"backbone": None}


def test_models_survive_json():
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))
    config = json.loads(json.dumps({"backbone": stored_parts.backbone_config(model), "bits": 3}))
    again = stored_parts.restored(config)
    assert set(again) == {"backbone", "bits"}
    again["backbone"].set_weights(model.get_weights())
    batch = np.ones((1, 4, 4, 3), "float32")
    np.testing.assert_array_equal(again["backbone"](batch), model(batch))
