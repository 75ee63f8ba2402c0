"""Which versions of a model the disk holds, and which of them are to be served.

Source: TensorFlow Serving, `file_system_storage_path_source.cc`.
"""

import dataclasses
import pathlib

LARGEST = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """What is to be served under one name.

    Args:
        name: str.
        folder: path-like, the folder of numeric versions; kept as a `pathlib.Path`.
        latest: int, how many of the highest versions; None for all of them.
        only: frozenset of int, these versions and no other; empty for those of `latest`.
        labels: dict, label -> version.

    Example:
        >>> ServedModel("flowers", "served/flowers", labels={"stable": 2}).latest
        1
    """

    name: str
    folder: pathlib.Path
    latest: int | None = 1
    only: frozenset = frozenset()
    labels: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "folder", pathlib.Path(self.folder))


def on_disk(folder):
    """Number -> path of every version; other names are passed over, `0007` is version 7.

    Args:
        folder: `pathlib.Path`; one that cannot be read has no versions.
    """
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return {}
    return {
        int(child.name): child
        for child in children
        if child.name.isascii()
        and child.name.isdigit()
        and int(child.name) <= LARGEST
        and child.is_dir()
    }


def wanted(model):
    """Number -> path of the versions on disk that `model` asks for.

    Args:
        model: `ServedModel`.
    """
    found = on_disk(model.folder)
    if model.only:
        return {number: path for number, path in found.items() if number in model.only}
    numbers = sorted(found, reverse=True)[: model.latest]
    return {number: found[number] for number in numbers}


def check(model):
    """Say what is wrong with a model's name and folder before anything is loaded.

    Raises:
        FileNotFoundError: no such folder, or not the versions asked for.
        ValueError: a name that no URL can hold, or a label of a version that is not served.
    """
    if not model.name or set(model.name) & set("/:"):
        raise ValueError(f"A model's name must be without '/' and ':'; got {model.name!r}.")
    if not model.folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {model.folder}. keras-hashing export writes one."
        )
    if not on_disk(model.folder):
        if (model.folder / "saved_model.pb").exists():
            hint = f"It is itself a version: serve {model.folder.parent}."
        else:
            hint = "keras-hashing export writes versions 1, 2, ..."
        raise FileNotFoundError(f"{model.folder} holds no numeric version. {hint}")
    served = wanted(model)
    if missing := sorted(model.only - served.keys()):
        raise FileNotFoundError(f"{model.folder} has no version {missing[0]}, which is asked for.")
    for label, number in model.labels.items():
        if number not in served:
            raise ValueError(
                f"{model.name}: the label {label!r} is of version {number}, which is not served. "
                "Ask for it in model_version_policy, or take the label out."
            )
