"""The images that a recipe names: a public data set cut by a protocol, or a folder of photos."""

import pathlib

from keras_hashing import data as datasets

_IMAGE_SIZE = 224  # pixels, where the recipe leaves it to the backbone


def load_data(recipe, data_dir=None):
    """Load a recipe's images.

    Args:
        recipe: `Recipe`.
        data_dir: str, path-like or None. For a data set the folder of TFDS, `None` for its
            default; for a folder of photos the folder that holds it, `None` for the working one.

    Returns:
        `keras_hashing.data.Data`; its validation part is empty where the recipe trains on all.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: as of `keras_hashing.data.load` and `from_folder`.
    """
    content, held_out = recipe.data, recipe.training.validation
    if "folder" not in content:
        return datasets.load(content["dataset"], content["protocol"], data_dir, validation=held_out)
    shares = {key: content[key] for key in ("validation", "query", "seed") if key in content}
    if not held_out:
        shares["validation"] = 0.0
    return datasets.from_folder(
        pathlib.Path(data_dir or "") / content["folder"],
        image_size=recipe.model.get("image_size", _IMAGE_SIZE),
        **shares,
    )
