"""MATLAB files of the cross-modal hashing literature: images, labels and file names."""

import dataclasses

import numpy as np

IMAGES = ("images", "iall", "image", "img", "i")
LABELS = ("lall", "labels", "label", "category", "l")
NAMES = ("fall", "index", "filenames", "file_names", "names", "files", "paths", "imgs", "f")

MAX_BYTES = 2**33  # of images in one file, 8 GiB


@dataclasses.dataclass
class Content:
    """What was found; None for what the file does not hold.

    Attributes:
        images: uint8 `(n, height, width, channels)`.
        labels: `(n,)` or `(n, classes)`.
        names: list of `n` str.
    """

    images: np.ndarray | None = None
    labels: np.ndarray | None = None
    names: list | None = None


def read(path):
    """Read a file of any MATLAB version: up to 7 by SciPy, 7.3 by h5py.

    Args:
        path: `pathlib.Path`. Variables are known by the names that public files use, in any
            case: DCMH's `images`, `LAll`; `IAll`, `LAll`, `FAll` of mirflickr25k-iall.mat and
            so on; `index`, `category`. A file with a single variable may call it anything.

    Returns:
        `Content`.

    Raises:
        ImportError: SciPy is needed and missing.
        ValueError: not a MATLAB file, none of the variables, images that are too large together,
            or no images.
    """
    import h5py

    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            found = {name: item for name, item in file.items() if name != "#refs#"}
            found = {name: item for name, item in found.items() if hasattr(item, "shape")}
            roles = _roles(path, {name: item.shape[::-1] for name, item in found.items()})
            return _content(path, {role: _from_hdf5(found[n], file) for role, n in roles.items()})
    try:
        import scipy.io
    except ImportError as error:
        raise ImportError(
            f"{path} is read by SciPy. Install it (`pip install scipy`), or save the file with "
            "MATLAB's `-v7.3`."
        ) from error
    try:
        shapes = {name: shape for name, shape, _ in scipy.io.whosmat(path)}
        roles = _roles(path, shapes)
        loaded = scipy.io.loadmat(path, variable_names=list(roles.values()))
    except (ValueError, TypeError, NotImplementedError, OSError) as error:
        if str(error).startswith(str(path)):
            raise
        raise ValueError(f"{path} cannot be read as a MATLAB file: {error}") from error
    return _content(path, {role: _from_scipy(loaded[name]) for role, name in roles.items()})


def _roles(path, shapes):
    """Dict "images", "labels", "names" -> variable."""
    plain = {name.lower(): name for name in shapes}
    roles = {}
    for role, known in (("images", IMAGES), ("labels", LABELS), ("names", NAMES)):
        found = next((plain[name] for name in known if name in plain), None)
        if found is not None:
            roles[role] = found
    if not roles and len(shapes) == 1:
        ((name, shape),) = shapes.items()
        roles["images" if len(shape) == 4 else "labels"] = name
    if not roles:
        listed = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())
        raise ValueError(
            f"{path} has none of the variables IAll or images, LAll or labels, FAll or index; "
            f"got {listed or 'none'}. Rename one of them."
        )
    size = int(np.prod(shapes[roles["images"]], dtype=float)) if "images" in roles else 0
    if size > MAX_BYTES:
        raise ValueError(
            f"{path} holds {size / 2**30:.1f} GiB of pixels; at most {MAX_BYTES / 2**30:.0f} are "
            "read into memory. Save the images as files and write a list of them."
        )
    return roles


def _content(path, given):
    content = Content()
    if "labels" in given:
        content.labels = np.asarray(given["labels"])
        if content.labels.ndim == 2 and 1 in content.labels.shape:
            content.labels = content.labels.reshape(-1)
        content.labels = _whole(path, "labels", content.labels)
    if "names" in given:
        names = given["names"]
        content.names = [str(name).strip() for name in names]
    if "images" in given:
        known = content.labels if content.labels is not None else content.names
        content.images = _images(path, given["images"], None if known is None else len(known))
    return content


def _images(path, array, count):
    """Bring the axes to (n, height, width, channels).

    MATLAB's own order is (height, width, channels, n); Python's writers put n first.
    """
    orders = {2: (3, 0, 1, 2), 3: (0, 1, 2, 3), 1: (0, 2, 3, 1)}  # by the place of the channels
    fits = [
        order
        for place, order in orders.items()
        if array.ndim == 4
        and array.shape[place] in (1, 3)
        and (count is None or array.shape[order[0]] == count)
    ]
    if not fits:
        raise ValueError(
            f"{path}: the images must be (height, width, 3, n) or (n, height, width, 3)"
            f"{'' if count is None else f' with n = {count}'}; got {array.shape}."
        )
    return _whole(path, "images", np.ascontiguousarray(array.transpose(fits[0]))).astype(np.uint8)


def _whole(path, name, array):
    """Numbers as integers; images must be 0 to 255."""
    high = 255 if name == "images" else np.iinfo(np.int64).max
    good = array.size == 0 or (
        array.dtype.kind in "biuf"
        and array.min() >= 0
        and array.max() <= high
        and (array.dtype.kind != "f" or bool((array == np.floor(array)).all()))
    )
    if not good:
        raise ValueError(
            f"{path}: the {name} must be whole numbers from 0 {'to 255' if high == 255 else 'on'}. "
            "Undo what was subtracted or divided before they were saved."
        )
    return array if array.dtype.kind in "biu" else array.astype(np.int64)


def _from_scipy(value):
    """A cell or character array as a list of str, numbers as an array."""
    if hasattr(value, "toarray"):
        value = value.toarray()  # a sparse matrix
    if value.dtype.kind in "US":
        return value.reshape(-1).tolist()
    if value.dtype.kind == "O":
        return [_text(cell) for cell in value.reshape(-1)]
    return value


def _text(cell):
    """The string in a cell, which may be in another cell."""
    while isinstance(cell, np.ndarray) and cell.size:
        cell = cell.reshape(-1)[0]
    return "" if isinstance(cell, np.ndarray) else str(cell)


def _from_hdf5(item, file):
    """As `_from_scipy`; MATLAB's columns are rows in HDF5."""
    import h5py

    if h5py.check_ref_dtype(item.dtype):
        return [_characters(file[ref][()]) for ref in item[()].reshape(-1)]
    value = item[()]
    if item.attrs.get("MATLAB_class") == b"char":
        return [_characters(column) for column in value.T]
    if value.dtype.kind == "O":
        return [v.decode() if isinstance(v, bytes) else str(v) for v in value.reshape(-1)]
    return value.T


def _characters(codes):
    return "".join(chr(code) for code in np.asarray(codes).reshape(-1))
