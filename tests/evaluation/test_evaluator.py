"""`evaluate` and `Evaluator`: against brute force, under changes that must not matter, refusals."""

import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import codes
from tests import reference


def problem(seed=0, queries=12, rows=300, bits=10, classes=3):
    rng = np.random.default_rng(seed)
    pack = lambda n: codes.pack(rng.choice([-1, 1], (n, bits)).astype("int8"))  # noqa: E731
    return (
        pack(queries),
        rng.integers(0, classes, queries),
        pack(rows),
        rng.integers(0, classes, rows),
    )


def same(one, other):
    one, other = one.to_dict(), other.to_dict()
    assert one == other


def test_index_order_equals_a_stable_sort():
    q, ql, d, dl = problem()
    report = kh.evaluate(q, ql, d, dl, bits=10, at=(1, 50), ties="index")
    distances = codes.hamming(q, d)
    for cutoff, got in ((None, report.map), (1, report.map_at[1]), (50, report.map_at[50])):
        values = []
        for row, label in zip(distances, ql, strict=True):
            ordered = (dl == label)[np.argsort(row, kind="stable")].tolist()
            values.append(float(reference.average_precision(ordered, cutoff, "hits")))
        assert got == pytest.approx(np.mean(values), abs=1e-12)
    assert report.map_worst <= report.map <= report.map_best
    assert report.ties == "index"


def test_expected_lies_between_and_equals_the_mean_of_shuffles():
    q, ql, d, dl = problem(rows=60, bits=4)
    report = kh.evaluate(q, ql, d, dl, bits=4, at=(20,))
    rng = np.random.default_rng(1)
    shuffled = []
    for _ in range(400):
        order = rng.permutation(60)
        shuffled.append(kh.evaluate(q, ql, d[order], dl[order], bits=4, at=(20,), ties="index"))
    for name in ("map", "map_at_hits", "map_at_min", "precision_at", "recall_at"):
        values = [getattr(r, name) for r in shuffled]
        expected = getattr(report, name)
        if isinstance(expected, dict):
            values, expected = [v[20] for v in values], expected[20]
        assert expected == pytest.approx(np.mean(values), abs=5 * np.std(values) / 20 + 1e-12)


def test_radius_and_curve():
    q = np.array([[0b0000], [0b1111]], np.uint8)
    d = np.array([[0b0000], [0b0001], [0b0011], [0b0111]], np.uint8)
    report = kh.evaluate(q, [0, 1], d, [0, 1, 0, 1], bits=4, radius=1)
    # Query 0 finds items 0 and 1, one relevant; query 1 finds item 3, which is relevant.
    assert report.precision_radius == pytest.approx((1 / 2 + 1) / 2)
    assert report.recall_radius == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert report.empty_radius == 0
    np.testing.assert_allclose(report.pr_curve["recall"], [0.25, 0.5, 0.75, 1, 1])
    # Radius 2: 2 of 3 and 1 of 2 items; radius 3: 2 of 4 and 2 of 3.
    np.testing.assert_allclose(report.pr_curve["precision"], [1 / 2, 3 / 4, 7 / 12, 7 / 12, 1 / 2])
    assert kh.evaluate(q, [0, 1], d, [0, 1, 0, 1], bits=4, radius=0).empty_radius == 0.5
    assert report.distances["relevant"].sum() == 4


@pytest.mark.parametrize("rows", [300, 70_000])
def test_what_must_not_matter(rows):
    q, ql, d, dl = problem(queries=65, rows=rows)
    report = kh.evaluate(q, ql, d, dl, bits=10, at=(7, 100))
    rng = np.random.default_rng(5)
    mask = codes.pack(rng.choice([-1, 1], (1, 10)).astype("int8"))
    same(report, kh.evaluate(q ^ mask, ql, d ^ mask, dl, bits=10, at=(7, 100)))
    order = rng.permutation(rows)
    same(report, kh.evaluate(q, ql, d[order], dl[order], bits=10, at=(7, 100)))
    turn = rng.permutation(10)
    moved = [codes.pack(codes.unpack(x, 10)[:, turn]) for x in (q, d)]
    same(report, kh.evaluate(moved[0], ql, moved[1], dl, bits=10, at=(7, 100)))
    same(report, kh.evaluate(q, ql + 40, d, dl + 40, bits=10, at=(7, 100)))
    hot = np.eye(3, dtype=bool)
    same(report, kh.evaluate(q, hot[ql], d, hot[dl], bits=10, at=(7, 100)))


def test_every_row_twice_changes_nothing_within_a_radius():
    q, ql, d, dl = problem(queries=65, rows=5000)
    report = kh.evaluate(q, ql, d, dl, bits=10, at=(100,))
    twice = kh.evaluate(q, ql, np.tile(d, (2, 1)), np.tile(dl, 2), bits=10, at=(200,))
    for name in ("precision_radius", "recall_radius", "empty_radius"):
        assert getattr(twice, name) == getattr(report, name)
    for name, values in report.pr_curve.items():
        np.testing.assert_array_equal(twice.pr_curve[name], values)
    assert twice.precision_at[200] == pytest.approx(report.precision_at[100], abs=1e-12)
    assert twice.recall_at[200] == pytest.approx(report.recall_at[100], abs=1e-12)
    np.testing.assert_array_equal(twice.distances["relevant"], 2 * report.distances["relevant"])


@pytest.mark.parametrize("labels", ["single", "multi-hot"])
def test_equals_a_slow_reference(labels):
    # Trained-like codes, so that buckets are large and distinct rows few.
    rng = np.random.default_rng(4)
    classes = rng.integers(0, 6, 50), rng.integers(0, 6, 5000)
    centres = rng.choice([-1, 1], (6, 16))
    flips = [np.where(rng.random((len(c), 16)) < 0.1, -1, 1) for c in classes]
    q, d = (
        codes.pack((centres[c] * f).astype("int8")) for c, f in zip(classes, flips, strict=True)
    )
    if labels == "multi-hot":
        classes = [np.eye(6, dtype=bool)[c] | (rng.random((len(c), 6)) < 0.2) for c in classes]
    report = kh.evaluate(q, classes[0], d, classes[1], bits=16, at=(1, 700))
    assert (
        "distinct rows"
        in kh.evaluate(
            np.tile(q, (20, 1)), np.concatenate([classes[0]] * 20), d, classes[1], bits=16
        ).plan
    )
    distances = codes.hamming(q, d).tolist()
    if labels == "single":
        grades = (classes[0][:, None] == classes[1]).astype(int)
    else:
        grades = classes[0].astype(int) @ classes[1].T.astype(int)
    rows = list(zip(distances, grades.tolist(), strict=True))

    def mean(value):
        return np.mean([value(row, grade) for row, grade in rows])

    def expected(cutoff=None, denominator="total"):
        return mean(
            lambda row, grade: reference.expected_average_precision(
                row, [g > 0 for g in grade], cutoff, denominator
            )
        )

    close = {"abs": 1e-12}
    assert report.map == pytest.approx(expected(), **close)
    for cutoff in (1, 700):
        for name in ("hits", "min", "total"):
            found = getattr(report, f"map_at_{name}")[cutoff]
            assert found == pytest.approx(expected(cutoff, name), **close)
        found = report.ndcg_at[cutoff]
        assert found == pytest.approx(mean(lambda r, g: expected_ndcg(r, g, cutoff)), **close)  # noqa: B023
    assert report.ndcg == pytest.approx(mean(expected_ndcg), **close)
    within = [[g > 0 for d, g in zip(*row, strict=True) if d <= 2] for row in rows]
    precision = np.mean([np.mean(hits) if hits else 0 for hits in within])
    assert report.precision_radius == pytest.approx(precision, **close)


def expected_ndcg(distances, grades, cutoff=None):
    """Each rank has the mean gain of its distance."""
    gains = 2.0 ** np.array(grades) - 1
    order = np.argsort(distances, kind="stable")
    ranked = np.array(distances)[order]
    means = {at: gains[order][ranked == at].mean() for at in set(distances)}
    discounts = 1 / np.log2(np.arange(2, len(grades) + 2))
    found = np.array([means[at] for at in ranked]) * discounts
    ideal = np.sort(gains)[::-1] * discounts
    return found[:cutoff].sum() / ideal[:cutoff].sum()


def test_shards_merged_equal_the_whole():
    q, ql, d, dl = problem(rows=1000)
    whole = kh.evaluate(q, ql, d, dl, bits=10, at=(30,))
    shards = []
    for part in np.array_split(np.arange(1000), 7):
        evaluator = kh.Evaluator(q, ql, bits=10, at=(30,))
        evaluator.update(d[part], dl[part])
        shards.append(evaluator)
    first, *others = shards
    for other in others:
        first.merge(other)
    same(first.result(), whole)
    streamed = kh.Evaluator(q, ql, bits=10, at=(30,))
    for part in np.array_split(np.arange(1000), 3):
        streamed.update(d[part], dl[part])
    same(streamed.result(), whole)
    with pytest.raises(ValueError, match="only evaluators of the same queries"):
        first.merge(kh.Evaluator(q[:3], ql[:3], bits=10))


@pytest.mark.parametrize("ties", ["expected", "index"])
def test_a_querys_own_item_is_left_out(ties):
    _, _, d, dl = problem(rows=80)
    ids = np.array([f"image_{i}" for i in range(80)])
    settings = {"bits": 10, "at": (10,), "ties": ties, "exclude_self": True}
    report = kh.evaluate(d, dl, d, dl, query_ids=ids, database_ids=ids, **settings)
    single = []
    for i in range(80):
        rest = np.arange(80) != i
        one = slice(i, i + 1)
        single.append(kh.evaluate(d[one], dl[one], d[rest], dl[rest], bits=10, at=(10,), ties=ties))
    assert report.map == pytest.approx(np.mean([r.map for r in single]), abs=1e-12)
    assert report.map_at[10] == pytest.approx(np.mean([r.map_at[10] for r in single]), abs=1e-12)


def test_queries_with_nothing_relevant_are_left_out_and_counted():
    q, ql, d, dl = problem()
    strange = np.concatenate([ql, [9]])
    codes_with = np.concatenate([q, q[:1]])
    report = kh.evaluate(codes_with, strange, d, dl, bits=10)
    assert report.queries_without_relevant == 1
    assert report.map == pytest.approx(kh.evaluate(q, ql, d, dl, bits=10).map, abs=1e-15)


def test_a_cutoff_above_the_database_becomes_its_size():
    q, ql, d, dl = problem()
    report = kh.evaluate(q, ql, d, dl, bits=10, at=(1000,))
    assert report.notes == ("cutoff 1000 is above the database's size and became 300",)
    assert report.map_at_min[1000] == pytest.approx(report.map, abs=1e-12)
    assert report.recall_at[1000] == pytest.approx(1)


def test_denominators_and_names():
    q, ql, d, dl = problem()
    report = kh.evaluate(q, ql, d, dl, bits=10, at=(5,), denominator="total")
    assert report.map_at == report.map_at_total
    assert report.map_at_total[5] <= report.map_at_min[5] <= report.map_at_hits[5]
    assert {"map@5(hits)", "map@5(min)", "map@5(total)", "map(expected)", "map(best)"} <= set(
        report.to_dict()
    )


def test_curve_by_rank():
    q, ql, d, dl = problem(rows=60, bits=4)
    curve = kh.evaluate(q, ql, d, dl, bits=4).rank_curve
    assert curve["rank"][0] == 1 and curve["rank"][-1] == 60
    at = tuple(curve["rank"].tolist())
    report = kh.evaluate(q, ql, d, dl, bits=4, at=at)
    np.testing.assert_allclose(curve["precision"], [report.precision_at[n] for n in at])
    np.testing.assert_allclose(curve["recall"], [report.recall_at[n] for n in at])
    assert curve["recall"][-1] == 1


def test_codes_of_one_bit():
    report = kh.evaluate(
        np.array([[0]], np.uint8), [0], np.array([[0], [1]], np.uint8), [0, 0], bits=1
    )
    assert (report.map, report.radius, report.precision_radius) == (1, 1, 1)


# Index order of the worked table: distances, relevance, AP over all; cutoff, hits, min, total.
INDEX_ORDER = {
    "B": ("00", "10", 1, (1, 1, 1, 1)),
    "C": ("111", "010", 1 / 2, (2, 1 / 2, 1 / 2, 1 / 2)),
    "D": ("0112", "1101", 11 / 12, (2, 1, 1, 2 / 3)),
    "E": ("001112", "100110", 7 / 10, (4, 3 / 4, 1 / 2, 1 / 2)),
    "F": ("2222", "1100", 1, (3, 1, 1, 1)),
    "G": ("0111", "1001", 3 / 4, (2, 1, 1 / 2, 1 / 2)),
    "H": ("312132", "110011", 83 / 120, (3, 1, 1 / 3, 1 / 4)),
    "K": ("00005", "00001", 1 / 5, (4, 0, 0, 0)),
    "L": ("111111", "000111", 23 / 60, (2, 0, 0, 0)),
}


@pytest.mark.parametrize("case", INDEX_ORDER)
def test_worked_table_in_index_order(case):
    distances, relevant, whole, (cutoff, hits, smaller, total) = INDEX_ORDER[case]
    d = np.array([[2 ** int(distance) - 1] for distance in distances], np.uint8)
    dl = [1 - int(value) for value in relevant]
    report = kh.evaluate(np.array([[0]], np.uint8), [0], d, dl, at=(cutoff,), ties="index")
    found = (report.map, report.map_at_hits, report.map_at_min, report.map_at_total)
    assert found[0] == pytest.approx(whole, abs=1e-12)
    for values, value in zip(found[1:], (hits, smaller, total), strict=True):
        assert values[cutoff] == pytest.approx(value, abs=1e-12)


def bad(message, error=ValueError, **changes):
    q, ql, d, dl = problem()
    arguments = {
        "query_codes": q,
        "query_labels": ql,
        "database_codes": d,
        "database_labels": dl,
        "bits": 10,
        **changes,
    }
    with pytest.raises(error, match=message):
        kh.evaluate(**arguments)


def test_bad_input():
    q, ql, d, dl = problem()
    bad("must be packed codes of dtype uint8", TypeError, query_codes=q.astype(float))
    bad("must be 2 byte.s. wide for 10 bits", database_codes=d[:, :1])
    bad("padding must be 0", database_codes=d | 128)
    bad("must have one row for each of 12 items; got 11", query_labels=ql[:-1])
    bad("must have one row for each of 300 items", database_labels=dl[1:])
    bad("must be at least 0; got -1", database_labels=dl - 1)
    bad("must be whole numbers", database_labels=np.where(dl == 0, np.nan, dl))
    bad("must both be single labels", database_labels=np.eye(3)[dl])
    for ties in ("expected", "index"):
        none = {"database_codes": d[:0], "database_labels": dl[:0], "ties": ties}
        bad("the database is empty", **none)
        itself = {"exclude_self": True, "query_ids": np.arange(12), "database_ids": []}
        bad("the database is empty", **none, **itself)
    bad("`query_codes` is empty", query_codes=q[:0], query_labels=ql[:0])
    bad("`at` must be at least 1; got 0", at=(0,))
    bad("`at` must be at least 1; got 0", at=0)
    bad("`at` must be a sequence of whole numbers; got True", TypeError, at=True)
    bad("`at` must be a sequence of whole numbers; got 10.0", TypeError, at=10.0)
    bad("`without_relevant` got the unknown value 'nan'", without_relevant="nan")
    bad(
        "must both be whole numbers, or both strings; got dtypes <U2 and int64",
        TypeError,
        exclude_self=True,
        query_ids=[str(i) for i in range(12)],
        database_ids=np.arange(300),
    )
    bad("`radius` must be between 0 and 10; got 11", radius=11)
    bad("`ties` got the unknown value", ties="random")
    bad("`denominator` got the unknown value", denominator="all")
    bad("`bits` must be between 1", bits=0)
    bad("needs `query_ids`", exclude_self=True)
    bad("needs the database's ids", exclude_self=True, query_ids=np.arange(12))
    bad("no query has anything relevant", query_labels=ql + 5)
    bad(
        "must be unique",
        exclude_self=True,
        query_ids=np.arange(12),
        database_ids=np.zeros(300, int),
    )


@pytest.mark.parametrize(
    ("query_ids", "database_ids", "words"),
    [
        (["a/0.jpg"], ["0.jpg", "1.jpg"], "a query's is 'a/0.jpg', an item's '0.jpg'"),
        ([7], [1, 2], "a query's is 7, an item's 1"),
    ],
)
def test_own_items_of_which_none_is_found_are_an_error(query_ids, database_ids, words):
    code = np.array([[0]], np.uint8)
    evaluator, other = (
        kh.Evaluator(code, [0], query_ids=query_ids, exclude_self=True) for _ in range(2)
    )
    for number in range(2):
        evaluator.update(code + number, [0], database_ids[number : number + 1])
    for one in (evaluator, other.merge(evaluator)):
        with pytest.raises(ValueError, match="found none of the 1 queries' ids") as error:
            one.result()
        assert words in str(error.value)


def test_own_items_are_counted_over_parts_and_merges():
    q, ql, d, dl = problem()
    names = np.array([f"{i}.jpg" for i in range(300)])
    queries = np.concatenate([names[:10], ["x.jpg", "y.jpg"]]).astype("S")  # bytes meet strs

    def counted(*parts):
        evaluator = kh.Evaluator(q, ql, bits=10, query_ids=queries, exclude_self=True)
        for part in parts:
            evaluator.update(d[part], dl[part], names[part])
        return evaluator

    whole = counted(slice(None)).result()
    assert whole.own_left_out == whole.to_dict()["own_left_out"] == 10
    note = "own items left out: 10 of 12; the others' ids are not there"
    assert whole.notes == (note,)
    # A part without any own item is no error by itself.
    same(counted(slice(200, None)).merge(counted(slice(0, 5), slice(5, 200))).result(), whole)
    assert kh.evaluate(q, ql, d, dl, bits=10).own_left_out == 0


def test_settings_are_named():
    q, ql, _, _ = problem()
    with pytest.raises(TypeError, match="positional"):
        kh.Evaluator(q, ql, 10)


def test_an_id_that_comes_in_two_parts_is_refused_and_not_counted():
    q, ql, d, dl = problem()
    ids = np.arange(300)

    def fresh(query_ids=ids[:12]):
        return kh.Evaluator(q, ql, bits=10, query_ids=query_ids, exclude_self=True)

    one = fresh()
    one.update(d, dl, ids)
    before = one.result().map
    with pytest.raises(ValueError, match="unique over all parts; 0 came before. Give"):
        one.update(d[:5], dl[:5], ids[:5])
    other = fresh()
    other.update(d[3:4], dl[3:4], ids[3:4])
    with pytest.raises(ValueError, match="unique over all parts; 3 came before"):
        one.merge(other)
    with pytest.raises(ValueError, match="merge only with equal `query_ids`"):
        one.merge(fresh(ids[12:24]))
    assert one.rows == 300
    assert one.result().map == before


def test_more_classes_than_a_code_has_bits():
    q, ql, d, dl = problem()
    wide = np.zeros((3, 5_000), bool)
    wide[[0, 1, 2], [0, 63, 4_999]] = True
    found = kh.evaluate(q, wide[ql], d, wide[dl], bits=10).map
    assert found == kh.evaluate(q, ql, d, dl, bits=10).map
