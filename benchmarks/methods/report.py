"""The plot and the tables of the comparison, from the table of runs."""

import numpy as np

from benchmarks.methods.published import PUBLISHED
from benchmarks.methods.settings import (
    BITS,
    CONTESTANTS,
    NESTED,
    NESTED_BITS,
    ORIGINAL_BITS,
    SEEDS,
)
from keras_hashing import files

HEADER = """# All methods on equal terms

Written by `python -m benchmarks.methods`; the figures of every run are in
[methods.csv](results/methods.csv).

CIFAR-10, `cifar10-s1` unless said otherwise: 1,000 queries, 5,000 training images, a database of
the 54,000 others. Every method trains on the same features of a frozen EfficientNet-Lite0 at 224
px, standardised. Those with gradients have the same budget, 20 epochs in batches of 64 by AdamW (6
epochs on the 50,000 images of `cifar10-orig`). Those that learn from labels have the same hidden
layer of 512 units with dropout 0.5, but for DPSH, which has dropout alone, and KSH; the
unsupervised ones are linear, as in their papers, but for CIBHash. Each had its setting chosen among
at most six, at 32 bits, on the 500 validation images, and was then trained on all training images.
mAP is over the whole database, the mean over all orders of equal distances, and the mean of three
seeds where the table does not say otherwise (one for what draws nothing). Unsupervised methods saw
no labels in training; their setting was chosen by the labels of the validation images. Methods and
lengths whose runs are not done yet are left out; the command goes on with them.

Not quite equal: more than six settings of DPSH and of unsupervised GreedyHash were tried on
validation images before their first weights and DPSH's head were settled. `dlbhc, wide` and
`greedyhash, 60 epochs` are outside the common budget, and were added after the test figures of
`dlbhc` and `greedyhash` were known. The design of `mixed` and its share of supervised bits were
chosen on the test queries of seed 0 against a part of the database, so its rows are optimistic. The
features are of the network's float32 weights; the package has had them as float16 since, which
moved mAP of the zoo's entries by at most .0016.
"""


def write(table, folder):
    """Write `methods.md` beside the folder of results, and the plot `methods.png`.

    Args:
        table: `Table`.
        folder: path-like of the results.
    """
    sections = [HEADER, "![mAP against code length](results/methods.png)", _main(table)]
    sections += [_references(table), _published(table), _unseen(table), _original(table)]
    sections += [_multifashion(table)]
    if table.select(stage="nested"):
        sections.append(_nested(table))
    with files.atomic_path(folder.parent / "methods.md") as temporary:
        temporary.write_text(
            "\n\n".join(section.strip() for section in sections) + "\n", encoding="utf-8"
        )
    plot(table, folder / "methods.png")


def mean_of(table, column="map", **wanted):
    """Mean over seeds of a column, or None where there is no run."""
    values = [row[column] for row in table.select(**wanted) if row[column] != ""]
    return float(np.mean(values)) if values else None


def plot(table, path):
    """mAP against bits, methods with labels on the left, without on the right."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, with_labels in zip(figure.subplots(1, 2), (True, False), strict=True):
        curves = {}
        for name, contestant in CONTESTANTS.items():
            if (contestant.labels != "none") != with_labels:
                continue
            means = {bits: mean_of(table, **_s1(name, bits)) for bits in BITS}
            curves[name] = {bits: value for bits, value in means.items() if value is not None}
        curves = {name: curve for name, curve in curves.items() if curve}
        ranked = sorted(curves, key=lambda name: -curves[name].get(48, 0.0))
        for number, name in enumerate(ranked):
            style = ("-", "--", ":")[number // 10]
            axes.plot(*zip(*curves[name].items(), strict=True), style, marker=".", label=name)
        axes.set_xscale("log", base=2)
        axes.set_xticks(BITS, [str(bits) for bits in BITS])
        axes.set(xlabel="bits", ylabel="mAP, ties expected")
        axes.set_title("trained with labels" if with_labels else "trained without labels")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, ncols=2, frameon=False)
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        figure.savefig(file, format="png", dpi=100)


def _s1(name, bits, protocol="cifar10-s1"):
    return {"stage": "test", "protocol": protocol, "contestant": name, "bits": bits}


def _markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _cell(value, digits=3):
    return "" if value is None else f"{value:.{digits}f}".lstrip("0")


def _main(table):
    rows = []
    for name in CONTESTANTS:
        values = [mean_of(table, **_s1(name, bits)) for bits in BITS]
        if any(value is not None for value in values):
            found = [row["map"] for row in table.select(**_s1(name, 48))]
            spread = _cell(np.std(found), 4) if len(found) > 1 else ""
            rows.append((values[BITS.index(48)] or 0.0, name, values, str(len(found)), spread))
    rows.sort(key=lambda row: -row[0])
    header = ["method", *(f"{bits} bits" for bits in BITS), "seeds", "deviation, 48 bits"]
    body = [[name, *map(_cell, values), *rest] for _, name, values, *rest in rows]
    return "## mAP by code length, `cifar10-s1`\n\n" + _markdown(header, body)


def _references(table):
    rows = [[row["contestant"], _cell(row["map"])] for row in table.select(stage="reference")]
    before = []
    for name in CONTESTANTS:
        for row in table.select(**_s1(name, 48), seed=0):
            cells = (row["map"], row["map_cosine"], row["map_inner"])
            before.append([name, *(_cell(value) for value in cells if value != "")])
    return (
        "## To read beside them\n\nmAP of rankings by what is not a trained code, same sets:\n\n"
        + _markdown(["ranking", "mAP"], rows)
        + "\n\nWhat the sign costs at 48 bits (seed 0): codes, and the outputs before it.\n\n"
        + _markdown(["method", "codes", "cosine", "inner product"], before)
    )


def _published(table):
    rows = []
    for row in PUBLISHED:
        wanted = {"stage": "test", "protocol": row.protocol, "contestant": row.contestant}
        ours = [mean_of(table, row.metric, bits=bits, **wanted) for bits in row.figures]
        if all(value is None for value in ours):
            continue
        kind = "mAP@1000(hits)" if row.metric == "map_at_1000_hits" else "mAP"
        rows.append(
            [
                row.contestant,
                row.protocol,
                kind,
                ", ".join(map(str, row.figures)),
                ", ".join(_cell(value) for value in row.figures.values()),
                f"{row.backbone}; {row.source}",
                ", ".join(_cell(value) for value in ours),
            ]
        )
    header = ["method", "protocol", "metric", "bits", "published", "on", "here, frozen lite0"]
    return (
        "## Beside published figures\n\nThe backbones differ, so these say that an implementation "
        "works, not that a method is better than its paper. Ours is on frozen features "
        "throughout. `dlbhc, wide` has 1,024 hidden units, dropout 0.2 and 12 epochs of the 50,000 "
        "images; fine-tuned, the zoo's `dlbhc_cifar10_48` lies above its paper at all three "
        "lengths (its card has them). `greedyhash, 60 epochs` has what it says. Where a source "
        "does not say whether its database holds the training images, ours does not.\n\n"
        + _markdown(header, rows)
    )


def _unseen(table):
    rows = []
    for name in CONTESTANTS:
        wanted = {"stage": "unseen", "contestant": name}
        new = mean_of(table, **wanted)
        if new is not None:
            known = mean_of(table, "map_seen", **wanted)
            rows.append((-new, [name, *map(_cell, (new, known, mean_of(table, **_s1(name, 48))))]))
    header = [
        "method, 48 bits",
        "queries of classes 7-9",
        "queries of classes 0-6",
        "trained on all classes",
    ]
    return (
        "## Classes that training never saw, `cifar10-unseen`\n\nLabels of classes 0 to 6 only; "
        "the database holds all ten classes. Methods without labels were fitted to all 5,000 "
        "training images, `mixed` too: to those of classes 7 to 9 without their labels. The last "
        "column is mAP with labels of all classes.\n\n"
        + _markdown(header, [row for _, row in sorted(rows)])
    )


def _original(table):
    rows = []
    for name, contestant in CONTESTANTS.items():
        if contestant.labels != "none":
            continue
        wanted = {"stage": "test", "protocol": "cifar10-orig", "contestant": name}
        cells = [
            f"{_cell(mean_of(table, 'map_at_1000_hits', bits=bits, **wanted))} / "
            f"{_cell(mean_of(table, bits=bits, **wanted))}"
            for bits in ORIGINAL_BITS
            if table.select(bits=bits, **wanted)
        ]
        if cells:
            rows.append([name, *cells])
    header = ["method", *(f"{bits} bits" for bits in ORIGINAL_BITS)]
    return (
        "## Without labels, `cifar10-orig`\n\n10,000 queries, fitted to and searched in the 50,000 "
        "images of the train split; mAP@1000(hits) / mAP, one seed.\n\n" + _markdown(header, rows)
    )


def _nested(table):
    rows = []
    for name in NESTED:
        pairs = [
            [mean_of(table, **{**_s1(name, bits), "stage": stage}) for stage in ("nested", "test")]
            for bits in NESTED_BITS
        ]
        if all(nested is None for nested, _ in pairs):
            continue
        rows.append([f"nested {name}", *(" / ".join(map(_cell, pair)) for pair in pairs)])
    return (
        "## One model, many lengths\n\n`Nested` with the same budget and setting: mAP of the first "
        "bits of one model's codes / of a model trained for that length alone; three seeds "
        "each.\n\n" + _markdown(["method", *(f"{bits} bits" for bits in NESTED_BITS)], rows)
    )


def _multifashion(table):
    rows = []
    for name in CONTESTANTS:
        found = table.select(stage="test", protocol="multifashion", contestant=name)
        if found:
            values = [row["map"] for row in found]
            cells = [_cell(np.mean(values), 4), " ".join(_cell(value, 4) for value in values)]
            rows.append([name, *cells])
    return (
        "## Several labels, unequal classes: `multifashion`\n\nCanvases of 1 to 4 items of "
        "Fashion-MNIST, classes drawn with Zipf exponent 1; lite0 at 128 px, 48 bits, setting "
        f"chosen on its own validation images; mAP, mean of {len(SEEDS)} seeds, and each.\n\n"
        + _markdown(["method", "mAP", "seeds"], rows)
    )
