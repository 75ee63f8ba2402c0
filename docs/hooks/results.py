"""Figures of one method as tables in Markdown: ours from the comparison's runs, and the papers'."""

import csv
import pathlib
import statistics

from benchmarks.methods.published import PUBLISHED
from benchmarks.methods.settings import BITS, CONTESTANTS

RESULTS = pathlib.Path(__file__).parents[1] / "results"

MAP, MAP_AT = "map", "map_at_1000_hits"
_METRICS = {MAP: "mAP", MAP_AT: "mAP@1000(hits)", "map_seen": "mAP, queries of classes 0-6"}

# What else was run than `cifar10-s1` by code length: stage, protocol, column.
_OTHERS = (
    ("test", "cifar10-s1b", MAP),
    ("test", "cifar10-orig", MAP),
    ("test", "cifar10-orig", MAP_AT),
    ("test", "multifashion", MAP),
    ("unseen", "cifar10-unseen", MAP),
    ("unseen", "cifar10-unseen", "map_seen"),
)


def read_runs(path=RESULTS / "methods.csv"):
    """Rows of the comparison, one a run: dicts of str, `bits` an int, figures floats or None."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["bits"] = int(row["bits"])
        row |= {name: float(row[name]) if row[name] else None for name in _METRICS}
    return rows


def read_elsewhere(path=RESULTS / "published_elsewhere.csv"):
    """Published figures on data or under protocols that are not run here: dicts of str."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contestants(method):
    """Names under which the comparison has a method and its variants."""
    return [name for name, contestant in CONTESTANTS.items() if contestant.method == method]


def figures(runs, contestant, stage="test", protocol="cifar10-s1", metric=MAP):
    """A contestant's figures over its seeds: dict, bits to a list of floats."""
    found = {}
    for row in runs:
        if (row["stage"], row["protocol"], row["contestant"]) == (stage, protocol, contestant):
            found.setdefault(row["bits"], []).append(row[metric])
    return {bits: found[bits] for bits in sorted(found) if None not in found[bits]}


def means(runs, contestant, **where):
    """Bits to the mean over seeds."""
    found = figures(runs, contestant, **where)
    return {bits: statistics.fmean(values) for bits, values in found.items()}


def by_length(runs, method):
    """Our mAP under `cifar10-s1`, a column for each code length; "" where nothing was run."""
    lines = []
    for name in contestants(method):
        found = figures(runs, name)
        if found:
            counts = sorted({len(values) for values in found.values()})
            cells = [cell(statistics.fmean(found[bits])) if bits in found else "" for bits in BITS]
            lines.append([f"`{name}`", *cells, "-".join(map(str, counts))])
    return table(["", *(f"{bits} bits" for bits in BITS), "seeds"], lines)


def other_protocols(runs, method):
    """Our figures on other data and protocols, a row for each; "" where nothing was run."""
    lines = []
    for name in contestants(method):
        for stage, protocol, metric in _OTHERS:
            found = figures(runs, name, stage, protocol, metric)
            if found:
                values = ", ".join(cell(statistics.fmean(of_seeds)) for of_seeds in found.values())
                counts = sorted({len(of_seeds) for of_seeds in found.values()})
                lines.append(
                    [
                        f"`{name}`",
                        f"`{protocol}`",
                        _METRICS[metric],
                        ", ".join(map(str, found)),
                        values,
                        "-".join(map(str, counts)),
                    ]
                )
    return table(["", "protocol", "metric", "bits", "here", "seeds"], lines)


def beside_published(runs, method):
    """Published figures with ours under the same protocol and metric; "" without any."""
    lines = []
    for row in PUBLISHED:
        if row.contestant in contestants(method):
            ours = means(runs, row.contestant, protocol=row.protocol, metric=row.metric)
            lines.append(
                [
                    f"`{row.contestant}`",
                    f"`{row.protocol}`, {_METRICS[row.metric]}",
                    ", ".join(map(str, row.figures)),
                    ", ".join(map(cell, row.figures.values())),
                    f"{row.backbone}; {row.source}",
                    ", ".join(cell(ours[bits]) if bits in ours else "-" for bits in row.figures),
                ]
            )
    header = ["", "protocol, metric", "bits", "published", "on; where", "here, frozen lite0"]
    return table(header, lines)


def published_elsewhere(rows, method):
    """Published figures that nothing here is to be compared with; "" without any."""
    names = contestants(method)
    lines = [
        [
            f"`{row['contestant']}`",
            f"{row['data']}, {row['metric']}",
            row["bits"].replace(" ", ", "),
            row["figures"].replace(" ", ", "),
            f"{row['backbone']}; {row['source']}",
        ]
        for row in rows
        if row["contestant"] in names
    ]
    return table(["", "data, metric", "bits", "published", "on; where"], lines)


def cell(value):
    """`0.81532` as `.815`, as the comparison's tables have it."""
    return f"{value:.3f}".lstrip("0")


def table(header, lines):
    """A table in Markdown; "" without lines."""
    if not lines:
        return ""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
