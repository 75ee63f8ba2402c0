"""How much less CPU does an exact evaluation take than sorting the database for each query?

    python -m benchmarks.evaluation --json FILE

`keras_hashing.evaluate` with all its metrics, ties exact, against the usual loop: float inner
products, NumPy argsort, average precision in index order. The loop is timed on some queries and
scaled up. Both run in this process, on one thread each; figures are CPU time of the process, so
that other work on the machine does not count. First the kernel's histograms must equal NumPy's
from all distances, and the loop's mAP must lie between the report's best and worst.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import argparse
import json
import pathlib
import platform
import resource
import statistics
import time

import numpy as np
import tensorflow as tf

import keras_hashing as kh
from keras_hashing.evaluation import histograms, plan

GOAL = 20
RUNS = 9


def main():
    arguments = parse()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    figures = {"machine": machine()}
    print(figures["machine"])
    for kind in ("random", "trained-like"):
        data = problem(arguments, kind)
        check(data, arguments.bits)
        figures[kind] = compare(data, arguments)
        show(kind, figures[kind])
    figures["peak_memory_MB"] = round(peak_memory(), 1)
    print(f"peak memory of the process, TensorFlow included: {figures['peak_memory_MB']:.0f} MB")
    figures["growth_MB"] = growth(arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--database", type=int, default=54_000)
    parser.add_argument("--bits", type=int, default=48)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--sorted", type=int, default=16, help="queries that the loop sorts")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    return parser.parse_args()


def machine():
    flags = pathlib.Path("/proc/cpuinfo")
    popcount = flags.exists() and "avx512_vpopcntdq" in flags.read_text()
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, vector popcount {popcount}, load "
        f"{os.getloadavg()[0]:.1f}, 1 thread each; Python {platform.python_version()}, "
        f"TensorFlow {tf.__version__}, NumPy {np.__version__}"
    )


def problem(arguments, kind):
    """Query codes and labels, database codes and labels; trained-like codes lie near centres."""
    generator = np.random.default_rng(0)
    centres = generator.choice([-1, 1], (arguments.classes, arguments.bits)).astype(np.int8)

    def draw(count):
        labels = generator.integers(0, arguments.classes, count)
        if kind == "random":
            share = np.full((count, 1), 0.5)
        else:
            share = np.where(generator.random((count, 1)) < 0.8, 0.03, 0.3)
        flips = generator.random((count, arguments.bits)) < share
        return kh.codes.pack(np.where(flips, -centres[labels], centres[labels])), labels

    return (*draw(arguments.queries), *draw(arguments.database))


def sort_loop(signs, query_labels, database_signs, database_labels):
    """The usual code: one float argsort a query, mAP over the whole database."""
    average_precisions = []
    for query, label in zip(signs, query_labels, strict=True):
        distances = 0.5 * (database_signs.shape[1] - query @ database_signs.T)
        relevant = (database_labels == label)[np.argsort(distances)]
        ranks = np.flatnonzero(relevant) + 1
        average_precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return float(np.mean(average_precisions))


def check(data, bits):
    """The compiled kernel counts as a plain loop does, and the sorted mAP is within bounds."""
    query_codes, query_labels, database_codes, database_labels = data
    few = slice(0, 8)
    total, relevant = histograms.histograms(
        kh.codes.words(query_codes[few]),
        query_labels[few, None],
        kh.codes.words(database_codes),
        database_labels[:, None],
        bits,
        plan.Plan("xla", 14_336, False),
    )
    distances = kh.codes.hamming(query_codes[few], database_codes)
    for row in range(8):
        hits = distances[row][database_labels == query_labels[row]]
        np.testing.assert_array_equal(total[row], np.bincount(distances[row], minlength=bits + 1))
        np.testing.assert_array_equal(relevant[row], np.bincount(hits, minlength=bits + 1))
    report = kh.evaluate(
        query_codes[few], query_labels[few], database_codes, database_labels, bits=bits
    )
    signs = [
        kh.codes.unpack(part, bits).astype(np.float32) for part in (query_codes, database_codes)
    ]
    found = sort_loop(signs[0][few], query_labels[few], signs[1], database_labels)
    assert report.map_worst <= found <= report.map_best, (report.map_worst, found, report.map_best)


def compare(data, arguments):
    """CPU seconds of the loop, scaled to all queries, and of `evaluate`, turn about."""
    signs = [kh.codes.unpack(part, arguments.bits).astype(np.float32) for part in data[::2]]
    few = slice(0, arguments.sorted)
    scale = arguments.queries / arguments.sorted
    jobs = {
        "evaluate": lambda: kh.evaluate(*data, bits=arguments.bits),
        "evaluate_at_1000": lambda: kh.evaluate(*data, bits=arguments.bits, at=(1000,)),
        "argsort_loop": lambda: sort_loop(signs[0][few], data[1][few], signs[1], data[3]),
    }
    seconds = {name: [] for name in jobs}
    for run in range(RUNS + 2):
        for name, job in jobs.items():
            start = time.process_time()
            job()
            if run >= 2:  # two to warm up: trace and compile
                seconds[name].append(time.process_time() - start)
    seconds["argsort_loop"] = [value * scale for value in seconds["argsort_loop"]]
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    pairs = arguments.queries * arguments.database
    return {
        "sizes": [arguments.queries, arguments.database, arguments.bits],
        "cpu_s_median": {name: round(value, 4) for name, value in medians.items()},
        "cpu_s_range": {n: [round(min(v), 4), round(max(v), 4)] for n, v in seconds.items()},
        "ns_per_pair": {name: round(1e9 * value / pairs, 2) for name, value in medians.items()},
        "ratio": round(medians["argsort_loop"] / medians["evaluate"], 1),
        "ratio_at_1000": round(medians["argsort_loop"] / medians["evaluate_at_1000"], 1),
        "goal": GOAL,
        "plan": kh.evaluate(*data, bits=arguments.bits).plan,
    }


def show(kind, figures):
    queries, database, bits = figures["sizes"]
    print(f"{kind} codes, {queries:,} x {database:,} x {bits} bits; {figures['plan']}")
    for name, value in figures["cpu_s_median"].items():
        low, high = figures["cpu_s_range"][name]
        print(
            f"  {name:17} {value:8.3f} s CPU ({low:.3f} to {high:.3f}), "
            f"{figures['ns_per_pair'][name]:6.2f} ns a pair"
        )
    verdict = "reached" if figures["ratio"] >= GOAL else "MISSED"
    print(
        f"  {figures['ratio']:.1f} times less CPU, {figures['ratio_at_1000']:.1f} with at=1000; "
        f"goal {GOAL}: {verdict}"
    )


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def growth(arguments):
    """MB that the peak grows by when a streamed database becomes 20 times as long."""
    query_codes, query_labels, database_codes, database_labels = problem(arguments, "random")
    evaluator = kh.Evaluator(query_codes, query_labels, bits=arguments.bits)
    evaluator.update(database_codes, database_labels)
    before = peak_memory()
    for _ in range(19):
        evaluator.update(database_codes, database_labels)
    grown = round(peak_memory() - before, 1)
    rows = evaluator.rows
    print(f"peak memory grew by {grown} MB from {rows // 20:,} to {rows:,} streamed rows")
    return grown


if __name__ == "__main__":
    main()
