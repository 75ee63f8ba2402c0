"""An entry's codes, labels and ids: written without pickle, and checked before they are parsed."""

import dataclasses
import io
import lzma
import zipfile
import zlib
from typing import Any

import numpy as np

from keras_hashing import checks, html
from keras_hashing import codes as code_forms
from keras_hashing.types import Path
from keras_hashing.zoo import catalog, entry_files, protocol_labels
from keras_hashing.zoo import metadata as entries

_MOST_NPZ_BYTES = 1 << 30

# What a damaged .npz file can end in.
_UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,  # encrypted, or compressed in a way that zipfile does not know
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclasses.dataclass(frozen=True, repr=False)
class Codes:
    """Codes of an entry's queries and database, with labels and ids in the same order.

    Attributes:
        query_codes, database_codes: uint8 `(n, ceil(bits / 8))`.
        query_labels, database_labels: int `(n,)` or multi-hot; None for unlabelled data.
        query_ids, database_ids: str `(n,)`.
    """

    query_codes: np.ndarray
    database_codes: np.ndarray
    query_labels: np.ndarray | None
    database_labels: np.ndarray | None
    query_ids: np.ndarray
    database_ids: np.ndarray

    def __repr__(self):
        return html.lines(self._facts(), type(self).__name__)

    def _repr_html_(self):
        return html.table(self._facts(), caption=type(self).__name__)

    def _facts(self):
        return [
            (name, "none" if array is None else f"{array.dtype} {array.shape}")
            for name, array in vars(self).items()
        ]


def codes(name: Path) -> Codes:
    """The codes that an entry ships, with labels and ids.

    Args:
        name: str, a name of `keras_hashing.zoo.list()`, or the path of an entry's folder.

    Returns:
        `Codes`.

    Raises:
        FileNotFoundError: no such folder, or a file is missing.
        ValueError: an unknown name, or a file that is damaged or does not fit.

    Example:
        >>> import keras_hashing as kh
        >>> stored = kh.zoo.codes("dhn_fashion_48")
        >>> stored.database_codes.shape, stored.database_codes.dtype.name
        ((64000, 6), 'uint8')
        >>> str(stored.query_ids[0]), int(stored.query_labels[0])
        ('train_00054', 3)
    """
    return catalog.read(name, codes_of)


def codes_of(entry):
    """As `codes`, of an `Entry` whose files are here."""
    arrays = _read_arrays(entry, entries.CODES, ("query_codes", "database_codes"))
    for part in ("query", "database"):
        key = f"{part}_codes"
        try:
            checks.codes(key, arrays[key], entry.bits)
            count = entry.counts.get(part)
            if len(arrays[key]) != count:
                raise ValueError(f"`{key}` must have {count} rows; got {len(arrays[key])}.")
        except (TypeError, ValueError) as error:
            raise ValueError(f"{entry.path / entries.CODES}: {error}") from error
    return Codes(**arrays, **_labels_and_ids(entry))


def write(folder, data, outputs):
    """Write codes.npz, and labels.npz unless the protocol's labels are stored already.

    Args:
        folder: `pathlib.Path`, the entry's.
        data: `keras_hashing.data.Data`.
        outputs: dict of "query" and "database" to float `(n, bits)`.

    Returns:
        `Codes`, what `codes` will read.
    """
    codes: dict[str, Any] = {
        f"{part}_codes": code_forms.pack(array) for part, array in outputs.items()
    }
    _write_arrays(folder / entries.CODES, codes)
    ids = {"query_ids": data.query.ids, "database_ids": data.database.ids}
    labels = {"query_labels": data.query.labels, "database_labels": data.database.labels}
    if stored_labels(data) is None:
        known = {key: array for key, array in labels.items() if array is not None}
        _write_arrays(folder / entries.LABELS, {**known, **ids})
    return Codes(**codes, **labels, **ids)


def stored_labels(data):
    """`ProtocolLabels` that has these queries and this database, or None."""
    stored = None if data.protocol is None else protocol_labels.find(data.name)
    parts = ("query", "database")
    if stored and all(stored.holds(data.protocol, part, getattr(data, part)) for part in parts):
        return stored
    return None


def _read_arrays(entry, file, names, optional=()):
    """The arrays of an .npz file, which must hold `names` and may hold all of `optional`."""
    content = io.BytesIO(entry_files.read(entry, file))
    try:
        with zipfile.ZipFile(content) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_NPZ_BYTES:
                raise ValueError("it holds more than 1 GiB.")
        content.seek(0)
        with np.load(content, allow_pickle=False) as stored:
            found = set(stored.files)
            if found not in (set(names), {*names, *optional}):
                raise ValueError(f"it must hold {', '.join(names)}; got {sorted(found)}.")
            return {name: stored[name] for name in found}
    except _UNREADABLE as error:
        raise ValueError(f"{entry.path / file} is not a readable .npz file: {error}") from error


def _labels_and_ids(entry):
    """Of the entry's own file, else from the labels stored once for the protocol."""
    if entries.LABELS in entry.files:
        labels = ("query_labels", "database_labels")
        stored = _read_arrays(entry, entries.LABELS, ("query_ids", "database_ids"), labels)
        arrays = {**dict.fromkeys(labels), **stored}
    else:
        arrays = _protocol_labels(entry)
    for key, array in arrays.items():
        count = entry.counts[key.split("_")[0]]
        if array is not None and len(array) != count:
            raise ValueError(
                f"{entry.name}: `{key}` has {len(array)} rows where the codes have {count}. "
                "Get the entry again."
            )
    return arrays


def _protocol_labels(entry):
    if entry.protocol is None:
        raise ValueError(f"{entry.path} has neither a protocol nor labels. Get it again.")
    name = entry.protocol["name"]
    stored = protocol_labels.find(entry.dataset)
    if stored is None:
        raise FileNotFoundError(
            f"the labels of {name} (zoo/protocols/{entry.dataset}.npz) are missing; "
            "install the package again, or run from a complete checkout."
        )
    if stored.digest(name) != entry.protocol["labels_sha256"]:
        raise ValueError(
            f"{stored.path} does not hold the labels that {entry.name} was measured with. "
            "Install the version of the package that the entry is from."
        )
    arrays = {}
    for part in ("query", "database"):
        indices = stored.indices(name, part)
        arrays[f"{part}_labels"] = stored.labels[indices].astype(np.int64)
        arrays[f"{part}_ids"] = stored.ids(indices)
    return arrays


def _write_arrays(path, arrays):
    """An .npz file that `numpy.load` reads; LZMA leaves a seventh less of codes than deflate."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
