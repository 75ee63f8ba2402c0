"""`config.json`: from a model to the arguments that are stored, and from those to a model."""

import inspect
import json
import re

from keras_hashing import checks
from keras_hashing.zoo import metadata as entries

_MOST_HIDDEN = 1 << 16
_MOST_VALUES = 1000
_SCALARS = (str, int, float, bool, type(None))
_MODEL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")

# The method sets them itself, or an entry has no say in them.
_NOT_STORED = ("self", "head", "pretrained", "dtype")


def build(config, path="config.json"):
    """The untrained model that a `config.json` describes.

    Args:
        config: dict, `format`, `method` and `arguments`. The method is looked up in
            `keras_hashing.methods.NAMES`, the backbone by its name; nothing else is code.
        path: where it is from, for errors.

    Returns:
        `HashingModel`, built.

    Raises:
        ValueError: anything else in it.
    """
    from keras_hashing import methods

    entries.check_format(path, config)
    if set(config) != {"format", "method", "arguments"}:
        raise ValueError(f"{path} must hold format, method and arguments; got {sorted(config)}.")
    arguments = config["arguments"]
    try:
        method = checks.one_of("method", config["method"], methods.NAMES)
        check_arguments(methods.NAMES[method], arguments)
        # Whatever the session's dtype policy: an entry's codes are those of float32.
        return methods.NAMES[method](**arguments, pretrained=False, dtype="float32")
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def check_arguments(method_class, arguments):
    """Raise ValueError or TypeError unless these are arguments that a file may set."""
    if not isinstance(arguments, dict):
        raise TypeError("`arguments` must be a JSON object.")
    allowed = _constructor_arguments(method_class)
    for key, value in arguments.items():
        checks.one_of("arguments", key, allowed)
        values = value if isinstance(value, list) else [value]
        if len(values) > _MOST_VALUES or not all(isinstance(v, _SCALARS) for v in values):
            raise TypeError(
                f"`{key}` must be a text, number, true, false or null, or a list of at most "
                f"{_MOST_VALUES} of them."
            )
    if not isinstance(arguments.get("backbone"), str):
        raise TypeError("`backbone` must be a name, such as 'efficientnet_lite0'.")
    if not _MODEL_NAME.fullmatch(str(arguments.get("name") or "model")):
        raise ValueError("`name` must be letters, digits, `_`, `-` and `.`, at most 100.")
    hidden = arguments.get("hidden") or 1
    for units in hidden if isinstance(hidden, list) else [hidden]:
        checks.whole("hidden", units, 1, _MOST_HIDDEN)


def config_of(model):
    """Content of `config.json` for a model; see `build`.

    Raises:
        ValueError: a backbone that is not a name, a head of its own, layers that are quantized or
            of another dtype than float32, or another argument that is no JSON scalar.
    """
    left_out = (*model.only_training, "label_values")  # codes need no names of classes
    arguments = {key: value for key, value in model.get_config().items() if key not in left_out}
    backbone = arguments.get("backbone")
    if not isinstance(backbone, str):
        given = "no backbone" if backbone is None else "a backbone of its own"
        raise ValueError(
            f"an entry's model must have a backbone that is known by name; got {given}. "
            'Train with `backbone="efficientnet_lite0"` or another name, or keep this model '
            "with model.save('x.keras')."
        )
    own = sorted({"head", "dtype", "layer_states"} & set(arguments))
    if own:
        raise ValueError(
            "an entry's model must be all float32, with the method's own head, not quantized and "
            f"without LoRA; got one with {', '.join(own)} in its configuration. Keep it with "
            "model.save('x.keras')."
        )
    config = {"format": entries.FORMAT, "method": model.method, "arguments": arguments}
    return json.loads(json.dumps(config, allow_nan=False))


def _constructor_arguments(method_class):
    """Names that the constructor takes, through the `**kwargs` of each class."""
    names = []
    for parent in method_class.__mro__:
        parameters = inspect.signature(parent.__init__).parameters.values()
        names += [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return [name for name in dict.fromkeys(names) if name not in _NOT_STORED]
