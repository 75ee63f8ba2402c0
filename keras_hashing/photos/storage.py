"""A photo index on disk: a folder whose manifest names the files that belong to it.

manifest.json        folder, bits, model, photos, digests; replaced last, so that a run that
                     is cut off leaves the index as it was
vectors-N.npy        what the model gave, one row per distinct photo
codes-N.npy          their codes, uint8
projection-N.npz     weights that take features to outputs; empty with a hashing model
pending-*.npz        vectors of a run that has not finished
.lock                held by the run that writes
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import uuid
import zipfile

import numpy as np

from keras_hashing import checks, files
from keras_hashing.photos.reading import PhotoFile

FORMAT = "keras_hashing photo index 1"
_MANIFEST = "manifest.json"
_LOCK = ".lock"
_OTHERS = ("vectors-*.npy", "codes-*.npy", "projection-*.npz", "pending-*.npz", ".*.tmp")


@dataclasses.dataclass
class PhotoContents:
    """All that a photo index knows, except the vectors.

    Args:
        folder: str, absolute path of the photos' folder.
        bits: int.
        model: dict, `Encoder.description`.
        projection: str, "itq", "superbit", or "model" for a hashing model's own codes.
        digests: list of hex SHA-256, one per row of the vectors and codes.
        fitted: list of bool, whether the projection was fitted with that row.
        photos: list of (`PhotoFile`, row), in order of path.
        unreadable: list of (`PhotoFile`, digest, problem).
        codes: uint8 array `(rows, ceil(bits / 8))`.
        weights: list of arrays, the projection's.
        generation: int, how often it was written.
    """

    folder: str
    bits: int
    model: dict
    projection: str
    digests: list
    fitted: list
    photos: list
    unreadable: list
    codes: np.ndarray
    weights: list
    generation: int = 0


def is_index(directory):
    """Whether a folder is a photo index, finished or begun."""
    directory = pathlib.Path(directory)
    return any(any(directory.glob(pattern)) for pattern in (_MANIFEST, *_OTHERS))


def modified_ns(directory):
    """When an index was last written, in nanoseconds; 0 if it was not."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return (pathlib.Path(directory) / _MANIFEST).stat().st_mtime_ns
    return 0


def touch(directory):
    """Mark an index as brought up to date just now, though nothing in it changed."""
    os.utime(pathlib.Path(directory) / _MANIFEST)


def read(directory):
    """Read an index.

    Returns:
        `PhotoContents`.

    Raises:
        FileNotFoundError: no index there.
        ValueError: damaged, or of another format.
    """
    directory = pathlib.Path(directory)
    before = modified_ns(directory)
    if not before:
        raise FileNotFoundError(
            f"There is no photo index {directory}. Make one with `keras-hashing index FOLDER`."
        )
    try:
        return _read(directory)
    except ValueError:
        if modified_ns(directory) == before:
            raise
        return _read(directory)  # a run replaced it meanwhile


def _read(directory):
    with _damage_of(directory):
        manifest = json.loads((directory / _MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"its format is {manifest['format']!r}, not {FORMAT!r}")
        stored = manifest["files"]
        codes = np.load(_checked(directory, stored["codes"]), allow_pickle=False)
        with np.load(_checked(directory, stored["projection"]), allow_pickle=False) as file:
            weights = [file[name] for name in sorted(file.files)]
        contents = PhotoContents(
            **{name: manifest[name] for name in ("folder", "bits", "model", "projection")},
            **{name: manifest[name] for name in ("digests", "fitted", "generation")},
            photos=[(PhotoFile(*photo), row) for photo, row in manifest["photos"]],
            unreadable=[(PhotoFile(*item[0]), *item[1:]) for item in manifest["unreadable"]],
            codes=codes,
            weights=weights,
        )
        checks.codes("codes", codes, contents.bits)
        rows = {row for _, row in contents.photos}
        if not len(codes) == len(contents.digests) == len(contents.fitted) == len(rows):
            raise ValueError("its lists are of different lengths")
        if rows != set(range(len(codes))):
            raise ValueError("its photos name rows that are not there")
    return contents


def read_vectors(directory):
    """The vectors of an index, one row per digest, memory-mapped; checked like `read`."""
    directory = pathlib.Path(directory)
    with _damage_of(directory):
        manifest = json.loads((directory / _MANIFEST).read_bytes())
        path = _checked(directory, manifest["files"]["vectors"])
        return np.load(path, mmap_mode="r", allow_pickle=False)


def write(directory, contents, vectors_path):
    """Write an index over what is there; the manifest, which makes it valid, comes last.

    Args:
        directory: path-like.
        contents: `PhotoContents`; its `generation` tells the new files' names.
        vectors_path: path of the new vectors, in `directory`.
    """
    directory = pathlib.Path(directory)
    codes_path = directory / f"codes-{contents.generation}.npy"
    with files.atomic_path(codes_path) as path, path.open("wb") as file:
        np.save(file, contents.codes)
    projection_path = directory / f"projection-{contents.generation}.npz"
    with files.atomic_path(projection_path) as path, path.open("wb") as file:
        np.savez(file, **{f"{i:03}": weight for i, weight in enumerate(contents.weights)})
    stored = {"vectors": vectors_path, "codes": codes_path, "projection": projection_path}
    manifest = {"format": FORMAT, **vars(contents)}
    del manifest["codes"], manifest["weights"]
    manifest["photos"] = [(dataclasses.astuple(photo), row) for photo, row in contents.photos]
    manifest["unreadable"] = [
        (dataclasses.astuple(photo), *rest) for photo, *rest in contents.unreadable
    ]
    manifest["files"] = {
        name: {"name": path.name, "sha256": files.sha256(path)} for name, path in stored.items()
    }
    with files.atomic_path(directory / _MANIFEST) as path:
        path.write_text(json.dumps(manifest), encoding="utf-8")
    _remove_others(directory, {path.name for path in stored.values()})


def vectors_path(directory, generation):
    """Where the vectors of a generation lie."""
    return pathlib.Path(directory) / f"vectors-{generation}.npy"


def write_pending(directory, model, digests, vectors):
    """Keep vectors of a run that goes on, so that the next need not compute them again."""
    path = pathlib.Path(directory) / f"pending-{uuid.uuid4().hex[:12]}.npz"
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, model=json.dumps(model), digests=np.array(digests), vectors=vectors)


def read_pending(directory):
    """What `write_pending` kept: a list of (model, digests, vectors); damaged files are left."""
    found = []
    for path in sorted(pathlib.Path(directory).glob("pending-*.npz")):
        with (
            contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile),
            np.load(path, allow_pickle=False) as file,
        ):
            model = json.loads(str(file["model"]))
            found.append((model, file["digests"].tolist(), file["vectors"]))
    return found


@contextlib.contextmanager
def locked(directory):
    """Make the folder, and keep a second run from writing in it at the same time.

    Raises:
        ValueError: another run is writing, or the folder holds something else.
    """
    directory = pathlib.Path(directory)
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"{directory} is a file. Choose another place with --out.")
    if directory.exists() and _names(directory) - {_LOCK} and not is_index(directory):
        raise ValueError(
            f"{directory} holds other files and is no photo index. Choose another with --out."
        )
    with files.locked(directory / _LOCK, wait=False):
        try:
            yield
        finally:
            (directory / _LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                directory.rmdir()  # if nothing came of it


def _names(directory):
    return {path.name for path in directory.iterdir()}


@contextlib.contextmanager
def _damage_of(directory):
    try:
        yield
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(
            f"The photo index {directory} cannot be read: {error}. "
            "Delete that folder and index the photos again."
        ) from error


def _checked(directory, stored):
    """Path of a stored file whose content is what the manifest says."""
    path = directory / pathlib.PurePath(stored["name"]).name
    if files.sha256(path) != stored["sha256"]:
        raise ValueError(f"{path.name} does not have the recorded SHA-256")
    return path


def _remove_others(directory, names):
    for pattern in _OTHERS:
        for path in directory.glob(pattern):
            if path.name not in names:
                path.unlink(missing_ok=True)
