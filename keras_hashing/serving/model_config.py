"""TensorFlow Serving's `models.config`: which models to serve, in protobuf's text format.

Source of the field names: TensorFlow Serving, `model_server_config.proto` and
`file_system_storage_path_source.proto`.
"""

import functools
import pathlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from keras_hashing.serving.versions import ServedModel

# Message -> field -> type, in a list where it repeats. Written down here because the text format
# needs names and types only, and the package that has the messages is large and optional.
_SCHEMA: dict[str, dict] = {
    "ModelServerConfig": {"model_config_list": "ModelConfigList"},
    "ModelConfigList": {"config": ["ModelConfig"]},
    "ModelConfig": {
        "name": str,
        "base_path": str,
        "model_platform": str,
        "model_version_policy": "VersionPolicy",
        "version_labels": ["Label"],
    },
    "VersionPolicy": {"latest": "Latest", "all": "All", "specific": "Specific"},
    "Latest": {"num_versions": int},
    "All": {},
    "Specific": {"versions": [int]},
    "Label": {"key": str, "value": int},
}
_PACKAGE = "keras_hashing.serving"


def read(path):
    """The models of a configuration file.

    Args:
        path: str or path-like.

    Returns:
        List of `ServedModel`, not empty.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, or a setting that only TensorFlow Serving has.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. serving/models.config is an example.")
    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), _message()())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} cannot be read: {error}. It must be a model_config_list of config entries "
            "with name, base_path, model_platform, model_version_policy and version_labels."
        ) from None
    models = [_model(entry, path) for entry in config.model_config_list.config]
    if not models:
        raise ValueError(f"{path} names no model. Add a config to its model_config_list.")
    return models


def _model(entry, path):
    if not entry.name or not entry.base_path:
        raise ValueError(f"{path}: each config needs a name and a base_path.")
    if not entry.base_path.startswith("/"):
        raise ValueError(
            f"{path}: base_path must be absolute, as TensorFlow Serving wants it; got "
            f"{entry.base_path!r}."
        )
    if entry.model_platform != "tensorflow":
        raise ValueError(
            f'{path}: model_platform of {entry.name!r} must be "tensorflow"; got '
            f"{entry.model_platform!r}."
        )
    policy = entry.model_version_policy
    given = [field.name for field, _ in policy.ListFields()]
    if len(given) > 1:
        raise ValueError(f"{path}: {entry.name!r} has two version policies: {', '.join(given)}.")
    return ServedModel(
        entry.name,
        pathlib.Path(entry.base_path),
        # TensorFlow Serving takes 0 for 1 here.
        latest=None if given == ["all"] else max(1, policy.latest.num_versions),
        only=frozenset(policy.specific.versions),
        labels={label.key: label.value for label in entry.version_labels},
    )


@functools.cache
def _message():
    """The class of the whole file."""
    file = descriptor_pb2.FileDescriptorProto(name="models.config", package=_PACKAGE)
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            _add_field(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName(f"{_PACKAGE}.ModelServerConfig")
    return message_factory.GetMessageClass(descriptor)


def _add_field(message, name, number, kind):
    constants = descriptor_pb2.FieldDescriptorProto
    repeated = isinstance(kind, list)
    kind = kind[0] if repeated else kind
    field = message.field.add(name=name, number=number)
    field.label = constants.LABEL_REPEATED if repeated else constants.LABEL_OPTIONAL
    if isinstance(kind, str):
        field.type, field.type_name = constants.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = constants.TYPE_STRING if kind is str else constants.TYPE_INT64
