"""Backbones, heads and dtypes in configurations."""

import json

import keras
import numpy as np
import pytest

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


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16", "float64", "int8_from_float32"])
def test_policies_are_names(name):
    policy = keras.dtype_policies.get(name)
    assert stored_parts.policy_config(policy) == name


def test_a_map_of_policies_survives_json():
    half = keras.dtype_policies.get("mixed_float16")
    policy = keras.dtype_policies.DTypePolicyMap("float32", {"a/b": half})
    config = json.loads(json.dumps(stored_parts.policy_config(policy)))
    again = keras.dtype_policies.get(config)
    assert again["a/b"].name == "mixed_float16"
    assert again["c"].name == "float32"


def test_the_policy_of_the_session_comes_back():
    with pytest.raises(KeyError), stored_parts.made_under("mixed_float16"):
        assert keras.layers.Dense(1).compute_dtype == "float16"
        raise KeyError
    assert keras.config.dtype_policy().name == "float32"
    with stored_parts.made_under(None):
        assert keras.layers.Dense(1).compute_dtype == "float32"


def test_heads_are_lists_of_layers_that_can_be_read_again():
    layers = [keras.layers.Dense(3), keras.layers.Lambda(lambda values: values)]
    config = stored_parts.head_config(layers)
    assert json.loads(json.dumps(config)) == config
    stored_parts.check_head(layers)
    (again,) = stored_parts.restored({"head": config[:1]})["head"]
    assert again.get_config() == layers[0].get_config()
    for wrong in (layers[0], [3], "dense"):
        with pytest.raises(TypeError, match="`head` must be a list of layers; got"):
            stored_parts.head_layers(wrong)
