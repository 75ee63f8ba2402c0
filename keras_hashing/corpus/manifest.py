"""`manifest.json` of a corpus: what its shards hold, agreed before the first is written."""

import contextlib
import json
import pathlib

from keras_hashing import checks, files, weights
from keras_hashing.corpus import sources

NAME = "manifest.json"
FORMAT = "keras_hashing corpus 1"

_SMALLEST, _LARGEST, _PARTS = 256, 10_000, 64  # images a shard, shards of a middling corpus

# What a difference means for the user, where its name and values do not tell.
_WORDS = {
    "weights_sha256": "weights of the model",
    "list_sha256": "list of images",
    "items": "number of images",
    "source": "source",
}


def describe(model, name, source, place, shard_size, features):
    """The manifest that an encoding of `source` by `model` has.

    Args:
        model: hashing model.
        name: str, the model's name for readers.
        source: what `sources.open_source` gave.
        place: str, where the source is.
        shard_size: int, images a shard; None for 1/64 of them, 256 at least and 10,000 at most.
        features: "float16", "float32" or None.

    Returns:
        Dict, ready for JSON.
    """
    if shard_size is None:
        shard_size = min(_LARGEST, max(_SMALLEST, -(-len(source) // _PARTS)))
    hint = "Pass the number of images in each parquet file, for example 1000."
    return {
        "format": FORMAT,
        "model": name,
        "weights_sha256": weights.fingerprint(model),
        "bits": checks.bits(model.bits),
        "bit_order": "little",
        "preprocessing": {
            "image_size": int(model.image_size),
            "pixels": "RGB, upright by EXIF, values 0 to 255",
            "resize": "bilinear, antialiased, to a square",
        },
        "features": features,
        "source": place,
        "column": getattr(source, "column", None),
        "label": getattr(source, "label", "folder" if source.classes else None),
        "classes": source.classes,
        "items": len(source),
        "list_sha256": sources.digest(source),
        "shard_size": checks.whole("shard_size", shard_size, 1, None, hint),
    }


def agree(folder, wanted):
    """Write the manifest of a new corpus, or see that a begun one goes on as it was begun.

    Args:
        folder: `pathlib.Path`, exists.
        wanted: dict from `describe`.

    Raises:
        ValueError: the folder holds something else, or a corpus of another model, list or form.
    """
    if not (folder / NAME).exists():
        other = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        if other:
            raise ValueError(
                f"{folder} holds other files ({min(other)}) and no corpus. Choose a new folder."
            )
        with whole_file(folder / NAME) as temporary:
            temporary.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return
    begun = read(folder)
    different = [key for key in wanted if key != "model" and begun.get(key) != wanted[key]]
    if not different:
        return
    if "list_sha256" in different and begun["source"] == wanted["source"]:
        raise ValueError(
            f"the list of images of {wanted['source']} has changed: {begun['items']} when {folder} "
            f"was begun, {wanted['items']} now. Encode new images from a folder of their own into "
            "another corpus, or all of them into a new folder."
        )
    key = different[0]
    model = f" ({begun['model']}, now {wanted['model']})" if key == "weights_sha256" else ""
    raise ValueError(
        f"{folder} was begun with another {_WORDS.get(key, key)}{model}: {begun.get(key)}, "
        f"not {wanted[key]}. Encode as it was begun, or into a new folder."
    )


def read(folder):
    """The manifest of a corpus.

    Raises:
        FileNotFoundError: there is none.
        ValueError: damaged, or of another version.
    """
    path = pathlib.Path(folder) / NAME
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} is no corpus: it has no {NAME}. `keras-hashing encode` makes one."
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known = found["format"] == FORMAT
        count = len(range(0, found["items"], found["shard_size"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged. Encode into a new folder.") from error
    if not known or not count:
        raise ValueError(
            f"{path} is of the format {found['format']!r}; this release reads {FORMAT!r}. "
            "Update keras_hashing, or encode again."
        )
    return found


@contextlib.contextmanager
def whole_file(path):
    """As `files.atomic_path`, with words for a full disk or a folder that may not be written.

    Raises:
        OSError: the block's, with the name of the file and the way out; nothing is left behind.
    """
    try:
        with files.atomic_path(path) as temporary:
            yield temporary
    except OSError as error:
        text = (
            f"{error.strerror or error}: {pathlib.Path(path)} was not written. What is finished is "
            "kept: make room or give access, and run the same command again"
        )
        raise OSError(error.errno, text) from error


def ranges(manifest):
    """List of (first id, end) of the shards, by number."""
    size, items = manifest["shard_size"], manifest["items"]
    return [(first, min(first + size, items)) for first in range(0, items, size)]
