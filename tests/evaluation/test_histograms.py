"""Both counting kernels against a loop over all pairs, at awkward sizes."""

import numpy as np
import pytest

from keras_hashing import codes
from keras_hashing.evaluation.histograms import histograms
from keras_hashing.evaluation.plan import Plan


def loop(query_codes, query_labels, database_codes, database_labels, bits):
    """Counts by the definition, from unpacked signs."""
    distances = (
        bits
        - codes.unpack(query_codes, bits).astype(int)
        @ codes.unpack(database_codes, bits).T.astype(int)
    ) // 2
    total = np.zeros((len(query_codes), bits + 1), int)
    relevant = np.zeros_like(total)
    for i, row in enumerate(distances):
        for j, distance in enumerate(row):
            total[i, distance] += 1
            if np.ndim(query_labels[i]):
                relevant[i, distance] += bool((query_labels[i] & database_labels[j]).any())
            else:
                relevant[i, distance] += query_labels[i] == database_labels[j]
    return total, relevant


def random_codes(rng, n, bits, distinct=None):
    signs = rng.choice([-1, 1], (distinct or n, bits)).astype("int8")
    return codes.pack(signs[rng.integers(0, len(signs), n)] if distinct else signs)


@pytest.mark.parametrize("kernel", ["numpy", "xla"])
@pytest.mark.parametrize("bits", [1, 7, 48, 64, 65, 130])
def test_single_labels(kernel, bits):
    rng = np.random.default_rng(bits)
    queries, rows = 67, 1100
    q = random_codes(rng, queries, bits)
    d = random_codes(rng, rows, bits, distinct=None if bits < 64 else 20)
    ql, dl = rng.integers(0, 4, queries), rng.integers(-1, 5, rows)
    dl[dl > 3] = -1
    found = histograms(
        codes.words(q), ql[:, None], codes.words(d), dl[:, None], bits, Plan(kernel, 1024, False)
    )
    for got, expected in zip(found, loop(q, ql, d, dl, bits), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("kernel", ["numpy", "xla"])
@pytest.mark.parametrize("classes", [2, 21, 70])
def test_multi_hot_labels(kernel, classes):
    rng = np.random.default_rng(classes)
    q, d = random_codes(rng, 5, 20), random_codes(rng, 300, 20)
    ql, dl = rng.random((5, classes)) < 0.1, rng.random((300, classes)) < 0.1

    def label_words(labels):
        return codes.words(np.packbits(labels, axis=1, bitorder="little")).view(np.int64)

    found = histograms(
        codes.words(q),
        label_words(ql),
        codes.words(d),
        label_words(dl),
        20,
        Plan(kernel, 1024, True),
    )
    for got, expected in zip(found, loop(q, ql, d, dl, 20), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_one_trace_for_all_sizes_of_one_tile():
    from keras_hashing.evaluation import histograms as module

    rng = np.random.default_rng(0)
    plan = Plan("xla", 1024, False)
    for rows in (1000, 1024, 1500, 3000):
        q, d = random_codes(rng, 70, 9), random_codes(rng, rows, 9)
        labels = np.zeros((70, 1), np.int64), np.zeros((rows, 1), np.int64)
        histograms(codes.words(q), labels[0], codes.words(d), labels[1], 9, plan)
    count = module._graph(1, 1, False, 9, plan)
    assert count.experimental_get_tracing_count() == 1
