"""A second copy of an index's codes, laid out for one compiled pass over them.

Rows are taken by position: 16 make a run, 16 runs a block, and 16 blocks, side by side, a group.
The pass answers with the smallest distance in every run; distances of rows never leave the
processor's registers. Only whole groups are in the copy.
"""

import contextlib
import functools
import math
import mmap
import threading

import numpy as np

from keras_hashing.index.exact import scan

RUN = 16  # rows that share a minimum; more take the compiler longer and gain little
RUNS = 16  # of a block
LANES = 16  # blocks side by side: 32 bits of one row of each fill a cache line
GROUP = LANES * RUNS * RUN  # rows
_MOST_BITS = 512  # above, the unrolled pass takes seconds to compile
_STEP = 16  # groups that are copied at a time, so that they stay in the cache

_building = threading.Lock()  # searches may come from several threads


class Tiles:
    """Copy of the first rows of an index, and the pass over it.

    Args:
        bits: int in 1..512, the code length.

    Attributes:
        rows: int, how many rows the copy covers, a multiple of 4,096.
    """

    def __init__(self, bits):
        self.bits = bits
        self.rows = 0
        self._memory = np.empty((RUNS, 0, RUN, self._num_planes, LANES), np.int32)
        self._tensor = None
        self._passes = {}

    def cut(self, rows):
        """Forget what the copy holds of row `rows` and behind: it has changed."""
        self.rows = min(self.rows, rows // GROUP * GROUP)

    def cover(self, words):
        """Bring the copy up to date, at the cost of the new rows where they fit in.

        Args:
            words: uint64 array `(num_words, n)`; its first `self.rows` rows are those covered.
        """
        with _building:
            rows = words.shape[1] // GROUP * GROUP
            room = GROUP * self._memory.shape[1]
            if not room // 2 <= rows <= room:
                self._make_room(rows // GROUP)
            for start in range(self.rows, rows, _STEP * GROUP):
                self._copy(words, start, min(start + _STEP * GROUP, rows))
            self.rows = rows

    def minima(self, query_words, keep=None):
        """Smallest distance in every run of each query.

        Args:
            query_words: uint64 array `(queries, num_words)`, contiguous. Each number of queries
                is compiled once for each capacity, of which a doubling of rows has sixteen.
            keep: bool array `(n,)`, n >= `self.rows`, False for rows that may not be found.

        Returns:
            uint8 array `(16, groups, queries, 16)`, uint16 for codes of 255 bits and more: runs
            of a block, groups of the capacity, queries, lanes. Run r of lane l of group g starts
            at row `((g * 16 + l) * 16 + r) * 16`; groups behind `rows` mean nothing. The largest
            value stands for a run without rows that may be found.
        """
        import tensorflow as tf

        queries = query_words.view(np.int32)[:, : self._num_planes]
        hidden = () if keep is None else (self._hidden(keep),)
        kind = (len(queries), bool(hidden))
        # Without a GPU there is nothing to choose, and to say so takes longer than to look.
        gpus = tf.config.list_logical_devices("GPU")
        with tf.device("/CPU:0") if gpus else contextlib.nullcontext():
            tensors = [_shared_tensor(_aligned(array)) for array in (queries, *hidden)]
            if kind not in self._passes:
                traced = compiled(scan.distance_type(self.bits)[0], bool(hidden))
                self._passes[kind] = _flat(traced.get_concrete_function(self._tensor, *tensors))
            (found,) = self._passes[kind](self._tensor, *tensors)
        found = np.asarray(found)  # `numpy()` would copy
        return found.reshape(RUNS, -1, len(queries), LANES)

    @property
    def _num_planes(self):
        return -(-self.bits // 32)

    def _make_room(self, groups):
        shape = (RUNS, _capacity(groups), *self._memory.shape[2:])
        self._memory = _zeros(shape)
        self._tensor = _shared_tensor(self._memory.reshape(-1, *shape[2:]))
        self._passes = {}
        self.rows = 0

    def _copy(self, words, start, stop):
        """Fill the groups of rows `start` to `stop`."""
        groups = self._memory[:, start // GROUP : stop // GROUP]
        for plane in range(self._num_planes):
            halves = np.ascontiguousarray(words[plane // 2, start:stop]).view(np.int32)
            by_run = halves.reshape(-1, LANES, RUNS, RUN, 2)[..., plane % 2]
            groups[:, :, :, plane] = by_run.transpose(2, 0, 3, 1)

    def _hidden(self, keep):
        """The mask in the copy's order: 0, or a value above all distances for hidden rows."""
        dtype, absent = scan.distance_type(self.bits)
        hidden = np.zeros((*self._memory.shape[:3], LANES), dtype)
        by_row = np.where(keep[: self.rows], dtype(0), dtype(absent))
        by_run = by_row.reshape(-1, LANES, RUNS, RUN)
        hidden[:, : len(by_run)] = by_run.transpose(2, 0, 3, 1)
        return hidden.reshape(-1, RUN, LANES)


@functools.cache
def work(bits):
    """Whether the pass can be made here: TensorFlow must be able to compile it."""
    if bits > _MOST_BITS:
        return False
    import tensorflow as tf

    try:
        with tf.device("/CPU:0"):
            tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1))
    except (tf.errors.OpError, ValueError, NotImplementedError):
        return False
    return True


@functools.cache
def compiled(dtype, masked):
    """The pass, with minima of a dtype; compiled once for each shape of its arguments.

    Returns:
        `tf.function` of tiles, int32 `(tiles, 16, planes, 16)`; queries, int32 `(queries,
        planes)`; and if `masked`, hidden rows, `(tiles, 16, 16)` of the dtype. It gives
        `(tiles, queries, 16)` of the dtype.
    """
    import tensorflow as tf

    # Each op is a loop over lanes that the compiler turns into vector instructions, and all of
    # them together are one loop. int32 throughout: minima of narrower numbers cost a conversion
    # for each row. `tf.reduce_min` would be cut in two, with all distances in memory between.
    def minima(tiles, queries, hidden=None):
        smallest = None
        for row in range(RUN):
            distances = tf.zeros((), tf.int32)
            for plane in range(tiles.shape[2]):
                query = queries[None, :, plane, None]
                xor = tf.bitwise.bitwise_xor(tiles[:, row, plane][:, None], query)
                distances += tf.cast(tf.raw_ops.PopulationCount(x=xor), tf.int32)
            if hidden is not None:
                distances = tf.maximum(distances, tf.cast(hidden[:, row][:, None], tf.int32))
            smallest = distances if smallest is None else tf.minimum(smallest, distances)
        return tf.cast(smallest, dtype)

    # An argument left at its default would make every call of the concrete function slow.
    def minima_of_all(tiles, queries):
        return minima(tiles, queries)

    return tf.function(minima if masked else minima_of_all, jit_compile=True, autograph=False)


def _flat(concrete):
    """A concrete function of tensors as a function that returns a sequence of tensors.

    Where TensorFlow has it (2.21 does, and does not document it), without what else a call does:
    for one query that takes long beside the pass.
    """
    flat = getattr(getattr(concrete, "inference_fn", None), "call_flat", None)
    return flat or (lambda *tensors: (concrete(*tensors),))


def _capacity(groups):
    """The next of few sizes, sixteen in each doubling."""
    step = max(1, (1 << (groups - 1).bit_length()) // 32)
    return -(-groups // step) * step


def _zeros(shape):
    """int32 zeros on pages of their own: aligned as TensorFlow wants it, and large if possible."""
    memory = mmap.mmap(-1, 4 * math.prod(shape))
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.int32).reshape(shape)


def _aligned(array):
    """A copy at an address that compiled code takes as it is."""
    memory = np.empty(array.nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _shared_tensor(array):
    """A tensor in the memory of an aligned array, so that new rows are written in place.

    A variable would not do: assigning a slice of it copies the whole on the next read.
    """
    import tensorflow as tf

    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
