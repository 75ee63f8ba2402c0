"""Settings of a head that nobody tuned: those of the published heads, for as many steps."""

import pathlib
import re

import tomli_w

from keras_hashing import checks, methods, resources
from keras_hashing.training.family import read_family
from keras_hashing.training.recipe import Training, parse_recipe

STEPS = 1500  # at least, about those that the settings were chosen with
MOST_EPOCHS = 200
_SETTINGS = ("recipes", "cifar10_frozen.toml")


def head_settings(method, bits):
    """How the published head of a method is trained.

    Args:
        method: str, a name of `keras_hashing.methods.NAMES`.
        bits: int, the code length wanted.

    Returns:
        Tuple of the dicts `model` and `training` of a recipe, on a frozen EfficientNet-Lite0; the
        settings were chosen on validation images of CIFAR-10.

    Raises:
        ValueError: an unknown method, or bits out of range.
    """
    checks.one_of("method", method, methods.NAMES)
    recipes = read_family(resources.zoo_path(*_SETTINGS))
    recipe = next(one for one in recipes if one.name.startswith(f"{method}_"))
    standard = vars(Training())
    training = {
        key: value for key, value in vars(recipe.training).items() if value != standard[key]
    }
    return {**recipe.model, "bits": checks.bits(bits)}, training


def head_epochs(training, images):
    """Epochs that make 1,500 steps, or as many as the settings say; at most 200.

    Args:
        training: dict of `head_settings`.
        images: int, how many are trained on.
    """
    steps = -(-images // training.get("batch_size", Training().batch_size))
    return min(MOST_EPOCHS, max(training["epochs"], -(-STEPS // steps)))


def head_recipe(source, model, training, name=None, seed=0):
    """A recipe of settings for other images.

    Args:
        source: dict, [data] of the recipe.
        model, training: dicts.
        name: str, the entry's; default `<method>_<data>_<bits>`.
        seed: int.

    Returns:
        `Recipe`.

    Raises:
        ValueError: settings that do not go together, or a name that no entry can have.
    """
    name = name or f"{model['method']}_{_word(source)}_{model['bits']}"
    lines = [f"# keras-hashing train recipe.toml --out {name} --data-dir DIR"]
    if not {"dataset", "tfds"} & source.keys():
        lines.append("# DIR is the folder that the paths of [data] start from.")
    content = {"name": name, "seed": seed, "model": model, "data": source, "training": training}
    return parse_recipe("\n".join([*lines, tomli_w.dumps(content)]))


def _word(source):
    """What images are called, as part of an entry's name."""
    if "train" in source:  # one of three lists, which their folder tells apart
        first = source["train"] if isinstance(source["train"], str) else source["train"][0]
        name = pathlib.PurePath(first).parent.name or pathlib.PurePath(first).stem
    elif "list" in source:
        name = pathlib.PurePath(source["list"]).stem
    elif "folder" in source:
        name = pathlib.PurePath(source["folder"]).name
    else:
        name = source.get("tfds") or source["dataset"]
    return re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-").lower() or "photos"
