"""A model's parts in its configuration: backbone, own head, and the dtypes of single layers."""

import contextlib
import json
import pathlib

import keras

from keras_hashing.classes import Classes


def backbone_config(backbone):
    """What stands in `get_config` for a name, a `keras.Model` or None."""
    if isinstance(backbone, keras.Model):
        return _plain(backbone)
    return backbone


def head_config(layers):
    """What stands in `get_config` for layers that were given as `head`.

    Raises:
        ValueError: a layer that has no configuration.
    """
    return [_serialized(layer) for layer in layers]


def made_from(model_class, config):
    """The model that a `get_config` describes, without its weights."""
    config = dict(config)
    dtype, states = config.pop("dtype", "float32"), config.pop("layer_states", None)
    values = config.pop("label_values", None)
    with made_under(dtype):
        model = model_class(**restored(config))
    model._stored_states = states
    model.label_numbers = None if values is None else Classes(values)
    if model.built:
        restore_layers(model)
    return model


def check_file(path):
    """Raise ValueError for a file of HDF5, which Keras would write and not read again."""
    if pathlib.PurePath(path).suffix.lower() in (".h5", ".hdf5", ".hdf"):
        raise ValueError(
            f"`filepath` must end in .keras; got {path}, of a format that cannot bring a model of "
            "this kind back. Weights alone go into a file x.weights.h5, by `save_weights`."
        )


def head_layers(head):
    """`head` as a list; TypeError unless it holds layers."""
    if not isinstance(head, (list, tuple)) or not all(
        isinstance(layer, keras.layers.Layer) for layer in head
    ):
        raise TypeError(f"`head` must be a list of layers; got {head!r}.")
    return list(head)


def check_outputs(shape, bits):
    """Raise ValueError unless a head's outputs of this shape are one per bit."""
    if tuple(shape[1:]) != (bits,):
        raise ValueError(
            f"`head` must end in outputs of shape (batch, {bits}), one per bit; got {shape}. End "
            f"it with `keras_hashing.layers.HashHead({bits})`."
        )


def check_head(layers):
    """Raise ValueError unless a file could bring these layers back."""
    classes = {type(part).__name__: type(part) for one in layers for part in one._flatten_layers()}
    for layer in layers:
        content = _serialized(layer)
        try:
            with keras.saving.custom_object_scope(classes):
                keras.saving.deserialize_keras_object(content, safe_mode=False)
        except Exception as error:
            raise ValueError(_unreadable(layer, error)) from error


def _serialized(layer):
    try:
        content = _plain(layer)
    except Exception as error:
        raise ValueError(_unreadable(layer, error)) from error
    content.pop("build_config", None)  # the model builds its head
    return content


def _plain(part):
    """As Keras serializes it, with lists for tuples, as it comes out of a file."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(part)))


def _unreadable(layer, error):
    return (
        f"the layer {layer.name!r} of `head`, a {type(layer).__name__}, could not be loaded from "
        f"a file: {error} Give it a `get_config` with its arguments, and register what it uses "
        "with `keras.saving.register_keras_serializable`."
    )


def restored(config):
    """A constructor's arguments out of a configuration; no ImageNet weights are fetched for them.

    Args:
        config: dict with `backbone` and `head` as `backbone_config` and `head_config` give them.
    """
    config = dict(config)
    backbone = config.get("backbone")
    if isinstance(backbone, dict):
        config["backbone"] = keras.saving.deserialize_keras_object(backbone)
    elif backbone is not None:
        config.setdefault("pretrained", False)
    if config.get("head") is not None:
        config["head"] = [
            keras.saving.deserialize_keras_object(layer) if isinstance(layer, dict) else layer
            for layer in config["head"]
        ]
    return config


@contextlib.contextmanager
def made_under(dtype):
    """Within it, new layers have this dtype policy, or the usual one for None."""
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(keras.dtype_policies.get(dtype))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def policy_config(policy):
    """A dtype policy as its name where that says all of it, else as a dict."""
    if isinstance(policy, keras.dtype_policies.DTypePolicyMap):
        return keras.dtype_policies.serialize(policy)
    named = keras.dtype_policies.get(policy.name)
    return policy.name if named == policy else keras.dtype_policies.serialize(policy)


def dtype_config(model):
    """The part of a configuration about dtypes, empty where all is float32: `dtype`, the policy
    that the model was made under, and `layer_states`, what sets single layers apart from it.
    """
    states = model._stored_states  # not yet put into effect: the model is not built
    parts = {
        "dtype": policy_config(model._made_under),
        "layer_states": _layer_states(model) if states is None else states,
    }
    usual = {"dtype": "float32", "layer_states": {}}
    return {key: value for key, value in parts.items() if value != usual[key]}


def _same(policy, other):
    """Whether two policies are equal, of which Keras cannot compare `DTypePolicyMap`."""
    return policy is other or policy_config(policy) == policy_config(other)


def _layer_states(model):
    """Dict of a layer's place, such as `"head/1"`, to a dict with some of `dtype`, the layer's own
    policy; `quantization`, its configuration; `lora`, rank and alpha.
    """
    states = {}
    for place, layer in _places(model):
        state = {}
        if not _same(layer.dtype_policy, model._made_under):
            state["dtype"] = policy_config(layer.dtype_policy)
        if getattr(layer, "quantization_config", None) is not None:
            state["quantization"] = _plain(layer.quantization_config)
        if getattr(layer, "lora_enabled", False):
            state["lora"] = [layer.lora_rank, layer.lora_alpha]
        if state:
            states[place] = state
    return states


def restore_layers(model):
    """Bring the layers of a new, built model to the state that its configuration told of."""
    states, model._stored_states = model._stored_states, None
    if states is None:
        return
    for place, layer in _places(model):
        state = states.get(place, {})
        policy = keras.dtype_policies.get(state["dtype"]) if "dtype" in state else model._made_under
        if not _same(layer.dtype_policy, policy):
            mode = policy.quantization_mode
            if mode is not None and layer.quantization_mode != mode:
                config = keras.saving.deserialize_keras_object(state.get("quantization"))
                layer.quantize(mode, config=config)
            if not _same(layer.dtype_policy, policy):
                layer.dtype_policy = policy
        if "lora" in state and not layer.lora_enabled:
            layer.enable_lora(*state["lora"])


def _places(model):
    """All layers in the model once, each with its part of the model and its number there."""
    parts = {"backbone": model.backbone, "head": model.head}
    parts |= {layer.name: layer for layer in model.layers}
    seen = set()
    for name, part in parts.items():
        # Keras itself goes through them like this to quantize a model; it has no public walk.
        for number, layer in enumerate([] if part is None else part._flatten_layers()):
            if id(layer) not in seen:
                seen.add(id(layer))
                yield f"{name}/{number}", layer
