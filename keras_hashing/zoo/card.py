"""An entry's README.md, written from its metadata alone."""

import dataclasses
import statistics

from keras_hashing import files
from keras_hashing.types import Path
from keras_hashing.zoo import catalog, entry_files
from keras_hashing.zoo import metadata as entries

_LABELS = {
    "map(expected)": "mAP, ties in random order (expected)",
    "map(best)": "mAP, ties relevant first",
    "map(worst)": "mAP, ties relevant last",
    "map(index)": "mAP, ties in database order",
    "queries_without_relevant": "queries with nothing relevant, left out",
    "bits_on(min)": "share of the database with a bit on, lowest bit",
    "bits_on(mean)": "share of the database with a bit on, mean",
    "bits_on(max)": "share of the database with a bit on, highest bit",
    "duplicate_codes": "share of the database whose code repeats another's",
    "half_precision_bits": "bits that storing weights in float16 leaves as they were",
}


def render_card(entry: entries.Entry) -> str:
    """Markdown text of the card.

    Args:
        entry: `Entry`.

    Returns:
        str. Figures are fractions in [0, 1], four digits; `metadata.json` has all digits.

    Example:
        >>> render_card(catalog.info("dhn_fashion_48")).splitlines()[0]
        '# dhn_fashion_48'
    """
    parts = [
        _head(entry),
        _figures(entry),
        _comparisons(entry),
        _protocol(entry),
        _training(entry),
        _use(entry),
    ]
    return "\n".join(part for part in parts if part)


def write_card(folder, entry):
    """Write README.md and metadata.json, the card's own hash included.

    Args:
        folder: `pathlib.Path` of the entry's folder.
        entry: `Entry`; what it says of the files is found out here, and it stays as it is.
    """
    with files.atomic_path(folder / entries.CARD) as temporary:
        temporary.write_text(render_card(entry), encoding="utf-8")
    described = dataclasses.replace(entry, files=entry_files.describe(folder))
    with files.atomic_path(folder / entries.METADATA) as temporary:
        temporary.write_text(described.to_json(), encoding="utf-8")


def record_reruns(name: Path, reruns: dict[int, float]) -> entries.Entry:
    """Put the figures of further seeds of an entry's recipe into its metadata and card.

    Args:
        name: str, a name of `keras_hashing.zoo.list()`, or the path of an entry's folder.
        reruns: dict of seed to mAP with ties in random order; a seed that is there is replaced.

    Returns:
        `Entry`.

    Raises:
        FileNotFoundError: a path without an entry.
        ValueError: an unknown name, or a figure that is no fraction in [0, 1].

    Example:
        >>> import shutil
        >>> entry = shutil.copytree(catalog.find("dhn_fashion_48"), "dhn_fashion_48")
        >>> record_reruns(entry, {7: 0.7021}).reruns["7"]
        0.7021
    """
    folder = catalog.find(name)
    entry = catalog.info(folder)
    merged = {**entry.reruns, **{str(seed): value for seed, value in reruns.items()}}
    write_card(folder, dataclasses.replace(entry, reruns=merged))
    return catalog.info(folder)


def figure(value):
    """A figure as tables print it: counts as they are, fractions with four digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def deviation(reruns):
    """Standard deviation of mAP over the seeds of `Entry.reruns` as tables print it; "" below 3."""
    return f" ± {statistics.stdev(reruns.values()):.4f}" if len(reruns) > 2 else ""


def label(key):
    """A figure's key in words, the convention kept: `map@1000(hits)` -> `mAP@1000(hits)`."""
    if key in _LABELS:
        return _LABELS[key]
    if key.startswith("precision@radius"):
        return f"precision within Hamming radius {key.removeprefix('precision@radius')}"
    if key.startswith("empty@radius"):
        return f"share of queries with nothing within radius {key.removeprefix('empty@radius')}"
    return key.replace("map", "mAP", 1)


def _head(entry):
    variant = f", variant `{entry.variant}`" if entry.variant else ""
    return f"""# {entry.name}

Method `{entry.method}`{variant}, {entry.bits} bits, on {entry.dataset}: backbone
`{entry.backbone}` at {entry.image_size} px, {entry.parameters:,} weights. Written by
`keras_hashing.zoo.save`; `metadata.json` holds the same figures with all digits.
"""


def _figures(entry):
    rows = [f"| {label(key)} | {figure(value)} |" for key, value in entry.metrics.items()]
    if entry.reruns:
        seeds = ", ".join(f"{value:.4f} (seed {seed})" for seed, value in entry.reruns.items())
        mean = f"{statistics.mean(entry.reruns.values()):.4f}{deviation(entry.reruns)}"
        rows.append(f"| the first of them over seeds of the recipe: {seeds} | {mean} |")
    if entry.paper:
        source = f"{entry.paper['source']}, {entry.paper['backbone']}"
        rows.append(f"| mAP that the paper states ({source}) | {entry.paper['map']} |")
    table = "\n".join(["| figure | value |", "|---|---|", *rows])
    return f"""## Figures

{table}

Computed from the codes in `codes.npz`, which the weights in this folder gave:
`keras-hashing zoo verify {entry.name}` computes them again.
"""


def _comparisons(entry):
    if not entry.comparisons:
        return ""
    own = entry.metrics.get("map(expected)")
    rows = [f"| **this entry's codes** | **{figure(own)}** | expected |"] if own else []
    rows += [
        f"| {row['text']} | {figure(row['map'])} | {row['ties']} |" for row in entry.comparisons
    ]
    table = "\n".join(["| ranking | mAP | ties |", "|---|---|---|", *rows])
    if any(row["row"] == "unseen" for row in entry.comparisons):
        advice = "read the rows on unseen classes before you deploy it."
    else:
        advice = "it can be worse than ITQ without labels; that was not measured for this entry."
    return f"""## To read beside them

{table}

A supervised code is good at the classes that it was trained on. Where the images to be searched
have other classes, {advice}
"""


def _protocol(entry):
    counts = ", ".join(f"{value:,} {key}" for key, value in entry.counts.items())
    if entry.protocol is None:
        return f"## Data\n\n{entry.dataset}: {counts}. Labels and ids are in `labels.npz`.\n"
    digests = "\n".join(
        f"| {key} | `{value}` |" for key, value in entry.protocol["digests"].items()
    )
    return f"""## Data

`{entry.protocol["name"]}`, seed {entry.protocol["seed"]}: {counts}. SHA-256 of the index lists:

| set | digest |
|---|---|
{digests}
"""


def _training(entry):
    rows = [f"| {key.replace('_', ' ')} | {value} |" for key, value in entry.training.items()]
    versions = ", ".join(f"{name} {version}" for name, version in entry.versions.items())
    table = "\n".join(["| | |", "|---|---|", *rows]) + "\n\n" if rows else ""
    return f"""## Training

{table}Versions: {versions}. Licence: {entry.licence or "not stated"}.
"""


def _use(entry):
    rows = [row["row"] for row in entry.comparisons]
    lengths = [int(row.removeprefix("first_")) for row in rows if row.startswith("first_")]
    shorter = "".join(
        f"\ncodes_{bits} = kh.codes.prefix(codes, {entry.bits}, {bits})  # its first bits"
        for bits in lengths
    )
    return f"""## Use

```python
import keras_hashing as kh

model = kh.zoo.load("{entry.name}")  # or the path of this folder
codes = kh.encode(model, images)  # (n, h, w, 3), values 0 to 255{shorter}
```
"""
