"""SOURCE of `train`, `tune` and `evaluate`: one rule for what a word on the command line means."""

import os
import pathlib
import re
from typing import Annotated

import typer

from keras_hashing import checks

METAVAR = "SOURCE"
HELP = (
    "Images: a folder with a sub-folder for each class; a list file (.txt, .csv, .json, .mat); "
    "tfds:NAME, any image set of TensorFlow Datasets; or a built-in set: cifar10, mnist, fashion, "
    "multifashion."
)
TFDS = "tfds:"

Protocol = Annotated[
    str | None,
    typer.Option(
        help="Which images of a built-in set are queries, database and training images; such as "
        "cifar10-s1b.",
        show_default="the first of the set",
    ),
]
Labels = Annotated[
    pathlib.Path | None,
    typer.Option(help="File with the labels, for a list that has none.", show_default="the list"),
]
Root = Annotated[
    pathlib.Path | None,
    typer.Option(
        help="Folder that the paths in lists start from.", show_default="the list's own folder"
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="What folders below class folders mean: path, a class each; or top, a part of the "
        "class above.",
        show_default="an error that shows them",
    ),
]
Query = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE|LIST",
        help="Share of each class that is searched for, and not trained on; or, with --database, "
        "a list file.",
        show_default="0.1",
    ),
]
Database = Annotated[
    pathlib.Path | None,
    typer.Option(
        metavar="LIST",
        help="List file of the database; the source is then the training list.",
        show_default="all but the queries",
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE|LIST",
        help="Share of each class to compare settings by; or, with --database, a list file.",
        show_default="0.1 without lists",
    ),
]
DataDir = Annotated[
    pathlib.Path | None,
    typer.Option(
        help="Folder of TensorFlow Datasets; for a folder, a list or a recipe of them, the one "
        "that the recipe's paths start from.",
        show_default="~/tensorflow_datasets; the one that holds the photos' folder",
    ),
]


def is_recipe(source):
    """Whether SOURCE is meant as a recipe: a name that ends in .toml."""
    return pathlib.Path(source).suffix.lower() == ".toml"


def read_source(source, data_dir=None, *, seed=None, protocol=None, **parts):
    """What SOURCE and the options beside it mean.

    Args:
        source: str, the word on the command line.
        data_dir: path or None, as of `DataDir`.
        seed: int or None, of the draw of queries and validation images, where they are drawn.
        protocol: str or None, of a built-in set.
        parts: `query`, `database`, `validation`, `labels`, `root`, `classes`, each None or as
            given.

    Returns:
        Tuple of the settings as `keras_hashing.data.from_source` takes them, and the folder that
        their paths start from: `data_dir`, or else the one that holds the photos' or the lists'.

    Raises:
        FileNotFoundError: nothing of that name.
        ValueError: an option that this kind of source does not take.
    """
    given = {key: value for key, value in parts.items() if value is not None}
    if protocol is not None:
        given["protocol"] = protocol
    path = pathlib.Path(source)
    if is_recipe(source):
        _refuse(given, "a recipe says", source)
        return _data_of(path), data_dir
    drawn = {} if seed is None else {"seed": seed}
    if source.startswith(TFDS):
        return _checked({"tfds": source.removeprefix(TFDS), **given, **drawn}), data_dir
    if path.is_file() or _holds_photos(path):
        kind = "folder" if path.is_dir() else "train" if "database" in given else "list"
        settings = {kind: path, **given, **_shares_or_lists(kind, given), **drawn}
        return _below(settings, data_dir)
    return _checked({"dataset": source, **given, "protocol": _protocol(source, protocol)}), data_dir


def _refuse(given, words, source):
    if given:
        names = ", ".join(f"--{name}" for name in given)
        raise ValueError(f"{words} {names} itself; {source} is one. Leave it out.")


def _data_of(path):
    """[data] of a recipe, or of a family of them."""
    from keras_hashing import training

    if training.is_family(path):
        return training.read_family(path)[0].data
    return training.read_recipe(path).data


def _holds_photos(path):
    """Whether it is a folder that is meant; a set's own folder of TensorFlow Datasets is not."""
    from keras_hashing.data import images

    return path.is_dir() and (f"{path}" not in _built_in() or bool(images.find_images(path)))


def _shares_or_lists(kind, given):
    """--query and --validation: numbers as shares, others as paths where lists go together."""
    found: dict[str, float | pathlib.Path] = {}
    for key in given.keys() & {"query", "validation"}:
        try:
            found[key] = float(given[key])
        except ValueError:
            found[key] = pathlib.Path(given[key])
        listed = isinstance(found[key], pathlib.Path)
        if listed and kind != "train":
            raise ValueError(
                f"--{key} {given[key]} is no number. Give a share such as 0.1; or, with lists of "
                "training images, queries and database: SOURCE --query LIST --database LIST."
            )
        if kind == "train" and key == "query" and not listed:
            raise ValueError(
                f"beside --database, --query must be a list file too; got {given[key]}."
            )
    return found


def _below(settings, data_dir):
    """Settings with paths as they are below one folder, so that a recipe runs elsewhere too."""
    paths = {
        key: item.resolve() for key, item in settings.items() if isinstance(item, pathlib.Path)
    }
    for path in paths.values():
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}.")
    if data_dir is None:
        data_dir = pathlib.Path(os.path.commonpath([path.parent for path in paths.values()]))
        if "folder" not in settings:
            data_dir = data_dir.parent  # the lists' folder tells what they are
    inside = {}
    for key, path in paths.items():
        if not path.is_relative_to(pathlib.Path(data_dir).resolve()):
            raise ValueError(
                f"{path} is not below {data_dir}. Leave out --data-dir, or give a folder that "
                "holds it."
            )
        inside[key] = path.relative_to(pathlib.Path(data_dir).resolve()).as_posix()
    return _checked({**settings, **inside}), data_dir


def _checked(settings):
    from keras_hashing import data

    data.check_source(settings)
    return settings


def _built_in():
    from keras_hashing.data import loading

    return [*loading.DATASETS, loading.MADE]


def _protocol(name, protocol):
    """The protocol of a built-in set; another word is a mistake, and told as one."""
    from keras_hashing.data import protocols

    if name not in _built_in() and re.search(r"[./\\]", name):
        raise FileNotFoundError(f"there is no folder, list or recipe {name}. Check the path.")
    try:
        checks.one_of("SOURCE", name, _built_in())
    except ValueError as error:
        raise ValueError(
            f"{error} There is no folder or file of that name either; a set of TensorFlow "
            f"Datasets is {TFDS}{name}."
        ) from None
    return protocol or next((p for p in protocols.NAMES if p.startswith(f"{name}-")), name)
