"""The reader of PyTorch's old file format, on a file made here, byte by byte."""

import collections
import pickle
import struct

import numpy as np
import pytest

from keras_hashing.backbones import torch_file

MAGIC = 0x1950A86A20F9469CFC6C


class _Name:
    """Pickles as a reference to a name of another module."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class _Pickler(pickle._Pickler):
    """Writes `_Name` as a global and `_Storage` as a persistent id, as PyTorch does."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_name(self, obj):
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())

    dispatch[_Name] = save_name

    def persistent_id(self, obj):
        return obj.identifier if isinstance(obj, _Storage) else None


class _Storage:
    def __init__(self, kind, key, count):
        self.identifier = ("storage", _Name("torch", kind), key, "cpu", count, None)


class _Tensor:
    def __init__(
        self, storage, offset, shape, strides, rebuild=("torch._utils", "_rebuild_tensor_v2")
    ):
        self.arguments = (storage, offset, shape, strides, False, collections.OrderedDict())
        self.rebuild = rebuild

    def __reduce__(self):
        raise NotImplementedError


def _save_tensor(self, obj):
    self.save_name(_Name(*obj.rebuild))
    self.save(obj.arguments)
    self.write(pickle.REDUCE)


_Pickler.dispatch[_Tensor] = _save_tensor


def write(path, tensors, storages, magic=MAGIC):
    with path.open("wb") as file:
        for value in (magic, 1001, {"little_endian": True}):
            pickle.dump(value, file, protocol=2)
        _Pickler(file, protocol=2).dump(collections.OrderedDict(tensors))
        pickle.dump([key for key, _ in storages], file, protocol=2)
        for _, values in storages:
            file.write(struct.pack("<q", len(values)) + values.tobytes())


def test_tensors_offsets_and_strides(tmp_path):
    floats = np.arange(12, dtype="<f4")
    counts = np.array([7], "<i8")
    shared = _Storage("FloatStorage", "a", 12)
    write(
        tmp_path / "x.pth",
        {
            "whole": _Tensor(shared, 0, (3, 4), (4, 1)),
            "turned": _Tensor(shared, 2, (2, 3), (1, 4)),
            "count": _Tensor(_Storage("LongStorage", "b", 1), 0, (), ()),
        },
        [("a", floats), ("b", counts)],
    )
    state = torch_file.read_state_dict(tmp_path / "x.pth")
    np.testing.assert_array_equal(state["whole"], floats.reshape(3, 4))
    np.testing.assert_array_equal(state["turned"], [[2, 6, 10], [3, 7, 11]])
    assert state["count"] == 7 and state["count"].dtype == np.int64


def test_other_names_are_not_let_through(tmp_path):
    storage = _Storage("FloatStorage", "a", 1)
    tensor = _Tensor(storage, 0, (1,), (1,), rebuild=("os", "system"))
    write(tmp_path / "x.pth", {"bad": tensor}, [("a", np.zeros(1, "<f4"))])
    with pytest.raises(ValueError, match=r"refers to os\.system, which is not allowed"):
        torch_file.read_state_dict(tmp_path / "x.pth")


def test_another_format_is_named(tmp_path):
    write(tmp_path / "x.pth", {}, [], magic=5)
    with pytest.raises(ValueError, match="not a PyTorch file of the format before 1.6"):
        torch_file.read_state_dict(tmp_path / "x.pth")
