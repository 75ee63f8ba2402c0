"""Does `kh.evaluate` give the mAP that other projects' evaluation code gives?

    python -m benchmarks.peers [--cases 60] [--json FILE]

Their conventions are retold as slow loops in `tests/reference.py`, with ties in database order;
random codes with many ties, single and multi-label, with queries that nothing is relevant to.
States the largest difference of each; nothing is fetched.
"""

import argparse
import json
import math
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

import keras_hashing as kh
from keras_hashing import codes
from tests import reference

PEERS = ("DeepHash-pytorch", "HashNet", "OrthoHash", "FIRe")
FORMS = ("single", "multi-label")
CASES = 60
BITS = 6
TOLERANCE = 1e-12


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=CASES, help="random cases for each")
    parser.add_argument("--json", type=pathlib.Path, help="write the differences to this file")
    arguments = parser.parse_args()
    found = {
        f"{peer}, {form}": largest_difference(peer, form, range(arguments.cases))
        for peer in PEERS
        for form in FORMS
    }
    for name, difference in found.items():
        print(f"{name}: {arguments.cases} cases, largest difference {difference:.1e}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if max(found.values()) > TOLERANCE:
        raise SystemExit(f"a difference is above {TOLERANCE}")


def largest_difference(peer, form, seeds):
    """Largest absolute difference over random cases."""
    return max(_difference(peer, *case(form, seed)) for seed in seeds)


def case(form, seed):
    """Signs and 0/1 labels of queries and database, and a cutoff, in half of the cases -1."""
    rng = np.random.default_rng(seed)
    queries, items, classes = rng.integers(1, 8), rng.integers(2, 30), 4
    signs = [rng.choice([-1, 1], (n, BITS)) for n in (queries, items)]
    if form == "single":
        labels = [np.eye(classes, dtype=int)[rng.integers(0, classes, n)] for n in (queries, items)]
    else:
        labels = [(rng.random((n, classes)) < 0.3).astype(int) for n in (queries, items)]
    labels[0][0] = 0  # a query that nothing is relevant to
    topk = -1 if seed % 2 else int(rng.integers(1, items + 1))
    return signs[0], labels[0], signs[1], labels[1], topk


def ours(peer, query_signs, query_labels, database_signs, database_labels, topk):
    """The same figure from `kh.evaluate`; NaN where the peer has no query left."""
    items = len(database_signs)
    # DeepHash-pytorch's slice [0:-1] ends before the item ranked last.
    cutoff = topk if topk > 0 else items if peer == "FIRe" else items - 1
    report = kh.evaluate(
        codes.pack(query_signs),
        query_labels,
        codes.pack(database_signs),
        database_labels,
        bits=BITS,
        at=cutoff,
        ties="index",
        denominator="hits",
        without_relevant="zero",
    )
    if peer != "HashNet":
        return report.map_at_hits[cutoff]
    values = report.per_query_at[cutoff]  # above 0 exactly where there was a hit
    return values[values > 0].mean() if values.any() else math.nan


def _difference(peer, *problem):
    if peer in ("HashNet", "OrthoHash"):  # they take no -1
        problem = (*problem[:4], abs(problem[4]))
    wanted, found = reference.peer_map(peer, *problem), ours(peer, *problem)
    if math.isnan(wanted) and math.isnan(found):
        return 0.0
    return abs(wanted - found)


if __name__ == "__main__":
    main()
