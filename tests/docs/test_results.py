"""Tables of the methods' pages, against a small comparison whose means are done by hand."""

import csv
import fractions
import statistics

import pytest

from benchmarks.methods.published import PUBLISHED
from benchmarks.methods.settings import CONTESTANTS
from docs.hooks import results

RUNS = """\
stage,protocol,contestant,setting,bits,seed,map,map_best,map_worst,map_at_1000_hits,map_seen
test,cifar10-s1,dhn,0,48,0,0.800000,0.9,0.7,0.85,
test,cifar10-s1,dhn,0,48,1,0.820000,0.9,0.7,0.85,
test,cifar10-s1,dhn,0,48,2,0.840000,0.9,0.7,0.85,
test,cifar10-s1,dhn,0,12,0,0.700000,0.9,0.7,0.85,
test,cifar10-s1,dhn-q,0,12,0,0.500400,0.9,0.7,0.85,
test,cifar10-s1b,dhn,0,48,0,0.830000,0.9,0.7,0.85,
test,cifar10-s1,hashnet,0,48,0,0.100000,0.9,0.7,0.85,
test,cifar10-s1b,hashnet,0,48,0,0.200000,0.9,0.7,0.85,
validation,cifar10-s1,dhn,3,32,0,0.990000,0.9,0.7,0.85,
unseen,cifar10-unseen,dhn,0,48,0,0.300000,0.9,0.7,0.85,0.65
test,cifar10-orig,lsh,0,64,0,0.207000,0.9,0.1,0.399,
"""


@pytest.fixture
def runs(tmp_path):
    path = tmp_path / "methods.csv"
    path.write_text(RUNS, encoding="utf-8")
    return results.read_runs(path)


def test_map_by_length(runs):
    # (0.80 + 0.82 + 0.84) / 3 = 0.82; the validation run and the other protocol are not in it.
    assert results.by_length(runs, "dhn").splitlines() == [
        "|  | 12 bits | 16 bits | 24 bits | 32 bits | 48 bits | 64 bits | 128 bits | seeds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `dhn` | .700 |  |  |  | .820 |  |  | 1-3 |",
        "| `dhn-q` | .500 |  |  |  |  |  |  | 1 |",
    ]
    assert results.by_length(runs, "csq") == ""


def test_other_protocols(runs):
    assert results.other_protocols(runs, "dhn").splitlines()[2:] == [
        "| `dhn` | `cifar10-s1b` | mAP | 48 | .830 | 1 |",
        "| `dhn` | `cifar10-unseen` | mAP | 48 | .300 | 1 |",
        "| `dhn` | `cifar10-unseen` | mAP, queries of classes 0-6 | 48 | .650 | 1 |",
    ]
    assert results.other_protocols(runs, "lsh").splitlines()[2:] == [
        "| `lsh` | `cifar10-orig` | mAP | 64 | .207 | 1 |",
        "| `lsh` | `cifar10-orig` | mAP@1000(hits) | 64 | .399 | 1 |",
    ]


def test_ours_stands_beside_what_was_published(runs):
    lines = results.beside_published(runs, "dhn").splitlines()
    # Published at 12, 24, 32 and 48 bits; run here at 12 and 48.
    assert lines[2].startswith("| `dhn` | `cifar10-s1`, mAP | 12, 24, 32, 48 | .555, .594, .603, ")
    assert lines[2].endswith("table 3 | .700, -, -, .820 |")
    assert lines[3].endswith("README, port | .820 |")
    # The same method under two protocols.
    found = [line.split(" | ") for line in results.beside_published(runs, "hashnet").splitlines()]
    assert [(cells[1], cells[-1]) for cells in found[2:]] == [
        ("`cifar10-s1`, mAP", ".100 |"),
        ("`cifar10-s1b`, mAP", ".200 |"),
    ]
    assert results.beside_published(runs, "usdh") == ""


def test_figures_from_elsewhere_stand_alone():
    row = {"contestant": "greedyhash-u", "data": "X", "metric": "mAP", "backbone": "VGG-16"}
    row |= {"bits": "16 32", "figures": ".410 .467", "source": "somewhere"}
    assert results.published_elsewhere([row], "greedyhash").splitlines()[2:] == [
        "| `greedyhash-u` | X, mAP | 16, 32 | .410, .467 | VGG-16; somewhere |"
    ]
    assert results.published_elsewhere([row], "csq") == ""


def test_the_repository_s_figures_by_hand():
    """Means of the CSV's own digits as fractions, for every cell of every method."""
    with (results.RESULTS / "methods.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index
    runs = results.read_runs()
    for name in CONTESTANTS:
        wanted = {}
        for row in rows[1:]:
            where = row[column("stage")], row[column("protocol")], row[column("contestant")]
            if where == ("test", "cifar10-s1", name):
                value = fractions.Fraction(row[column("map")])
                wanted.setdefault(int(row[column("bits")]), []).append(value)
        found = results.means(runs, name)
        assert list(found) == sorted(wanted)
        for bits, values in wanted.items():
            assert abs(found[bits] - statistics.mean(values)) < 1e-12


def test_what_was_published_elsewhere_can_be_read():
    rows = results.read_elsewhere()
    assert len(rows) > 20
    names = {row.contestant for row in PUBLISHED}
    for row in rows:
        assert row["contestant"] in CONTESTANTS
        assert row["metric"].split("@")[0] == "mAP" and row["backbone"] and row["source"]
        assert len(row["bits"].split()) == len(row["figures"].split())
        assert all(0 < float(figure) < 1 for figure in row["figures"].split())
        assert [int(bits) for bits in row["bits"].split()] == sorted(map(int, row["bits"].split()))
    assert names - {row["contestant"] for row in rows}  # not a copy of the other list
