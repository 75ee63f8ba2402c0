"""Which kernel counts the pairs, decided before it runs and stated in the report."""

import dataclasses
import functools

QUERY_TILE = 64
_TILE, _STEP = 16_384, 1_024
_LONG_TILE, _LONG_STEP = 65_536, 2_048
# Below so many pairs, a plain loop ends before XLA has compiled its kernel.
_SMALL = 4_000_000
# A tile of fewer queries than this is mostly padding.
_FEW_QUERIES = 8
# Cost of a pair beside one with one row a bin, measured from 12 to 128 bits, 20,000 rows and more.
_WEIGHTED = 1.25
_PAIRED = 0.5
_OWN = 1.15  # of a row among those of the queries' classes, beside the half bin
_BIN = 3.0  # of each bin of two distances: it is cleared and summed for every query and tile


@dataclasses.dataclass(frozen=True)
class Plan:
    """How pairs are counted.

    Attributes:
        kernel: "loop", NumPy, a query at a time; "grades", tiles of 64 queries by
            `database_tile` rows in one graph, whose bins XLA compiles; or "pairs", the same
            with two rows a bin, and relevant items among the rows of the queries' classes.
        database_tile: int, rows of one tile.
        weighted: bool, distinct rows are counted once, with weights.
        queries, rows: int, how many are counted.
    """

    kernel: str
    database_tile: int
    weighted: bool
    queries: int
    rows: int

    def __str__(self):
        if self.kernel == "loop":
            how = "numpy, one query at a time"
        else:
            by = "two rows a bin" if self.kernel == "pairs" else "one row a bin"
            how = f"xla, tiles of {QUERY_TILE} x {self.database_tile}, {by}"
        what = f"{self.queries} x {self.rows}"
        return f"{how}; {what} distinct rows, weighted" if self.weighted else f"{how}; {what} rows"


def make_plan(queries, rows, bits, own_share=1.0, distinct=None):
    """The cheapest plan for `queries` queries against `rows` database rows given at a time.

    Args:
        queries, rows: int.
        bits: int.
        own_share: float in (0, 1], share of the rows in which a tile of sorted queries finds all
            that is relevant; 1 for multi-hot labels.
        distinct: optional tuple of int, distinct queries and rows where that was counted.

    Returns:
        `Plan`. Without XLA, and for few pairs or queries, the NumPy loop serves.
    """
    small = queries < _FEW_QUERIES or queries * rows < _SMALL
    if small or not xla_works():
        return Plan("loop", _TILE, False, queries, rows)
    plans = {1.0: Plan("grades", _tile(rows, _TILE, _STEP), False, queries, rows)}
    long_tile = _tile(rows, _LONG_TILE, _LONG_STEP)
    paired = _PAIRED + _OWN * own_share + _BIN * (bits + 1) ** 2 / long_tile
    plans[paired] = Plan("pairs", long_tile, False, queries, rows)
    if distinct is not None:
        share = distinct[0] * distinct[1] / (queries * rows)
        tile = _tile(distinct[1], _TILE, _STEP)
        plans[_WEIGHTED * share] = Plan("grades", tile, True, *distinct)
    return plans[min(plans)]


def _tile(rows, largest, step):
    """Rows split evenly, in steps: few kernels are ever compiled, and little is padding."""
    tiles = -(-rows // largest)
    return -(-rows // (tiles * step)) * step


@functools.cache
def xla_works():
    """Whether this TensorFlow can compile a function here."""
    import tensorflow as tf

    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1))
    except (tf.errors.OpError, ValueError, NotImplementedError):
        return False
    return True
