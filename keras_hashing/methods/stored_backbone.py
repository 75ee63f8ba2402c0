"""A model's backbone in its configuration: a name as it is, a model of the user's serialized."""

import keras


def to_config(backbone):
    """What stands in `get_config` for a name, a `keras.Model` or None."""
    if isinstance(backbone, keras.Model):
        return keras.saving.serialize_keras_object(backbone)
    return backbone


def restored(config):
    """A constructor's arguments out of a configuration; no ImageNet weights are fetched for them.

    Args:
        config: dict with `backbone` as `to_config` gives it.
    """
    config = dict(config)
    backbone = config.get("backbone")
    if isinstance(backbone, dict):
        config["backbone"] = keras.saving.deserialize_keras_object(backbone)
    elif backbone is not None:
        config["pretrained"] = False
    return config
