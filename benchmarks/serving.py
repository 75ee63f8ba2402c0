"""What does `keras-hashing serve` cost beside the bare call of a signature?

    python -m benchmarks.serving --json FILE

EfficientNet-Lite0 at 224 pixels with a DHN head of 48 bits and an index of 100,000 random codes
is exported and served in a process of its own. `--clients` threads here each keep one request on
its way: one JPEG as base64 (`encode_bytes`) or one code (`search`). The bare call runs the same
signature of the same export in this process, on as many rows at a time as there are clients. Both
take turns, so that a slow minute of the machine slows both.

Clients and server share the machine's cores, as they would not in a data centre. So CPU time is
given beside the throughput: of the server's process, of the bare call, and of the clients. First
the server's answers must be those of the bare call; bits of outputs near 0 may differ with the
size of a batch, and are counted.
"""

import argparse
import base64
import contextlib
import http.client
import io
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_hashing import exporting, methods

GOAL = 0.8  # of the bare call's images a second, with the most clients
RUNS = 5
BITS, ITEMS = 48, 100_000
PHOTOS, WIDTH, HEIGHT = 64, 500, 375
MOST_BITS_OFF = 0.001  # of all bits


def main():
    arguments = parse()
    with tempfile.TemporaryDirectory() as folder:
        version = export(pathlib.Path(folder))
        signatures = tf.saved_model.load(str(version)).signatures
        rows = {"encode_bytes": photos(), "search": codes(PHOTOS, seed=1)}
        with server(folder, max(arguments.clients)) as (process, port):
            off = check(signatures, rows, port)
            figures = {
                "machine": machine(),
                "sizes": f"{WIDTH} x {HEIGHT} JPEG, {BITS} bits, {ITEMS:,} items",
                "bits_off": off,
                "results": [
                    measure(signatures[name], name, rows[name], clients, (process, port), arguments)
                    for name in rows
                    for clients in arguments.clients
                ],
            }
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=0.8, help="of one run")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    return parser.parse_args()


def machine():
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {cores} cores, load {load:.1f} at the end, "
        f"TensorFlow {tf.__version__}"
    )


def codes(rows, seed):
    return np.random.default_rng(seed).integers(0, 256, (rows, BITS // 8), np.uint8)


def photos():
    """JPEG files of smooth pictures with some noise."""
    generator = np.random.default_rng(0)
    files = []
    for _ in range(PHOTOS):
        coarse = generator.integers(0, 256, (12, 16, 3), np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.BICUBIC))
        noisy = smooth + generator.normal(0, 6, smooth.shape)
        buffer = io.BytesIO()
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
        files.append(buffer.getvalue())
    return np.array(files, object)


def export(folder):
    model = methods.DHN(BITS, backbone="efficientnet_lite0")
    model(np.zeros((1, 224, 224, 3), np.float32))
    return exporting.export(model, folder, index=codes(ITEMS, seed=0))


@contextlib.contextmanager
def server(folder, max_rows):
    """Process and port of our server over one model, with batches of at most `max_rows`."""
    command = ["-m", "keras_hashing", "serve", folder, "--port", "0", "--max-batch", str(max_rows)]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stdout if "http://" in line)
        yield process, int(re.search(r":(\d+)/", line).group(1))
    finally:
        process.terminate()
        process.wait()


def body(name, row):
    value = {"b64": base64.b64encode(row).decode()} if name == "encode_bytes" else row.tolist()
    return json.dumps({"signature_name": name, "instances": [value]}).encode()


def ask(connection, data):
    connection.request("POST", "/v1/models/model:predict", data)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return content


def run_bare(signature, rows):
    (name,) = signature.structured_input_signature[1]
    return {key: value.numpy() for key, value in signature(**{name: tf.constant(rows)}).items()}


def check(signatures, rows, port):
    """Share of code bits in which server and bare call differ; everything else must be equal."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    expected = run_bare(signatures["search"], rows["search"])
    for place, row in enumerate(rows["search"]):
        (got,) = json.loads(ask(connection, body("search", row)))["predictions"]
        assert got == {key: value[place].tolist() for key, value in expected.items()}
    expected = run_bare(signatures["encode_bytes"], rows["encode_bytes"])["code_bytes"]
    off = 0
    for row, code in zip(rows["encode_bytes"], expected, strict=True):
        (got,) = json.loads(ask(connection, body("encode_bytes", row)))["predictions"]
        pair = [
            np.frombuffer(x, np.uint8) for x in (base64.b64decode(got["code_bytes"]["b64"]), code)
        ]
        off += int(np.unpackbits(pair[0] ^ pair[1]).sum())
    share = off / (BITS * PHOTOS)
    assert share <= MOST_BITS_OFF, f"{share:.2%} of the bits differ"
    return share


def measure(signature, name, rows, clients, served, arguments):
    """Throughput, CPU time and latencies of one signature with so many clients."""
    process, port = served
    bodies = [body(name, row) for row in rows]
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)))
            for _ in range(clients)
        ]
        bare, server_runs, latencies = [], [], []
        for run in range(1 + RUNS):  # the first warms up
            bare_run = time_bare(signature, rows, clients, arguments.seconds)
            server_run, seconds = time_server(process, connections, bodies, arguments.seconds)
            if run:
                bare.append(bare_run)
                server_runs.append(server_run)
                latencies += seconds
    return summary(name, clients, bare, server_runs, latencies)


def time_bare(signature, rows, size, seconds):
    """Rows a second and CPU seconds a row of the bare call."""
    start, cpu, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < seconds:
        run_bare(signature, rows[np.arange(done, done + size) % len(rows)])
        done += size
    return done / (time.perf_counter() - start), (time.process_time() - cpu) / done


def time_server(process, connections, bodies, seconds):
    """((rows a second, CPU seconds a row of the server, of the clients), seconds of each)."""
    latencies: list[float] = []
    start = time.perf_counter()

    def client(place):
        while time.perf_counter() - start < seconds:
            begun = time.perf_counter()
            ask(connections[place], bodies[(place + len(latencies)) % len(bodies)])
            latencies.append(time.perf_counter() - begun)

    cpu, own = cpu_seconds(process.pid), time.process_time()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(len(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, done = time.perf_counter() - start, len(latencies)
    spent = cpu_seconds(process.pid) - cpu, time.process_time() - own
    return (done / took, spent[0] / done, spent[1] / done), latencies


def cpu_seconds(pid):
    """CPU time of all threads of a process, in steps of 10 ms."""
    fields = (
        pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def summary(name, clients, bare, served, latencies):
    """Medians of the runs, and the range of their ratios."""
    ratios = [one[0] / other[0] for one, other in zip(served, bare, strict=True)]
    columns = [float(median) for runs in (bare, served) for median in np.median(runs, axis=0)]
    p50, p95, p99 = (1e3 * np.percentile(latencies, q) for q in (50, 95, 99))
    return {
        "signature": name,
        "clients": clients,
        "bare_per_s": round(columns[0], 1),
        "served_per_s": round(columns[2], 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        "cpu_ms": {
            "bare": round(1e3 * columns[1], 3),
            "server": round(1e3 * columns[3], 3),
            "clients": round(1e3 * columns[4], 3),
        },
        "cpu_ratio": round(columns[1] / columns[3], 3),
        "latency_ms": {"p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1)},
        "requests": len(latencies),
    }


def show(figures):
    print(f"{figures['machine']}; {figures['sizes']}; median of {RUNS} runs")
    print(f"{figures['bits_off']:.3%} of the bits differ from the bare call's")
    for row in figures["results"]:
        cpu, latency = row["cpu_ms"], row["latency_ms"]
        low, high = row["ratio_range"]
        print(
            f"{row['signature']:12} {row['clients']:3} clients: {row['served_per_s']:8.1f} /s, "
            f"bare {row['bare_per_s']:9.1f} /s, ratio {row['ratio']:.2f} ({low:.2f} to "
            f"{high:.2f}); p50 {latency['p50']:.1f}, p95 {latency['p95']:.1f}, p99 "
            f"{latency['p99']:.1f} ms; CPU a row: server {cpu['server']:.2f}, bare "
            f"{cpu['bare']:.2f}, clients {cpu['clients']:.2f} ms, ratio {row['cpu_ratio']:.2f}"
        )
    most = [row for row in figures["results"] if row["signature"] == "encode_bytes"][-1]
    verdict = "reached" if most["ratio"] >= GOAL else "MISSED"
    print(f"encode with {most['clients']} clients: {most['ratio']:.2f}; goal {GOAL}: {verdict}")


if __name__ == "__main__":
    main()
