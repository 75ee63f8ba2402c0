"""Files of codes, labels and ids as arrays by name; nothing that is pickled is ever loaded."""

import csv
import pathlib
import struct
import zipfile
import zlib

import numpy as np

_MATLAB_7_3 = b"MATLAB 7.3"
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".joblib")
# First lines that are a header although the lines below are text as well.
_HEADERS = frozenset(
    ("class", "class_name", "classes", "file", "filename", "id", "ids", "image", "image_id")
    + ("item", "label", "label_name", "labels", "name", "names", "path", "paths", "target")
)
# What scipy raises for files that are none of MATLAB's, beside what every reader raises.
_OF_SCIPY = (
    ArithmeticError,
    LookupError,
    MemoryError,
    NotImplementedError,
    TypeError,
    struct.error,
)
ONLY = ""  # the name of the array of a file that holds one


def read(path, text=False):
    """All arrays of a file.

    Args:
        path: path-like, ending in .npy, .npz, .mat, .csv, .tsv or .txt; or a folder that holds
            codes.npz and perhaps labels.npz, as a zoo entry does.
        text: bool, whether each line of a .txt file is one value, as it stands.

    Returns:
        dict from the arrays' names to arrays, `ONLY` for the array of a file without names; None
        in place of an array that is pickled. A .npy file is a memory map.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another ending, or a file that cannot be read; every array is pickled.
        ModuleNotFoundError: a .mat file without scipy or h5py.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    if path.is_dir():
        return _folder(path)
    ending = path.suffix.lower()
    if ending in _PICKLES:
        raise ValueError(
            f"{path} is not loaded: PyTorch's {ending} files and pickles can run code as they are "
            "read. Where it was made, save the array: `numpy.save('codes.npy', "
            "codes.cpu().numpy())`; several by `numpy.savez('codes.npz', query_codes=..., "
            "database_codes=...)`."
        )
    if ending not in _READERS:
        allowed = ", ".join(_READERS)
        raise ValueError(
            f"{path} has the ending {ending!r}; read are {allowed}. Save the array with "
            "`numpy.save`."
        )
    if ending == ".txt" and text:
        return {ONLY: _lines(path)}
    try:
        arrays = _READERS[ending](path)
    except (EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as a {ending} file: {error}") from error
    if arrays and all(array is None for array in arrays.values()):
        raise ValueError(
            f"{path} holds pickled objects, which can run code as they are read, and is not "
            "loaded. Save arrays of numbers or of strings (dtype str) where it was made; a dict "
            "of arrays by `numpy.savez(path, **arrays)`."
        )
    return arrays


def _folder(path):
    if not (path / "codes.npz").is_file():
        raise ValueError(
            f"{path} is a folder without codes.npz. Pass the file that holds the codes."
        )
    return read(path / "codes.npz")


def _npy(path):
    with path.open("rb") as file:  # `numpy.load` takes whatever a file is, also a pickle
        if file.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
            raise ValueError("it does not begin as one")
    try:
        return {ONLY: np.load(path, mmap_mode="r", allow_pickle=False)}
    except ValueError as error:
        if _pickled(error):
            return {ONLY: None}
        raise


def _npz(path):
    arrays: dict = {}
    with zipfile.ZipFile(path):
        pass
    with np.load(path, allow_pickle=False) as stored:
        for name in stored.files:
            try:
                arrays[name] = stored[name]
            except ValueError as error:
                if not _pickled(error):
                    raise
                arrays[name] = None
    return arrays


def _pickled(error):
    return "allow_pickle" in str(error) or "Python objects" in str(error)


def _mat(path):
    with path.open("rb") as file:
        new = file.read(len(_MATLAB_7_3)) == _MATLAB_7_3
    return _new_mat(path) if new else _old_mat(path)


def _old_mat(path):
    """Up to MATLAB 7.2: scipy knows the form."""
    try:
        import scipy.io
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{path} needs scipy; run `pip install 'keras_hashing[mat]'`. Or save the array with "
            "`numpy.save`, or in MATLAB with `writematrix(codes, 'codes.csv')`."
        ) from error
    try:
        kinds = {name: kind for name, _, kind in scipy.io.whosmat(path)}
        stored = scipy.io.loadmat(path, variable_names=list(kinds))
    except (*_OF_SCIPY, scipy.io.matlab.MatReadError) as error:
        raise ValueError(str(error)) from error
    arrays = {name: _dense(stored[name]) for name in kinds if name in stored}
    return {
        name: array.astype(bool) if kinds[name] == "logical" else array
        for name, array in arrays.items()
        if array is not None
    }


def _dense(array):
    """An array of numbers or strings; of a cell array its strings; None for anything else."""
    array = array.toarray() if hasattr(array, "toarray") else np.asarray(array)
    if array.dtype.kind == "O":
        cells = [np.asarray(cell) for cell in array.ravel()]
        if not all(cell.dtype.kind == "U" and cell.size <= 1 for cell in cells):
            return None
        return np.array([str(cell.item()) if cell.size else "" for cell in cells])
    if array.dtype.kind == "U":
        return np.char.rstrip(array)  # rows of characters are filled with spaces
    return array if array.dtype.kind in "biuf" else None


def _new_mat(path):
    """From MATLAB 7.3 on the form is HDF5, with the axes the other way round."""
    import h5py

    arrays = {}
    with h5py.File(path, "r") as file:
        for name, stored in file.items():
            if isinstance(stored, h5py.Dataset) and stored.dtype.kind in "biuf":
                array = np.asarray(stored[()]).T
                logical = stored.attrs.get("MATLAB_class", b"") in (b"logical", "logical")
                arrays[name] = array.astype(bool) if logical else array
    return arrays


def _text(path):
    """A table of numbers, or a column of text; a first line that is a header is left out."""
    lines = [line for line in _lines(path).tolist() if line.strip()]
    if not lines:
        raise ValueError("it is empty")
    lines[0] = lines[0].removeprefix("#").strip()  # numpy.savetxt marks its header so
    mark = next((mark for mark in (",", ";", "\t") if mark in lines[0]), None)
    rows = csv.reader(lines, delimiter=mark) if mark else map(str.split, lines)
    first = [field.strip() for field in next(iter(rows))]
    second = [field.strip() for field in next(iter(rows), [])]
    header = not _numbers(first) and (_numbers(second) or first[0].lower() in _HEADERS)
    if header:
        _check_header(first)
    body = lines[header:]
    if not body:
        raise ValueError("it has a header and no line below")
    if _numbers(second if header else first):
        table = np.loadtxt(body, delimiter=mark, ndmin=2, comments=None)
        if not (np.abs(table) < 2**53).all():  # floats would round such ids
            return {ONLY: np.array([[int(f) for f in line.split(mark)] for line in body])}
        whole = table.astype(np.int64)
        return {ONLY: whole if (whole == table).all() else table}
    if mark and len(first) > 1:
        raise ValueError(
            f"it has {len(first)} columns, and text in them ({first[:3]}). Keep the columns of "
            "one array: bits, class numbers or ids"
        )
    return {ONLY: np.array([row[0].strip() for row in csv.reader(body)])}


def _numbers(fields):
    """Whether all fields of a line are numbers."""
    try:
        return bool(fields) and all(np.isfinite(float(field)) for field in fields)
    except ValueError:
        return False


def _check_header(names):
    """Refuse a table in which a column is something else than the others, as its name tells."""
    others = [name for name in names if not name or name.lower() in _HEADERS]
    if others and len(names) > 1:
        raise ValueError(
            f"its columns are not of one kind: {others} beside {len(names) - len(others)} others. "
            "Keep the columns of one array: bits, class numbers or ids"
        )


def _lines(path):
    """The lines of a text file, empty ones at the end left out."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8: {error}") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return np.array(lines, dtype=str)


_READERS = {
    **{".npy": _npy, ".npz": _npz, ".mat": _mat},
    **{".csv": _text, ".tsv": _text, ".txt": _text},
}
