"""A recipe for somebody's own images, with settings that nobody has to choose."""

import pathlib
import warnings
from typing import TYPE_CHECKING, Any

from keras_hashing import checks, methods
from keras_hashing import data as datasets
from keras_hashing.training.recipe import describe_data
from keras_hashing.training.usual_settings import head_epochs, head_recipe, head_settings
from keras_hashing.types import Path

if TYPE_CHECKING:
    from keras_hashing.training.recipe import Recipe

FINE_TUNING = {"epochs": 10, "batch_size": 32, "learning_rate": 2e-4, "shift": 8}
_KEPT = ("weight_decay",)  # of a head's settings, when the backbone is trained too


def source_recipe(
    source: dict[str, Any],
    *,
    data_dir: Path | None = None,
    method: str = "dhn",
    bits: int = 48,
    name: str | None = None,
    fine_tune: bool = False,
    epochs: int | None = None,
    seed: int = 0,
) -> "Recipe":
    """A recipe that trains on any source of images.

    Without `fine_tune` the head alone is trained, on features of the frozen backbone that are
    computed once, which takes seconds after that. With it the backbone is trained too, and the
    epoch is kept that does best on the validation photos.

    Args:
        source: dict, where the images are, as `keras_hashing.data.from_source` takes it; it
            becomes the recipe's [data].
        data_dir: str, path-like or None, the folder that the paths in `source` start from, None
            for the working one; for a data set the folder of TensorFlow Datasets.
        method: str, a name of `keras_hashing.methods.NAMES`.
        bits: int, the code length.
        name: str, the entry's; default `<method>_<data>_<bits>`.
        fine_tune: bool.
        epochs: int; default 10 of fine-tuning, of a head so many that it takes 1,500 steps.
        seed: int, of weights and order.

    Returns:
        `Recipe`.

    Raises:
        FileNotFoundError, NotADirectoryError: no such folder or list.
        ValueError: an unknown method, one that needs labels for images without, one that cannot
            be fine-tuned, or images that cannot be split.

    Example:
        >>> import pathlib
        >>> import numpy as np
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), "uint8")
        >>> for number, image in enumerate(pixels):
        ...     folder = pathlib.Path("photos", "even" if number % 2 == 0 else "odd")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.fromarray(image).save(folder / f"{number}.png")
        >>> recipe = source_recipe({"folder": "photos", "query": 0.2}, method="csq", bits=16)
        >>> recipe.name, recipe.model["bits"], recipe.data["query"]
        ('csq_photos_16', 16, 0.2)
    """
    model, training = head_settings(method, bits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is passed over is told when the photos are read
        data = datasets.from_source(source, data_dir, check=False)
    labelled = data.train.labels is not None
    _check_labels(source, method, labelled)
    training["validation"] = labelled and len(data.validation) > 0
    if fine_tune:
        model, training = _fine_tuned(model, training, method)
    elif training.get("epochs"):
        training["epochs"] = head_epochs(training, len(data.train))
    if epochs is not None:
        if not training.get("epochs"):
            raise ValueError(f"{method} is fitted at once: leave out `epochs`.")
        training["epochs"] = checks.whole("epochs", epochs, 1, None)
    return head_recipe(source, model, training, name, seed)


def folder_recipe(
    folder: Path,
    method: str = "dhn",
    bits: int = 48,
    name: str | None = None,
    fine_tune: bool = False,
    epochs: int | None = None,
    validation: float = 0.1,
    query: float = 0.1,
    seed: int = 0,
) -> "Recipe":
    """`source_recipe` for a folder of photos, wherever it is.

    Args:
        folder: str or path-like, with a sub-folder for each class; a method that learns without
            labels takes any folder.
        method, bits, name, fine_tune, epochs: as of `source_recipe`.
        validation, query, seed: as of `keras_hashing.data.from_folder`.

    Returns:
        `Recipe`; its [data] has the folder's name alone, so it runs wherever that folder is.

    Raises:
        FileNotFoundError, NotADirectoryError, ValueError: as of `source_recipe`.

    Example:
        >>> import numpy as np
        >>> import keras_hashing as kh
        >>> from PIL import Image
        >>> pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), "uint8")
        >>> for number, image in enumerate(pixels):
        ...     folder = pathlib.Path("photos", "even" if number % 2 == 0 else "odd")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.fromarray(image).save(folder / f"{number}.png")
        >>> recipe = folder_recipe("photos", method="itq", bits=64)
        >>> recipe.name, recipe.data["folder"]
        ('itq_photos_64', 'photos')
    """
    folder = pathlib.Path(folder).resolve()
    return source_recipe(
        {"folder": folder.name, "validation": validation, "query": query, "seed": seed},
        data_dir=folder.parent,
        method=method,
        bits=bits,
        name=name,
        fine_tune=fine_tune,
        epochs=epochs,
        seed=seed,
    )


def _check_labels(source, method, labelled):
    if methods.NAMES[method].supervised and not labelled:
        unlabelled = sorted(name for name, kind in methods.NAMES.items() if not kind.supervised)
        found = (
            f"{source['folder']} has no sub-folders with photos: make one for each class"
            if "folder" in source
            else f"there are none in {describe_data(source)}: give each image its classes"
        )
        raise ValueError(
            f"{method} learns from labels, and {found}, or take a method without labels: "
            f"{', '.join(unlabelled)}."
        )


def _fine_tuned(model, training, method):
    """The settings of a head, changed so that the backbone is trained too."""
    if "train_backbone" not in model:
        raise ValueError(
            f"{method} keeps its backbone as it is: leave out fine-tuning, or take another method."
        )
    kept = {key: value for key, value in training.items() if key in _KEPT}
    judged = training["validation"]
    return {**model, "train_backbone": True}, {
        **kept,
        **FINE_TUNING,
        "validation": judged,
        "select": "best" if judged else "last",
    }
