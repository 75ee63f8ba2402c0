"""The plan's rules; that both kernels agree is tested with the kernels."""

import pytest

from keras_hashing.evaluation import plan


@pytest.mark.parametrize(
    ("queries", "rows", "kernel", "tile"),
    [
        (10, 100, "numpy", 1024),
        (5, 10_000_000, "numpy", 16_384),  # too few queries to fill a tile
        (1000, 54_000, "xla", 14_336),  # four even tiles: 57,344 rows, not 65,536
        (100_000, 1_500, "xla", 2_048),
        (1000, 16_385, "xla", 9_216),
    ],
)
def test_rules(queries, rows, kernel, tile):
    made = plan.make_plan(queries, rows, multi_hot=False)
    assert (made.kernel, made.database_tile) == (kernel, tile)
    assert made.database_tile % 1024 == 0


def test_without_xla_the_loop_serves(monkeypatch):
    monkeypatch.setattr(plan, "xla_works", lambda: False)
    assert plan.make_plan(1000, 54_000, True).kernel == "numpy"


def test_it_says_what_was_chosen():
    assert str(plan.Plan("xla", 2048, True)) == "xla, tiles of 64 x 2048, multi-hot labels"
    assert str(plan.Plan("numpy", 1024, False)) == "numpy, one query at a time, single labels"
