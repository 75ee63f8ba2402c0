"""All counting kernels against a loop over all pairs, at awkward sizes."""

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.evaluation import histograms as module
from keras_hashing.evaluation.histograms import Rows, histograms, run
from keras_hashing.evaluation.plan import Plan


def loop(queries, database, bits, grades):
    """Counts by the definition, from single bits."""
    counts = np.zeros((len(queries), grades, bits + 1), int)
    for i in range(len(queries)):
        for j in range(len(database)):
            xor = queries.words[i].view(np.uint64) ^ database.words[j].view(np.uint64)
            distance = sum(int(word).bit_count() for word in xor)
            one, other = queries.labels[i].view(np.uint64), database.labels[j].view(np.uint64)
            if queries.multi_hot:
                grade = sum(int(word).bit_count() for word in one & other)
            else:
                grade = int(one[0] == other[0])
            counts[i, grade, distance] += 1
    return counts


def rows(rng, n, bits, labels, distinct=None):
    """Random rows of `bits` bits, of `distinct` kinds; labels are int `(n,)` or bool rows."""
    signs = rng.choice([-1, 1], (distinct or n, bits)).astype("int8")
    packed = codes.pack(signs[rng.integers(0, len(signs), n)] if distinct else signs)
    words = codes.words(packed).view(np.int64)
    if labels.ndim == 1:
        return Rows(words, labels.astype(np.int64)[:, None], False)
    label_words = codes.words(np.packbits(labels, axis=1, bitorder="little")).view(np.int64)
    return Rows(words, label_words, True)


def plan(kernel, tile=1024, weighted=False):
    return Plan(kernel, tile, weighted, 0, 0)


@pytest.mark.parametrize("kernel", ["loop", "grades", "pairs"])
@pytest.mark.parametrize("bits", [1, 7, 48, 64, 65, 130])
def test_single_labels(kernel, bits):
    rng = np.random.default_rng(bits)
    queries = rows(rng, 67, bits, rng.integers(0, 4, 67))
    database_labels = rng.integers(-1, 4, 1100)
    database = rows(rng, 1100, bits, database_labels, None if bits < 64 else 20)
    found = run(plan(kernel), queries, database, bits, 2)
    np.testing.assert_array_equal(found, loop(queries, database, bits, 2))


@pytest.mark.parametrize("kernel", ["loop", "grades"])
@pytest.mark.parametrize("classes", [2, 21, 70])
def test_multi_hot_labels(kernel, classes):
    rng = np.random.default_rng(classes)
    queries = rows(rng, 5, 20, rng.random((5, classes)) < 0.2)
    database = rows(rng, 300, 20, rng.random((300, classes)) < 0.2)
    found = run(plan(kernel), queries, database, 20, classes + 1)
    np.testing.assert_array_equal(found, loop(queries, database, 20, classes + 1))
    assert classes == 2 or found[:, 2:].any()


@pytest.mark.parametrize("classes", [1, 3, 150, 5000])
def test_classes_that_end_in_the_middle_of_a_tile(classes):
    # Tiles of 2,048 rows, and steps of 2,048 rows in the own classes, end inside classes.
    rng = np.random.default_rng(classes)
    queries = rows(rng, 130, 12, rng.integers(0, classes, 130))
    database = rows(rng, 5000, 12, rng.integers(-1, classes, 5000))
    found = run(plan("pairs", 2048), queries, database, 12, 2)
    np.testing.assert_array_equal(found, run(plan("loop"), queries, database, 12, 2))


@pytest.mark.parametrize("multi_hot", [False, True])
def test_distinct_rows_with_weights_count_as_all_rows(multi_hot, monkeypatch):
    monkeypatch.setattr("keras_hashing.evaluation.plan._SMALL", 1000)
    rng = np.random.default_rng(3)

    def labels(n):
        return rng.random((n, 9)) < 0.2 if multi_hot else rng.integers(0, 9, n)

    queries = rows(rng, 90, 6, labels(90), 20)
    database = rows(rng, 4000, 6, labels(4000), 20)
    found, made = histograms(queries, database, 6, 10)
    assert made.weighted and made.rows < 4000
    np.testing.assert_array_equal(found, run(plan("loop"), queries, database, 6, 10))


def test_labels_belong_to_what_makes_rows_equal(monkeypatch):
    monkeypatch.setattr("keras_hashing.evaluation.plan._SMALL", 1000)
    queries = Rows(np.zeros((70, 1), np.int64), np.arange(70)[:, None] % 2, False)
    database = Rows(np.zeros((3000, 1), np.int64), np.arange(3000)[:, None] % 3 - 1, False)
    found, made = histograms(queries, database, 8, 2)
    assert (made.queries, made.rows) == (2, 3)
    assert (found[:, :, 0] == [2000, 1000]).all()


def test_one_trace_for_all_sizes_of_one_tile():
    import tensorflow as tf

    from keras_hashing.evaluation import kernels

    rng = np.random.default_rng(0)
    kernels.by_grade.cache_clear()
    kernels.by_pairs.cache_clear()
    for number in (1000, 1024, 1500, 3000):
        queries = rows(rng, 60 + number % 7, 9, np.zeros(60 + number % 7))
        database = rows(rng, number, 9, np.zeros(number))
        for kernel in ("grades", "pairs"):
            run(plan(kernel), queries, database, 9, 2)
    # Concrete functions, which are never traced again.
    for graph in (kernels.by_grade(1, 1, False, 9, 2, 1024, False), kernels.by_pairs(1, 9, 1024)):
        assert isinstance(graph, tf.types.experimental.ConcreteFunction)
    assert kernels.by_grade.cache_info().misses == kernels.by_pairs.cache_info().misses == 1


def test_share_of_rows_in_which_a_tile_finds_its_classes():
    def side(labels):
        labels = np.array(labels)
        return Rows(np.zeros((len(labels), 1), np.int64), labels[:, None], False)

    queries = side([1] * 32 + [0] * 64 + [1] * 32)  # sorted: one tile of 0s, one of 1s
    database = side([-1] * 4 + [0] * 3 + [1] * 3)
    assert module._own_share(queries, database) == pytest.approx((3 + 3) / 2 / 10)
    assert module._own_share(side([1, 0]), database) == pytest.approx(0.6)
