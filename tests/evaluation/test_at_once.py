"""`evaluate`: queries with nothing relevant, each query's figures, ties in order, peers."""

import numpy as np
import pytest

import keras_hashing as kh
from benchmarks import peers
from keras_hashing import codes
from tests import reference

BITS = 4


def problem(seed=0, queries=9, items=40, classes=3, multi_hot=False):
    """Codes with many ties; the last query's class is in no item, and its code stands twice."""
    rng = np.random.default_rng(seed)
    sides = [rng.integers(0, 2**BITS, (n, 1), dtype=np.uint8) for n in (queries, items)]
    sides[0][-1] = sides[0][0]
    if multi_hot:
        labels = [rng.random((n, classes + 1)) < 0.4 for n in (queries, items)]
        for one in labels:
            one[:, -1] = False
        labels[0][-1] = np.arange(classes + 1) == classes
        labels[0][0, 0] = labels[1][0, 0] = True
    else:
        labels = [rng.integers(0, classes, n) for n in (queries, items)]
        labels[0][-1] = 99
    return sides[0], labels[0], sides[1], labels[1]


@pytest.mark.parametrize("ties", ["expected", "index"])
@pytest.mark.parametrize("multi_hot", [False, True])
def test_queries_with_nothing_relevant_count_as_0_in_every_mean(multi_hot, ties):
    q, ql, d, dl = problem(multi_hot=multi_hot)
    settings = {"bits": BITS, "at": (1, 5, 40), "ties": ties}
    left_out = kh.evaluate(q, ql, d, dl, **settings)
    zero = kh.evaluate(q, ql, d, dl, **settings, without_relevant="zero")
    missing = left_out.queries_without_relevant
    assert missing == zero.queries_without_relevant >= 1
    assert (left_out.without_relevant, zero.without_relevant) == ("left out", "zero")
    share = (9 - missing) / 9
    counted = 0
    for name, value in left_out.to_dict().items():
        if ("(" in name or "@" in name) and not name.startswith("empty"):
            assert zero.to_dict()[name] == pytest.approx(share * value, abs=1e-14), name
            counted += 1
    assert counted > 30
    for curve in ("pr_curve", "rank_curve"):
        for side in ("precision", "recall"):
            wanted = share * getattr(left_out, curve)[side]
            np.testing.assert_allclose(getattr(zero, curve)[side], wanted, atol=1e-14)
    # The share of queries that find nothing is a fact about all that count.
    balls = (codes.hamming(q, d) <= 2).any(axis=1)
    assert zero.empty_radius == pytest.approx(1 - balls.mean())
    assert sum(pairs.sum() for pairs in zero.distances.values()) == 9 * 40


def test_no_query_with_anything_relevant():
    q, _, d, dl = problem()
    report = kh.evaluate(q, np.full(9, 99), d, dl, bits=BITS, at=5, without_relevant="zero")
    named = report.to_dict()
    scores = [name for name in named if "(" in name or ("@" in name and "empty" not in name)]
    assert {named[name] for name in scores} == {0.0}
    assert report.per_query.tolist() == [0.0] * 9
    with pytest.raises(ValueError, match="no query has anything relevant"):
        kh.evaluate(q, np.full(9, 99), d, dl, bits=BITS)


def test_a_database_of_the_query_alone():
    settings = {"query_ids": [5], "database_ids": [5], "exclude_self": True}
    one = np.array([[0]], np.uint8)
    for ties in ("expected", "index"):
        report = kh.evaluate(
            one, [0], one, [0], at=(1,), ties=ties, without_relevant="zero", **settings
        )
        assert (report.map, report.precision_at, report.recall_at) == (0, {1: 0}, {1: 0})
    with pytest.raises(ValueError, match="no query has anything relevant"):
        kh.evaluate(one, [0], one, [0], **settings)


@pytest.mark.parametrize("ties", ["expected", "index"])
@pytest.mark.parametrize("denominator", ["hits", "min", "total"])
def test_each_querys_figures(denominator, ties):
    q, ql, d, dl = problem()
    settings = {"bits": BITS, "at": (3, 20), "ties": ties, "denominator": denominator}
    report = kh.evaluate(q, ql, d, dl, **settings)
    assert report.per_query.shape == (9,) and report.per_query.dtype == np.float64
    assert np.isnan(report.per_query).tolist() == (ql == 99).tolist()
    for number in range(8):
        one = slice(number, number + 1)
        alone = kh.evaluate(q[one], ql[one], d, dl, **settings)
        assert report.per_query[number] == pytest.approx(alone.map, abs=1e-14)
        for cutoff in (3, 20):
            found = report.per_query_at[cutoff][number]
            assert found == pytest.approx(alone.map_at[cutoff], abs=1e-14)
    assert report.per_query[ql != 99].mean() == report.map
    zero = kh.evaluate(q, ql, d, dl, **settings, without_relevant="zero")
    assert zero.per_query.mean() == zero.map and zero.per_query[-1] == 0
    assert {k: values.mean() for k, values in zero.per_query_at.items()} == zero.map_at


@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_all_figures_in_index_order(seed, multi_hot):
    q, ql, d, dl = problem(seed, multi_hot=multi_hot)
    report = kh.evaluate(q, ql, d, dl, bits=BITS, at=(1, 7), ties="index")
    shared = ql.astype(int) @ dl.T.astype(int) if multi_hot else (ql[:, None] == dl).astype(int)
    orders = np.argsort(codes.hamming(q, d), axis=1, kind="stable")
    ranked = [row.tolist() for row in np.take_along_axis(shared, orders, axis=1) if row.any()]

    def mean(value):
        return pytest.approx(float(sum(map(value, ranked)) / len(ranked)), abs=1e-12)

    def hits(row):
        return [grade > 0 for grade in row]

    assert report.map_at_r == mean(lambda r: reference.map_at_r_and_r_precision(hits(r))[0])
    assert report.r_precision == mean(lambda r: reference.map_at_r_and_r_precision(hits(r))[1])
    assert report.weighted_map == mean(reference.weighted_average_precision)
    for k in (1, 7):
        weighted, gains = reference.weighted_average_precision, reference.average_cumulative_gain
        assert report.hit_rate_at[k] == mean(lambda r, k=k: any(r[:k]))
        assert report.acg_at[k] == mean(lambda r, k=k, f=gains: f(r, k))
        assert report.weighted_map_at[k] == mean(lambda r, k=k, f=weighted: f(r, k))


def test_single_labels_make_graded_figures_plain():
    q, ql, d, dl = problem()
    report = kh.evaluate(q, ql, d, dl, bits=BITS, at=(1, 9))
    assert report.weighted_map == report.map and report.acg_at == report.precision_at
    assert report.weighted_map_at == report.map_at_hits
    assert report.ndcg_linear_at == report.ndcg_at


def test_one_cutoff_is_an_int():
    q, ql, d, dl = problem()
    one, many = (kh.evaluate(q, ql, d, dl, bits=BITS, at=at) for at in (10, (10,)))
    assert one.to_dict() == many.to_dict()
    assert kh.evaluate(q, ql, d, dl, bits=BITS, at=np.int64(10)).map_at == one.map_at


def test_settings_are_named():
    with pytest.raises(TypeError, match="positional"):
        kh.evaluate(*problem(), BITS)


def test_queries_that_are_counted_once_have_each_their_figure():
    q, ql, d, dl = problem()
    plain = kh.evaluate(q, ql, d, dl, bits=BITS, at=5, without_relevant="zero")
    many = [np.tile(q, (300, 1)), np.tile(ql, 300), np.tile(d, (100, 1)), np.tile(dl, 100)]
    report = kh.evaluate(*many, bits=BITS, at=500, without_relevant="zero")
    assert "weighted" in report.plan
    again = kh.evaluate(q, ql, *many[2:], bits=BITS, at=500, without_relevant="zero")
    np.testing.assert_allclose(report.per_query, np.tile(again.per_query, 300), atol=1e-15)
    assert report.precision_at[500] == pytest.approx(plain.precision_at[5], abs=1e-14)


@pytest.mark.parametrize("form", peers.FORMS)
@pytest.mark.parametrize("peer", peers.PEERS)
def test_other_projects_figures(peer, form):
    assert peers.largest_difference(peer, form, range(6)) < peers.TOLERANCE


@pytest.mark.parametrize("peer", ["DeepHash-pytorch", "HashNet"])
def test_other_projects_by_hand(peer):
    # Ranks of the relevant items: 1 and 3; 4 alone; none. topk 3.
    signs = np.array([[1, 1, 1]])
    items = np.array([[1, 1, 1], [1, 1, -1], [1, -1, -1], [-1, -1, -1]])
    labels = np.array([[1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]])
    queries = np.eye(3, dtype=int)
    found = reference.peer_map(peer, np.repeat(signs, 3, axis=0), queries, items, labels, 3)
    first = (1 + 2 / 3) / 2
    assert found == pytest.approx(first / 3 if peer == "DeepHash-pytorch" else first)
