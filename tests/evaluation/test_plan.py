"""The plan's rules; that all kernels agree is tested with the kernels."""

import pytest

from keras_hashing.evaluation import plan


@pytest.mark.parametrize(
    ("queries", "rows", "bits", "own_share", "kernel", "tile"),
    [
        (10, 100, 48, 0.1, "loop", 16_384),
        (5, 10_000_000, 48, 0.1, "loop", 16_384),  # too few queries to fill a tile
        (1000, 54_000, 48, 1.0, "grades", 14_336),  # four even tiles: 57,344 rows, not 65,536
        (1000, 54_000, 48, 0.15, "pairs", 55_296),
        (1000, 54_000, 128, 0.15, "grades", 14_336),  # 129 x 129 bins cost more than they save
        (1000, 8_000, 48, 0.15, "grades", 8_192),  # so do 49 x 49 for few rows
        (1000, 131_073, 48, 0.15, "pairs", 45_056),  # three even tiles
        (100_000, 1_500, 48, 1.0, "grades", 2_048),
        (1000, 16_385, 48, 1.0, "grades", 9_216),
    ],
)
def test_rules(queries, rows, bits, own_share, kernel, tile):
    made = plan.make_plan(queries, rows, bits, own_share)
    assert (made.kernel, made.database_tile, made.weighted) == (kernel, tile, False)
    assert (made.queries, made.rows) == (queries, rows)


@pytest.mark.parametrize(
    ("distinct", "weighted"), [((746, 25_427), True), ((990, 53_000), False), ((1000, 1), True)]
)
def test_distinct_rows_are_weighted_where_that_costs_less(distinct, weighted):
    made = plan.make_plan(1000, 54_000, 48, 0.15, distinct)
    assert made.weighted is weighted
    if weighted:
        assert (made.kernel, made.queries, made.rows) == ("grades", *distinct)


def test_without_xla_the_loop_serves(monkeypatch):
    monkeypatch.setattr(plan, "xla_works", lambda: False)
    assert plan.make_plan(1000, 54_000, 48).kernel == "loop"


def test_it_says_what_was_chosen():
    assert str(plan.make_plan(10, 100, 8)) == "numpy, one query at a time; 10 x 100 rows"
    paired = plan.make_plan(1000, 54_000, 48, 0.15)
    assert str(paired) == "xla, tiles of 64 x 55296, two rows a bin; 1000 x 54000 rows"
    weighted = plan.make_plan(1000, 54_000, 48, 0.15, (7, 200))
    assert str(weighted) == (
        "xla, tiles of 64 x 1024, one row a bin; 7 x 200 distinct rows, weighted"
    )
