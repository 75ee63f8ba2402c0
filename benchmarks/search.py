"""How long does a search take, beside FAISS' exact and approximate indexes and usearch?

    python -m benchmarks.search [--full] [--threads 1] [--json FILE] [--csv FILE] [--plot FILE]

All methods search the same codes with the same queries, turn about, in this process, on as many
threads each; figures are medians. Wall time needs a quiet machine: the load stands in the first
line. First the answers must equal a stable argsort of all distances. `tied` codes lie near ten
centres, as trained ones do. Recall is the share of an answer that is no further away than the
true k-th item. Memory is what the process grew by when the index was built and first searched.
`heap` and `count` are our wall time over that of FAISS' flat index, by its heap (the default) and
by counting. `--full` adds 10,000,000 codes, and graphs and lists of 1,000,000, which take many
minutes to build. What is not installed is left out, and said.
"""

import os
import sys

THREADS = int(sys.argv[sys.argv.index("--threads") + 1]) if "--threads" in sys.argv else 1
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = str(THREADS)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import argparse
import contextlib
import csv
import ctypes
import dataclasses
import gc
import importlib.util
import json
import pathlib
import platform
import statistics
import time

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

import keras_hashing as kh

OURS, HEAP, COUNTING = "keras_hashing", "FAISS flat, heap", "FAISS flat, counting"
QUERIES = (1, 100)
KS = (10, 100, 1000)
RUNS = 7


@dataclasses.dataclass
class Result:
    """One method's figures for one collection, number of queries, and k; a line of the CSV."""

    codes: str
    bits: int
    rows: int
    queries: int
    k: int
    method: str
    wall_ms: float
    cpu_ms: float
    recall: float
    memory_mb: float
    of_heap: float | None = None
    of_counting: float | None = None
    cpu_of_heap: float | None = None
    cpu_of_counting: float | None = None
    goal: str = ""


def main():
    arguments = parse()
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    if has("faiss"):
        import faiss

        faiss.omp_set_num_threads(THREADS)
    console = Console(width=140)
    console.print(machine(), highlight=False)
    compare("uniform", 64, 70_000, False)  # so that starting TensorFlow counts nowhere
    results = []
    for kind, bits, rows, graphs in collections(arguments.full):
        found = compare(kind, bits, rows, graphs)
        show(console, found)
        results += found
    write(arguments, results)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="all sizes; an hour or so")
    parser.add_argument("--threads", type=int, default=1, help="of every method")
    for kind in ("json", "csv", "plot"):
        parser.add_argument(f"--{kind}", type=pathlib.Path, help="write the figures there")
    return parser.parse_args()


def collections(full):
    """Kind of codes, bits, rows, and whether approximate indexes are built too."""
    sizes = (100_000, 1_000_000, 10_000_000)[: 3 if full else 2]
    for rows in sizes:
        yield "uniform", 64, rows, rows <= (1_000_000 if full else 100_000)
    for rows in sizes[1:]:
        yield "tied", 64, rows, False
        yield "uniform", 128, rows, False


def machine():
    missing = [name for name in ("faiss", "usearch") if not has(name)]
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"{THREADS} thread(s) each; Python {platform.python_version()}, TensorFlow "
        f"{tf.__version__}, NumPy {np.__version__}; not installed, left out: {missing or 'none'}"
    )


def has(name):
    return importlib.util.find_spec(name) is not None


def draw(kind, bits, count, seed):
    """Packed codes; those of `tied` lie near centres that all seeds share."""
    generator = np.random.default_rng(seed)
    if kind == "uniform":
        return generator.integers(0, 256, (count, bits // 8), dtype=np.uint8)
    centres = np.random.default_rng(99).integers(0, 2, (10, bits), dtype=np.uint8)
    packed = np.empty((count, bits // 8), np.uint8)
    for start in range(0, count, 100_000):
        part = packed[start : start + 100_000]
        share = np.where(generator.random((len(part), 1)) < 0.8, 0.03, 0.3)
        flips = generator.random((len(part), bits)) < share
        nearest = centres[generator.integers(0, 10, len(part))]
        part[:] = np.packbits(nearest ^ flips, axis=1, bitorder="little")
    return packed


def methods(bits, rows, graphs):
    """Name of a method -> function that takes codes and returns a search of `(queries, k)`."""
    found = {OURS: lambda codes: own(kh.Index(bits), codes)}
    if has("faiss"):
        found[HEAP] = lambda codes: flat(codes, True)
        found[COUNTING] = lambda codes: flat(codes, False)
        lists = 1 << int(4 * rows**0.5).bit_length()
        for factory in ("BHNSW32", f"BIVF{lists}") if graphs else ():
            index = kh.Index(bits, backend="faiss", factory=factory)
            found[f"FAISS {factory}"] = lambda codes, index=index: own(index, codes)
    if graphs and has("usearch"):
        found["usearch HNSW"] = usearch
    return found


def own(index, codes):
    index.add(codes)
    return index.search


def flat(codes, heap):
    import faiss

    index = faiss.IndexBinaryFlat(8 * codes.shape[1])
    index.use_heap = heap
    index.add(codes)
    return index.search


def usearch(codes):
    from usearch.index import Index

    index = Index(ndim=8 * codes.shape[1], metric="hamming", dtype="b1")
    index.add(np.arange(len(codes)), codes, threads=THREADS)

    def search(queries, k):
        found = index.search(queries, k, threads=THREADS)
        distances = np.asarray(found.distances).reshape(len(queries), -1)
        return distances, np.asarray(found.keys).reshape(len(queries), -1)

    return search


def compare(kind, bits, rows, graphs):
    """All results for one collection."""
    codes = draw(kind, bits, rows, seed=0)
    searches, memory = {}, {}
    for name, make in methods(bits, rows, graphs).items():
        before = resident()
        searches[name] = make(codes)
        searches[name](codes[:100], 10)  # our second copy is made by the first search
        memory[name] = resident() - before
    results = []
    for queries in (draw(kind, bits, count, seed=1) for count in QUERIES):
        for k in KS:
            truth = check(searches[OURS], codes, queries, k)
            times = alternate(searches, queries, k)
            for name, (wall, cpu) in times.items():
                recall = share_found(searches[name](queries, k), truth)
                key = (kind, bits, rows, len(queries), k, name)
                results.append(Result(*key, wall, cpu, recall, round(memory[name], 1)))
            judge(results[-len(times) :])
    return results


def check(search, codes, queries, k):
    """Our answer equals a stable argsort, for up to four queries; distance of each k-th item."""
    distances, ids = search(queries, k)
    for row in range(0, len(queries), -(-len(queries) // 4)):
        expected = kh.codes.hamming(queries[row : row + 1], codes)[0]
        order = np.argsort(expected, kind="stable")[:k]
        np.testing.assert_array_equal(ids[row], order)
        np.testing.assert_array_equal(distances[row], expected[order])
    return distances[:, -1:]


def share_found(answer, truth):
    distances = np.asarray(answer[0], np.float64)
    return float(((distances >= 0) & (distances <= truth)).mean())


def alternate(searches, queries, k):
    """Median wall and CPU milliseconds of each method, which take turns."""
    times = {name: [] for name in searches}
    for run in range(RUNS + 2):
        for name, search in searches.items():
            wall, cpu = time.perf_counter(), time.process_time()
            search(queries, k)
            if run >= 2:  # two to warm up: trace and compile
                times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return {
        name: tuple(round(1e3 * statistics.median(column), 3) for column in zip(*rows, strict=True))
        for name, rows in times.items()
    }


def judge(results):
    """Ours against FAISS' two exact methods, and the goal by wall time."""
    by_name = {result.method: result for result in results}
    ours, heap, counting = (by_name.get(name) for name in (OURS, HEAP, COUNTING))
    if heap:
        ours.of_heap = round(ours.wall_ms / heap.wall_ms, 2)
        ours.of_counting = round(ours.wall_ms / counting.wall_ms, 2)
        ours.cpu_of_heap = round(ours.cpu_ms / heap.cpu_ms, 2)
        ours.cpu_of_counting = round(ours.cpu_ms / counting.cpu_ms, 2)
    if ours.rows < 1_000_000:
        if ours.queries == 1:
            ours.goal = "reached" if ours.wall_ms <= 1 else "MISSED: 1 ms"
    elif heap:
        most = (1, 1) if ours.queries == 1 else (0.4, 0.5) if ours.k < 1000 else (0.6, 0.6)
        reached = ours.of_heap <= most[0] and ours.of_counting <= most[1]
        ours.goal = "reached" if reached else f"MISSED: {most[0]}, {most[1]}"


def show(console, results):
    first = results[0]
    table = Table(title=f"{first.rows:,} {first.codes} codes of {first.bits} bits")
    heads = "queries k method wall_ms CPU_ms recall MB heap count CPU/heap CPU/count goal"
    for name in heads.split():
        table.add_column(name, justify="left" if name in ("method", "goal") else "right")
    for result in results:
        row = list(dataclasses.astuple(result)[3:])
        row[5] = f"{result.recall:.3f}"
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


def resident():
    """MB of memory that the process holds now, without what it could give back."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def write(arguments, results):
    rows = [dataclasses.asdict(result) for result in results]
    if arguments.json:
        figures = {"machine": machine(), "threads": THREADS, "results": rows}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if arguments.csv:
        with arguments.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([rows[0], *(row.values() for row in rows)])
    if arguments.plot:
        plot(arguments.plot, [r for r in results if (r.codes, r.bits, r.k) == ("uniform", 64, 100)])


def plot(path, results):
    """Wall time over rows, a line for each method, a panel for each number of queries."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    for panel, queries in zip(figure.subplots(1, len(QUERIES)), QUERIES, strict=True):
        here = [result for result in results if result.queries == queries]
        for name in dict.fromkeys(r.method.rstrip("0123456789") for r in here):  # of all sizes
            line = [(r.rows, r.wall_ms) for r in here if r.method.startswith(name)]
            panel.loglog(*zip(*line, strict=True), marker="o", label=name)
        panel.set(title=f"queries: {queries}; k = 100", xlabel="codes of 64 bits", ylabel="wall ms")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
