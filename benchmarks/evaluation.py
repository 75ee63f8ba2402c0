"""How much CPU does an exact evaluation take, beside the usual loop, FAISS and plain C?

    python -m benchmarks.evaluation [--json FILE] [--csv FILE] [--plot FILE]

`keras_hashing.evaluate` with all its metrics, ties exact, and its counting kernel alone, against

- the usual loop: float inner products, NumPy argsort, average precision in index order, timed on
  some queries and scaled up;
- FAISS' IndexBinaryFlat with k = N, which only ranks, timed on fewer queries and scaled up;
- the machine's limit, a C program that counts the same histograms, where a compiler is.

All run in this process on one thread each, turn about; figures are CPU time of the process, so
that other work on the machine does not count. First, all must agree.
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
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

import keras_hashing as kh
from benchmarks import _pair_histogram
from keras_hashing.evaluation import histograms

RUNS = 7
CLASSES = 10
# Kind of codes, queries, database, bits.
PROBLEMS = (
    ("random", 1_000, 54_000, 16),
    ("random", 1_000, 54_000, 48),
    ("random", 1_000, 54_000, 64),
    ("random", 1_000, 54_000, 128),
    ("trained-like", 1_000, 54_000, 48),
    ("trained-like", 10_000, 50_000, 48),
)
# Job, beside which other, on which problem: at least so many times less CPU, or at most so many.
GOALS = (
    ("kernel", "loop", 1, 40.0),
    ("evaluate", "loop", 1, 35.0),
    ("evaluate at 1000", "loop", 1, 25.0),
    ("kernel", "C", 1, 2.6),
    ("evaluate", "loop", 5, 200.0),
)


def main():
    arguments = parse()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    figures = {"machine": machine(), "problems": []}
    print(figures["machine"])
    for number, (kind, queries, database, bits) in enumerate(PROBLEMS):
        data = problem(kind, queries, database, bits)
        jobs = {name: job for name, job in all_jobs(data, bits).items() if job is not None}
        check(data, bits, jobs)
        found = measure(jobs, queries)
        figures["problems"].append(
            {"codes": kind, "queries": queries, "database": database, "bits": bits, **found}
        )
        show(number, figures["problems"][-1], kh.evaluate(*data, bits=bits).plan)
    figures["streamed_growth_MiB"] = growth()
    write(arguments, figures)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    parser.add_argument("--csv", type=pathlib.Path, help="write nanoseconds a pair to this file")
    parser.add_argument("--plot", type=pathlib.Path, help="draw them to this file")
    return parser.parse_args()


def machine():
    flags = pathlib.Path("/proc/cpuinfo")
    words = set(flags.read_text(encoding="utf-8").split()) if flags.exists() else set()
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, AVX-512 {'avx512f' in words}, vector "
        f"popcount {'avx512_vpopcntdq' in words}, load {os.getloadavg()[0]:.1f}, 1 thread each; "
        f"Python {platform.python_version()}, TensorFlow {tf.__version__}, NumPy {np.__version__}"
    )


def problem(kind, queries, database, bits):
    """Query codes and labels, database codes and labels; trained-like codes lie near centres."""
    generator = np.random.default_rng(0)
    centres = generator.choice([-1, 1], (CLASSES, bits)).astype(np.int8)

    def draw(count):
        labels = generator.integers(0, CLASSES, count)
        if kind == "random":
            share = np.full((count, 1), 0.5)
        else:
            share = np.where(generator.random((count, 1)) < 0.8, 0.03, 0.3)
        flips = generator.random((count, bits)) < share
        return kh.codes.pack(np.where(flips, -centres[labels], centres[labels])), labels

    return (*draw(queries), *draw(database))


def all_jobs(data, bits):
    """Name -> tuple of a function and the number of queries it takes; None where it cannot run.

    Functions take that number of queries: the first ones.
    """
    query_codes, query_labels, database_codes, database_labels = data
    whole = len(query_codes)
    signs = [
        kh.codes.unpack(part, bits).astype(np.float32) for part in (query_codes, database_codes)
    ]

    def evaluate(count, at=()):
        return kh.evaluate(
            query_codes[:count],
            query_labels[:count],
            database_codes,
            database_labels,
            bits=bits,
            at=at,
        )

    evaluator = kh.Evaluator(query_codes, query_labels, bits=bits)
    rows = evaluator._rows(database_codes, database_labels)

    def kernel(count):
        queries = evaluator._queries.take(slice(0, count))
        return histograms.histograms(queries, rows, bits, 2)[0]

    def loop(count):
        return sort_loop(signs[0][:count], query_labels[:count], signs[1], database_labels)

    jobs = {"evaluate": evaluate, "evaluate at 1000": lambda n: evaluate(n, (1000,))}
    jobs |= {"kernel": kernel, "loop": loop, "FAISS heap": None, "FAISS counting": None, "C": None}
    if bits % 8 == 0:
        jobs |= faiss_jobs(query_codes, database_codes)
    if bits <= 64:
        jobs["C"] = _pair_histogram.compiled(data, bits)
    sizes = {"loop": 16, "FAISS heap": 4, "FAISS counting": 16}
    return {n: job and (job, sizes.get(n, whole)) for n, job in jobs.items()}


def sort_loop(signs, query_labels, database_signs, database_labels):
    """The usual code: one float argsort a query, mAP over the whole database."""
    average_precisions = []
    for query, label in zip(signs, query_labels, strict=True):
        distances = 0.5 * (database_signs.shape[1] - query @ database_signs.T)
        relevant = (database_labels == label)[np.argsort(distances)]
        ranks = np.flatnonzero(relevant) + 1
        average_precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return float(np.mean(average_precisions))


def faiss_jobs(query_codes, database_codes):
    try:
        import faiss
    except ImportError:
        print("FAISS is not installed: its rows are left out (pip install faiss-cpu)")
        return {}
    faiss.omp_set_num_threads(1)
    jobs = {}
    for name, heap in (("FAISS heap", True), ("FAISS counting", False)):
        index = faiss.IndexBinaryFlat(8 * database_codes.shape[1])
        index.use_heap = heap
        index.add(database_codes)
        jobs[name] = lambda n, i=index: i.search(query_codes[:n], len(database_codes))[0]
    return jobs


def check(data, bits, jobs):
    """All count alike, and the sorted mAP lies between the report's best and worst."""
    query_codes, query_labels, database_codes, database_labels = data
    few = 8
    counts = jobs["kernel"][0](len(query_codes))[:few]
    distances = kh.codes.hamming(query_codes[:few], database_codes)
    for row in range(few):
        hits = distances[row][database_labels == query_labels[row]]
        total = np.bincount(distances[row], minlength=bits + 1)
        np.testing.assert_array_equal(counts[row].sum(axis=0), total)
        np.testing.assert_array_equal(counts[row, 1], np.bincount(hits, minlength=bits + 1))
    if "C" in jobs:
        np.testing.assert_array_equal(jobs["C"][0](few), counts.transpose(0, 2, 1))
    for name in ("FAISS heap", "FAISS counting"):
        if name in jobs:
            np.testing.assert_array_equal(jobs[name][0](2), np.sort(distances[:2], axis=1))
    report, found = jobs["evaluate"][0](few), jobs["loop"][0](few)
    assert report.map_worst <= found <= report.map_best, (report.map_worst, found, report.map_best)


def measure(jobs, queries):
    """Median and range of CPU seconds for all queries, the jobs turn about."""
    seconds = {name: [] for name in jobs}
    for run in range(RUNS + 2):
        for name, (job, count) in jobs.items():
            start = time.process_time()
            job(count)
            if run >= 2:  # two to warm up: trace and compile
                seconds[name].append((time.process_time() - start) * queries / count)
    return {
        "cpu_s_median": {n: round(statistics.median(v), 5) for n, v in seconds.items()},
        "cpu_s_range": {n: [round(min(v), 5), round(max(v), 5)] for n, v in seconds.items()},
    }


def show(number, figures, plan):
    queries, database, bits = figures["queries"], figures["database"], figures["bits"]
    print(f"\n{figures['codes']} codes, {queries:,} x {database:,} x {bits} bits; {plan}")
    seconds = figures["cpu_s_median"]
    for name, value in seconds.items():
        beside = seconds["loop"] / value
        low, high = figures["cpu_s_range"][name]
        print(
            f"  {name:17}{value:8.3f} s CPU ({low:.3f} to {high:.3f}) "
            f"{nanoseconds(figures)[name]:7.2f} ns a pair, loop / this {beside:6.1f}"
            + (f", this / C {value / seconds['C']:5.2f}" if "C" in seconds else "")
        )
    for name, other, where, goal in GOALS:
        if where == number and other in seconds:
            upper = other == "C"
            ratio = seconds[name] / seconds[other] if upper else seconds[other] / seconds[name]
            met = ratio <= goal if upper else ratio >= goal
            print(
                f"  {name} beside {other}: {ratio:.2f}, goal {'at most' if upper else 'at least'} "
                f"{goal:g}: {'reached' if met else 'MISSED'}"
            )


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def growth():
    """MiB that the peak of a fresh process grows by from the first streamed rows to a million."""
    program = (
        "from benchmarks.evaluation import *\n"
        "data = problem('random', 1_000, 50_000, 48)\n"
        "evaluator = kh.Evaluator(*data[:2], bits=48)\n"
        "evaluator.update(*data[2:])\n"
        "before = peak_memory()\n"
        "for _ in range(19): evaluator.update(*data[2:])\n"
        "evaluator.result()\n"
        "print(round(peak_memory() - before, 1))\n"
    )
    output = subprocess.check_output([sys.executable, "-c", program], text=True)
    grown = float(output.splitlines()[-1])
    verdict = "reached" if grown <= 64 else "MISSED"
    print(
        f"\npeak memory grew by {grown} MiB from 50,000 to 1,000,000 streamed rows; goal at most "
        f"64: {verdict}"
    )
    return grown


def nanoseconds(problem):
    """Job -> CPU nanoseconds a pair."""
    pairs = problem["queries"] * problem["database"]
    return {name: 1e9 * seconds / pairs for name, seconds in problem["cpu_s_median"].items()}


def write(arguments, figures):
    problems = figures["problems"]
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if arguments.csv:
        rows = [
            f"{p['codes']},{p['queries']},{p['database']},{p['bits']},{name},{value:.4f}"
            for p in problems
            for name, value in nanoseconds(p).items()
        ]
        head = "codes,queries,database,bits,job,cpu_ns_per_pair"
        arguments.csv.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    if arguments.plot:
        plot(arguments.plot, problems)


def plot(path, problems):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.subplots()
    names = list(dict.fromkeys(name for p in problems for name in nanoseconds(p)))
    for shift, name in enumerate(names):
        values = [nanoseconds(p).get(name, np.nan) for p in problems]
        at = np.arange(len(problems)) + 0.11 * (shift - (len(names) - 1) / 2)
        axes.bar(at, values, width=0.1, label=name)
    axes.set(yscale="log", ylabel="CPU ns a pair, one thread")
    where = "{codes}, {bits} bits\n{queries:,} x {database:,}"
    axes.set_xticks(range(len(problems)), [where.format(**p) for p in problems])
    figure.legend(frameon=False, ncols=len(names), loc="outside upper center")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
