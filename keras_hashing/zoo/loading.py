"""From an entry's files to a model or to its codes; nothing is parsed before its hash fits."""

import dataclasses
import inspect
import json
import lzma
import re
import zipfile
import zlib

import numpy as np

from keras_hashing import checks, files, resources, weights
from keras_hashing.zoo import catalog, protocol_labels
from keras_hashing.zoo import metadata as entries

_MOST_HIDDEN = 1 << 16
_MOST_NPZ_BYTES = 1 << 30
_MOST_VALUES = 1000
_SCALARS = (str, int, float, bool, type(None))

# What a damaged .npz file can end in.
_UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,  # encrypted, or compressed in a way that zipfile does not know
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
_MODEL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")

# The method sets them itself, or an entry has no say in them.
_NOT_STORED = ("self", "head", "pretrained")


@dataclasses.dataclass(frozen=True)
class Codes:
    """Codes of an entry's queries and database, with labels and ids in the same order.

    Attributes:
        query_codes, database_codes: uint8 `(n, ceil(bits / 8))`.
        query_labels, database_labels: int `(n,)` or multi-hot; None for unlabelled data.
        query_ids, database_ids: str `(n,)`.
    """

    query_codes: np.ndarray
    database_codes: np.ndarray
    query_labels: np.ndarray | None
    database_labels: np.ndarray | None
    query_ids: np.ndarray
    database_ids: np.ndarray


def load(name):
    """The hashing model of an entry, its weights checked.

    Args:
        name: str, a name of `keras_hashing.zoo.list()`, or the path of an entry's folder.

    Returns:
        `HashingModel`, not compiled; its `entry` is the entry's name, and the fingerprint of the
        weights as they were read.

    Raises:
        FileNotFoundError: no such folder, or a file of the entry is missing.
        ValueError: an unknown name, or a file that is damaged, was changed, is of a newer
            format, or does not fit; nothing from it is used then.
    """
    entry = catalog.whole(name)
    path = checked_file(entry, entries.CONFIG)
    config = entries.read_json(path)
    shared = entry.shared_backbone
    if shared is not None:
        _check_shared(entry)
    model = build(config, path, pretrained=shared is not None)
    if model.bits != entry.bits or model.method != entry.method:
        raise ValueError(
            f"{path} describes {model.method} with {model.bits} bits, metadata.json "
            f"{entry.method} with {entry.bits}. Get the entry again."
        )
    path = checked_file(entry, entries.WEIGHTS)
    without = () if shared is None else backbone_parts(model)
    weights.load(model, path, entry.files[entries.WEIGHTS]["sha256"], without)
    model.entry = entry.name, weights.fingerprint(model)  # who trains it on has another model
    return model


def codes(name):
    """The codes that an entry ships, with labels and ids.

    Args:
        name: str, a name of `keras_hashing.zoo.list()`, or the path of an entry's folder.

    Returns:
        `Codes`.

    Raises:
        FileNotFoundError: no such folder, or a file is missing.
        ValueError: an unknown name, or a file that is damaged or does not fit.
    """
    entry = catalog.whole(name)
    arrays = _read_arrays(checked_file(entry, entries.CODES), ("query_codes", "database_codes"))
    for part in ("query", "database"):
        key = f"{part}_codes"
        try:
            checks.codes(key, arrays[key], entry.bits)
            count = entry.counts.get(part)
            if len(arrays[key]) != count:
                raise ValueError(f"`{key}` must have {count} rows; got {len(arrays[key])}.")
        except (TypeError, ValueError) as error:
            raise ValueError(f"{entry.path / entries.CODES}: {error}") from error
    return Codes(**arrays, **_labels_and_ids(entry))


def backbone_parts(model):
    """First parts of the paths of a model's backbone weights."""
    return {variable.path.split("/")[0] for variable in model.backbone.weights}


def build(config, path="config.json", pretrained=False):
    """The untrained model that a `config.json` describes.

    Args:
        config: dict, `format`, `method` and `arguments`. The method is looked up in
            `keras_hashing.methods.NAMES`, the backbone by its name; nothing else is code.
        path: where it is from, for errors.
        pretrained: bool, whether the backbone has its published weights.

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
        return methods.NAMES[method](**arguments, pretrained=pretrained)
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


def _check_shared(entry):
    """Raise ValueError unless the package's backbone file is the one that the entry has."""
    try:
        path = resources.zoo_path("backbones", f"{entry.backbone}.safetensors")
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{entry.name} holds only a head: {error}") from error
    if files.sha256(path) != entry.shared_backbone:
        raise ValueError(
            f"{path} does not hold the weights that {entry.name} was made with. Install the "
            "package again, in the version that the entry is from."
        )


def checked_file(entry, name):
    """Path of an entry's file whose size and SHA-256 are those of `metadata.json`.

    Raises:
        FileNotFoundError: missing.
        ValueError: damaged, changed, or not listed.
    """
    path = entry.path / name
    listed = entry.files.get(name)
    if listed is None:
        raise ValueError(f"{entry.path}: metadata.json does not list {name}.")
    if not path.is_file() or path.is_symlink():
        raise FileNotFoundError(
            f"{path} is missing, so {entry.name} is not whole. Get the entry again."
        )
    size = path.stat().st_size
    if size != listed["size"] or files.sha256(path) != listed["sha256"]:
        raise ValueError(
            f"{path} is damaged or was changed: it has {size:,} bytes, metadata.json says "
            f"{listed['size']:,}, with SHA-256 {listed['sha256'][:12]}... . Get the entry again."
        )
    return path


def _constructor_arguments(method_class):
    """Names that the constructor takes, through the `**kwargs` of each class."""
    names = []
    for parent in method_class.__mro__:
        parameters = inspect.signature(parent.__init__).parameters.values()
        names += [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return [name for name in dict.fromkeys(names) if name not in _NOT_STORED]


def _read_arrays(path, names, optional=()):
    """The arrays of an .npz file, which must hold `names` and may hold all of `optional`."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_NPZ_BYTES:
                raise ValueError("it holds more than 1 GiB.")
        with np.load(path, allow_pickle=False) as stored:
            found = set(stored.files)
            if found not in (set(names), {*names, *optional}):
                raise ValueError(f"it must hold {', '.join(names)}; got {sorted(found)}.")
            return {name: stored[name] for name in found}
    except _UNREADABLE as error:
        raise ValueError(f"{path} is not a readable .npz file: {error}") from error


def _labels_and_ids(entry):
    """Of the entry's own file, else from the labels stored once for the protocol."""
    if entries.LABELS in entry.files:
        path = checked_file(entry, entries.LABELS)
        labels = ("query_labels", "database_labels")
        stored = _read_arrays(path, ("query_ids", "database_ids"), labels)
        arrays = {**dict.fromkeys(labels), **stored}
    else:
        arrays = _protocol_labels(entry)
    for key, array in arrays.items():
        count = entry.counts[key.split("_")[0]]
        if array is not None and len(array) != count:
            raise ValueError(
                f"{entry.name}: `{key}` has {len(array)} rows where the codes have {count}. "
                "Get the entry again."
            )
    return arrays


def _protocol_labels(entry):
    if entry.protocol is None:
        raise ValueError(f"{entry.path} has neither a protocol nor labels. Get it again.")
    name = entry.protocol["name"]
    stored = protocol_labels.find(entry.dataset)
    if stored is None:
        raise FileNotFoundError(
            f"the labels of {name} (zoo/protocols/{entry.dataset}.npz) are missing; "
            "install the package again, or run from a complete checkout."
        )
    if stored.digest(name) != entry.protocol["labels_sha256"]:
        raise ValueError(
            f"{stored.path} does not hold the labels that {entry.name} was measured with. "
            "Install the package again."
        )
    arrays = {}
    for part in ("query", "database"):
        indices = stored.indices(name, part)
        arrays[f"{part}_labels"] = stored.labels[indices].astype(np.int64)
        arrays[f"{part}_ids"] = stored.ids(indices)
    return arrays


def config_of(model):
    """Content of `config.json` for a model; see `build`.

    Raises:
        ValueError: a backbone that is not a name, or another argument that is no JSON scalar.
    """
    arguments = {
        key: value for key, value in model.get_config().items() if key not in model.only_training
    }
    backbone = arguments.get("backbone")
    if not isinstance(backbone, str):
        given = "no backbone" if backbone is None else "a backbone of its own"
        raise ValueError(
            f"an entry's model must have a backbone that is known by name; got {given}. "
            'Train with `backbone="efficientnet_lite0"` or another name, or keep this model '
            "with model.save('x.keras')."
        )
    config = {"format": entries.FORMAT, "method": model.method, "arguments": arguments}
    return json.loads(json.dumps(config, allow_nan=False))
