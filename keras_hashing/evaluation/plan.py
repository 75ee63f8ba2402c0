"""Which kernel counts the pairs, decided before it runs and stated in the report."""

import dataclasses
import functools

QUERY_TILE = 64
_DATABASE_TILE = 16_384
_STEP = 1_024
# Below so many pairs, a plain loop ends before XLA has compiled its kernel.
_SMALL = 4_000_000
# A tile of fewer queries than this is mostly padding.
_FEW_QUERIES = 8


@dataclasses.dataclass(frozen=True)
class Plan:
    """How histograms are counted.

    Attributes:
        kernel: "numpy", a loop over the queries; or "xla", tiles of 64 queries by
            `database_tile` rows in one graph, whose bin index XLA compiles.
        database_tile: int, rows of one tile.
        multi_hot: bool, labels are words with one bit a class.
    """

    kernel: str
    database_tile: int
    multi_hot: bool

    def __str__(self):
        labels = "multi-hot" if self.multi_hot else "single"
        if self.kernel == "numpy":
            return f"numpy, one query at a time, {labels} labels"
        return f"xla, tiles of {QUERY_TILE} x {self.database_tile}, {labels} labels"


def make_plan(queries, rows, multi_hot):
    """Choose for `queries` queries against `rows` database rows given at a time.

    Rows are split evenly; tiles come in multiples of 1,024 rows up to 16,384, so that few kernels
    are ever compiled and little is padding. Without XLA the NumPy loop serves.
    """
    small = queries < _FEW_QUERIES or queries * rows < _SMALL
    tiles = -(-max(rows, 1) // _DATABASE_TILE)
    tile = -(-max(rows, 1) // (tiles * _STEP)) * _STEP
    return Plan("xla" if not small and xla_works() else "numpy", tile, multi_hot)


@functools.cache
def xla_works():
    """Whether this TensorFlow can compile a function here."""
    import tensorflow as tf

    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1))
    except (tf.errors.OpError, ValueError, NotImplementedError):
        return False
    return True
