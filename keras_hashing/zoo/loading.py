"""From an entry's files to a model; nothing is parsed before its hash fits."""

import hashlib
from typing import TYPE_CHECKING

from keras_hashing import resources, weights
from keras_hashing.types import Path
from keras_hashing.zoo import catalog, config, entry_files
from keras_hashing.zoo import metadata as entries

if TYPE_CHECKING:
    from keras_hashing.methods import HashingModel


def load(name: Path) -> "HashingModel":
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

    Example:
        >>> import keras_hashing as kh
        >>> model = kh.zoo.load("dhn_fashion_48")
        >>> model.method, model.bits, model.image_size
        ('dhn', 48, 28)
    """
    return catalog.read(name, model_of)


def model_of(entry):
    """As `load`, of an `Entry` whose files are here."""
    place = entry.path / entries.CONFIG
    model = config.build(entries.parse_json(entry_files.read(entry, entries.CONFIG), place), place)
    if model.bits != entry.bits or model.method != entry.method:
        raise ValueError(
            f"{place} describes {model.method} with {model.bits} bits, metadata.json "
            f"{entry.method} with {entry.bits}. Get the entry again."
        )
    without = ()
    if entry.shared_backbone is not None:
        fill_backbone(model, entry.name, entry.backbone, entry.shared_backbone)
        without = backbone_parts(model)
    content = entry_files.read(entry, entries.WEIGHTS)
    weights.fill(model, content, entry.path / entries.WEIGHTS, without)
    model.entry = entry.name, weights.fingerprint(model)  # who trains it on has another model
    return model


def backbone_parts(model):
    """First parts of the paths of a model's backbone weights."""
    return {variable.path.split("/")[0] for variable in model.backbone.weights}


def fill_backbone(model, name, backbone, sha256):
    """Give a model's backbone the weights that come with the package.

    Args:
        model: `HashingModel`, built.
        name: str, the entry's name, for errors.
        backbone: str, the backbone's name.
        sha256: str, hex digest that the package's file must have.

    Raises:
        FileNotFoundError: the package has no weights of this backbone.
        ValueError: they are others than the entry was made with, or do not fit the model.
    """
    try:
        path = resources.zoo_path("backbones", f"{backbone}.safetensors")
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{name} holds only a head: {error}") from error
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(
            f"{path} does not hold the weights that {name} was made with. Install the version of "
            "the package that the entry is from."
        )
    weights.fill(model.backbone, content, path)
