"""Types of what the public functions take and return, as editors and type checkers show them."""

import os
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# Taken: whatever `numpy.asarray` takes, tensors of every Keras backend among them, which NumPy's
# own `ArrayLike` does not know; and what a docstring lists.
ArrayLike: TypeAlias = Any
Images: TypeAlias = Any  # every form of images, or of features, that `keras_hashing.encode` takes
Tensor: TypeAlias = Any  # of the Keras backend
Path: TypeAlias = str | os.PathLike[str]

# Returned.
UInt8Array: TypeAlias = npt.NDArray[np.uint8]
Int32Array: TypeAlias = npt.NDArray[np.int32]
Int64Array: TypeAlias = npt.NDArray[np.int64]
Float32Array: TypeAlias = npt.NDArray[np.float32]
Int8Array: TypeAlias = npt.NDArray[np.int8]
