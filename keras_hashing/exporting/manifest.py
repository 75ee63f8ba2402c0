"""`manifest.json` of an export: what the model is, and the digest of every file beside it."""

import json
import pathlib

import keras_hashing
from keras_hashing import files, weights

NAME = "manifest.json"
PACKING = "bit j of a code is bit j % 8 (lowest first) of byte j // 8, 1 for +1; padding bits are 0"


def write(folder, model, index=None, k=None):
    """Describe the files of a folder.

    Args:
        folder: `pathlib.Path` of a saved version.
        model: the hashing model in it.
        index: `keras_hashing.Index` in it, or None.
        k: int, results of a search.
    """
    import keras
    import tensorflow as tf

    fingerprint = weights.fingerprint(model)
    facts = {
        "format": 1,
        "model": model.name,
        "method": getattr(model, "method", None),
        "entry": _entry(model, fingerprint),
        "weights_sha256": fingerprint,
        "bits": model.bits,
        "code_bytes": -(-model.bits // 8),
        "packing": PACKING,
        "image_size": model.image_size,
        "index_items": None if index is None else len(index),
        "k": None if index is None else k,
        "versions": {
            "keras_hashing": keras_hashing.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
        "files": {
            path.relative_to(folder).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": files.sha256(path),
            }
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    (folder / NAME).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def check(folder):
    """Compare a folder's files with its manifest; a folder without one passes.

    A file that the manifest does not know is refused too, so that nothing is loaded that was
    added later.

    Args:
        folder: str or path-like, of one version.

    Raises:
        ValueError: a file is missing, not as it was written, or unknown; names it.
    """
    folder = pathlib.Path(folder)
    if not (folder / NAME).is_file():
        return
    try:
        listed = json.loads((folder / NAME).read_text(encoding="utf-8"))["files"]
        digests = {folder / name: facts["sha256"] for name, facts in listed.items()}
        digests[folder / NAME] = None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder / NAME} is damaged. Export the model again.") from error
    present = {path for path in folder.rglob("*") if not path.is_dir()}
    for path, digest in digests.items():
        if not path.is_file():
            raise ValueError(f"{path} is missing. Export the model again.")
        if digest is not None and files.sha256(path) != digest:
            raise ValueError(f"{path} is not as it was written. Export the model again.")
    if unknown := sorted(present - digests.keys()):
        raise ValueError(f"{unknown[0]} is not in {NAME}. Remove it, or export the model again.")


def _entry(model, fingerprint):
    """Name of the zoo entry whose weights the model still has; None for any other model."""
    name, loaded = getattr(model, "entry", (None, None))
    return name if loaded == fingerprint else None
