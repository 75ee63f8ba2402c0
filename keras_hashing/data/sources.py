"""Where images come from, in a form that a recipe, a command and Python can all write."""

import dataclasses
import pathlib
from typing import TYPE_CHECKING, Any

from keras_hashing import checks
from keras_hashing.data import folder as folders
from keras_hashing.data import lists, loading
from keras_hashing.data.image_set import joined
from keras_hashing.types import Path

if TYPE_CHECKING:
    from keras_hashing.data.loading import Data

_DRAWN = ("validation", "query", "seed")


@dataclasses.dataclass(frozen=True)
class Source:
    """One kind of source.

    Attributes:
        needed, optional: tuples of str, the keys of its settings; the first needed one tells the
            kind.
        about: str, what it is, for messages and help.
    """

    needed: tuple
    optional: tuple
    about: str

    @property
    def keys(self):
        """All keys, the needed ones first."""
        return self.needed + self.optional


SOURCES = {
    "dataset": Source(
        ("dataset",), ("protocol", "seed"), "a data set by its name, as `kh.data.load` takes it"
    ),
    "tfds": Source(("tfds",), ("seed",), "any image data set of TensorFlow Datasets"),
    "folder": Source(
        ("folder",), (*_DRAWN, "classes"), "a folder of images, as `kh.data.from_folder` takes it"
    ),
    "list": Source(
        ("list",),
        ("labels", "root", *_DRAWN),
        "one list of images, as `kh.data.from_list` takes it, cut by shares",
    ),
    "train": Source(
        ("train", "query", "database"),
        ("validation", "root", "seed"),
        "a list for each part, as `kh.data.from_lists` takes them",
    ),
}


def check_source(settings: dict[str, Any]) -> str:
    """Raise unless settings name one source, with keys that it knows; nothing is read.

    Args:
        settings: dict, for example `{"folder": "photos", "query": 0.2}`.

    Returns:
        str, the kind: a key of `SOURCES`.

    Raises:
        TypeError: not a dict.
        ValueError: no source, two sources, an unknown key (with the nearest names), or one that
            is missing.

    Example:
        >>> check_source({"folder": "photos", "query": 0.2})
        'folder'
    """
    if not isinstance(settings, dict):
        raise TypeError(f"a source must be a dict of settings; got {type(settings).__name__}.")
    kinds = [kind for kind in SOURCES if kind in settings]
    if not kinds:
        everything = [key for source in SOURCES.values() for key in source.keys]
        for key in settings:
            checks.one_of("key", key, everything)
        listed = "; ".join(f"`{kind}`, {source.about}" for kind, source in SOURCES.items())
        raise ValueError(f"the data need one of: {listed}. Got {sorted(settings)}.")
    if len(kinds) > 1:
        raise ValueError(f"the data come from one place; got `{kinds[0]}` and `{kinds[1]}`.")
    source = SOURCES[kinds[0]]
    for key in settings:
        checks.one_of("key", key, source.keys, f"Those go with `{kinds[0]}`.")
    for key in source.needed:
        if key not in settings:
            raise ValueError(f"beside `{kinds[0]}` there must be `{key}`: {source.about}.")
    return kinds[0]


def from_source(
    settings: dict[str, Any],
    data_dir: Path | None = None,
    *,
    image_size: int = 224,
    validation: bool = True,
    check: bool = True,
) -> "Data":
    """Load the images that settings describe.

    Args:
        settings: dict with one of these sets of keys (`SOURCES` has them all):
            `dataset` and `protocol`, as `kh.data.load` takes them; `tfds`, a name of TensorFlow
            Datasets; `folder`, with the shares and `classes` of `kh.data.from_folder`; `list`,
            one list with `labels` and `root` of `kh.data.from_list` and the shares; or `train`,
            `query` and `database`, a list each, perhaps `validation` and `root`, as
            `kh.data.from_lists` takes them.
        data_dir: str, path-like or None. The folder of TFDS; for folders and lists the one that
            their relative paths start from, None for the working one.
        image_size: int, pixels, to which `.dataset()` resizes files; use the model's.
        validation: bool, keep validation images out of `.train`; False leaves `.validation`
            empty.
        check: bool, decode every file of a folder or list once now.

    Returns:
        `Data`.

    Raises:
        FileNotFoundError: no such folder or list.
        TypeError, ValueError: as of `check_source` and of the function that reads.

    Example:
        >>> import pathlib, tempfile
        >>> from PIL import Image
        >>> import keras_hashing as kh
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for shade in range(10):
        ...     Image.new("L", (8, 8), shade).save(folder / f"{shade}.png")
        >>> data = kh.data.from_source({"folder": folder.name, "query": 0.2}, folder.parent)
        >>> len(data.train), len(data.validation), len(data.query)
        (7, 1, 2)
    """
    kind = check_source(settings)
    given = dict(settings)
    if kind in ("dataset", "tfds"):
        name, protocol = given[kind], given.get("protocol")
        name = f"tfds:{name}" if kind == "tfds" else name
        seed = given.get("seed", 0)
        return loading.load(name, protocol, data_dir, validation, seed, image_size=image_size)
    below = pathlib.Path(data_dir or "")
    if "root" in given:
        given["root"] = below / given["root"]
    common: dict[str, Any] = {"image_size": image_size, "check": check}
    if kind == "train":
        held_out = given.pop("validation", None)
        parts = {name: _below(below, given.pop(name)) for name in SOURCES[kind].needed}
        share = isinstance(held_out, (int, float)) or held_out is None
        parts["validation"] = held_out if share else _below(below, held_out)
        data = lists.from_lists(**parts, **given, **common)
        return data if validation else _joined(data)
    if not validation:
        given["validation"] = 0.0
    if kind == "folder":
        return folders.from_folder(below / given.pop("folder"), **given, **common)
    if "labels" in given:
        given["labels"] = _below(below, given["labels"])
    return lists.cut_list(below / given.pop("list"), **given, **common)


def _joined(data):
    """The data with the validation images among the training images."""
    train = joined(data.train, data.validation)
    return dataclasses.replace(data, train=train, validation=data.validation.subset([]))


def _below(folder, given):
    """Paths below a folder: of one path, or of each in a sequence."""
    if isinstance(given, (list, tuple)):
        return type(given)(_below(folder, item) for item in given)
    return folder / given
