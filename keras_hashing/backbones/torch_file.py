"""Read a state dict from a PyTorch file of the format before 1.6, without PyTorch.

The file is five pickles (magic number, protocol, system info, the state dict, the storage keys)
and then each storage: an int64 count and raw little-endian values. Only the few names that a
state dict needs are let through, so that a file cannot run code.
"""

import collections
import pickle

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Tensor:
    """A tensor as the pickle describes it: which storage, where in it, and its shape."""

    def __init__(self, storage, offset, shape, strides, *_):
        self.dtype, self.key = storage
        self.offset, self.shape, self.strides = offset, tuple(shape), tuple(strides)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise ValueError(
            f"the weights file refers to {module}.{name}, which is not allowed; "
            "only plain state dicts of float32 and int64 tensors are read."
        )

    def persistent_load(self, identifier):
        dtype, key = identifier[1], identifier[2]
        return dtype, key


def read_state_dict(path):
    """Read a PyTorch state dict.

    Args:
        path: str or path-like, a `.pth` file in the format before PyTorch 1.6.

    Returns:
        dict of str to numpy array, float32 or int64.

    Raises:
        ValueError: another format, or a name that a state dict does not need.
    """
    with open(path, "rb") as file:  # noqa: PTH123
        if _Unpickler(file).load() != _MAGIC:
            raise ValueError(f"{path} is not a PyTorch file of the format before 1.6.")
        _Unpickler(file).load()
        _Unpickler(file).load()
        tensors = _Unpickler(file).load()
        keys = _Unpickler(file).load()
        dtypes = {tensor.key: tensor.dtype for tensor in tensors.values()}
        storages = {}
        for key in keys:
            count = int(np.frombuffer(file.read(8), "<i8")[0])
            dtype = dtypes[key]
            storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _view(tensor, storages[tensor.key]) for name, tensor in tensors.items()}


def _view(tensor, storage):
    strides = [stride * tensor.dtype.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides)
    return np.array(view)
