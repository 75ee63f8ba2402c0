"""The tables of results, generated from the entries: zoo/RESULTS.md and the README's.

python -m tools.zoo_tables [--cards]
"""

import argparse
import csv
import pathlib

from keras_hashing import files, resources
from keras_hashing.zoo import catalog
from keras_hashing.zoo.card import deviation, figure, write_card

BEGIN = "<!-- zoo table: written by `python -m tools.zoo_tables` -->"
END = "<!-- end of the zoo table -->"

_HEADER = (
    "entry",
    "backbone, px",
    "protocol",
    "mAP (expected)",
    "best … worst",
    "in database order",
    "mAP@1000(hits)",
    "P@H≤2",
    "MB",
    "images/s",
)
SPEEDS = "encode_speed.csv"  # in zoo/, written by benchmarks/encode_speed.py


def short_table():
    """Markdown for the README: a line an entry, and heads on a shared backbone by their bits.

    mAP with ties in random order; "" without entries.
    """
    entries = [catalog.info(name) for name in catalog.shipped()]
    own = [_line(entry) for entry in entries if entry.shared_backbone is None]
    heads: dict = {}
    for entry in entries:
        if entry.shared_backbone is not None:
            place = f"{_data(entry)}, {entry.backbone} at {entry.image_size} px"
            heads.setdefault(place, []).append(entry)
    parts = [_markdown(_HEADER, own)] if own else []
    if heads:
        parts.append(
            "Heads on a frozen backbone, mAP (expected) by the number of bits that stands for BITS "
            "in the name; ± is the standard deviation over three seeds of the recipe, where it was "
            "trained three times."
        )
    for place, some in sorted(heads.items(), key=lambda item: -len(item[1])):
        parts += [f"{place}:", _by_bits(some)]
    return "\n\n".join(parts)


def results_page():
    """Text of `zoo/RESULTS.md`: a line an entry, with a link to its card."""
    entries = [catalog.info(name) for name in catalog.shipped()]
    lines = [(*_line(entry, linked=True), _paper(entry)) for entry in entries]
    parts = [
        "# Results of the zoo",
        "Generated from the entries by `python -m tools.zoo_tables`; do not edit. "
        "`keras-hashing zoo verify` computes the figures again from the codes. Database order "
        "of ties is for comparison with published figures. mAP@1000(hits) divides by the hits "
        "found. ±: standard deviation over seeds of the recipe, where it was trained three times "
        "(`keras-hashing zoo reproduce NAME --seeds 3 --record`). Images/s: encoding on two "
        "CPU cores, `python -m benchmarks.encode_speed`. A card, "
        "behind the entry's name, has all figures, the rankings to read beside them, the "
        "protocol's digests and the training.",
    ]
    if lines:
        parts.append(_markdown((*_HEADER, "the paper's mAP"), lines))
    return "\n\n".join(parts) + "\n"


def update_tables(root):
    """Write `zoo/RESULTS.md`, and the table in README.md where its markers are.

    Args:
        root: path-like, a checkout.

    Returns:
        List of the paths that changed.
    """
    root = pathlib.Path(root)
    wanted = {root / "zoo" / "RESULTS.md": results_page()}
    readme = root / "README.md"
    if readme.is_file() and BEGIN in readme.read_text(encoding="utf-8"):
        wanted[readme] = _with_table(readme.read_text(encoding="utf-8"))
    changed = []
    for path, text in wanted.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            with files.atomic_path(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def refresh(name):
    """Write an entry's card again from its metadata, after a change of the card's wording."""
    entry = catalog.info(name)
    write_card(entry.path, entry)


def _with_table(text):
    before, _, rest = text.partition(BEGIN)
    if END not in rest:
        raise ValueError(f"README.md has the line {BEGIN} but not {END}. Add it after the table.")
    after = rest.partition(END)[2]
    lines = [BEGIN, *filter(None, [short_table()]), END]
    return before + "\n".join(lines) + after


def _line(entry, linked=False):
    found = entry.metrics

    def show(key):
        return figure(found[key]) if key in found else "-"

    return (
        f"[{entry.name}](entries/{entry.name}/README.md)" if linked else f"`{entry.name}`",
        f"{entry.backbone}, {entry.image_size}",
        _data(entry),
        show("map(expected)") + deviation(entry.reruns),
        f"{show('map(best)')} … {show('map(worst)')}",
        show("map(index)"),
        show("map@1000(hits)"),
        show("precision@radius2"),
        f"{sum(facts['size'] for facts in entry.files.values()) / 1e6:.1f}",
        _speeds().get((entry.backbone, entry.image_size), "-"),
    )


def _speeds():
    """Images a second as measured, str, by backbone and its image size in pixels."""
    try:
        text = resources.zoo_path(SPEEDS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    rows = csv.DictReader(text.splitlines())
    return {(row["backbone"], int(row["image_size"])): row["images_per_second"] for row in rows}


def _data(entry):
    return entry.protocol["name"] if entry.protocol else entry.dataset


def _paper(entry):
    if not entry.paper:
        return ""
    return f"{entry.paper['map']} ({entry.paper['source']}, {entry.paper['backbone']})"


def _by_bits(entries):
    """A line a method, a column a code length: mAP with ties in random order."""
    found: dict = {}
    for entry in entries:
        name = entry.name.replace(f"_{entry.bits}", "_BITS")
        found.setdefault(name, {})[entry.bits] = entry
    lengths = sorted({entry.bits for entry in entries})
    best = lengths[-1]
    order = sorted(found, key=lambda name: -_map(found[name].get(best)))
    rows = [
        (f"`{name}`", *(_cell(found[name][n]) if n in found[name] else "" for n in lengths))
        for name in order
    ]
    return _markdown(("entry", *(f"{bits} bits" for bits in lengths)), rows)


def _map(entry):
    return 0.0 if entry is None else entry.metrics.get("map(expected)", 0.0)


def _cell(entry):
    return figure(_map(entry)) + deviation(entry.reruns)


def _markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description="Write zoo/RESULTS.md and the README's table.")
    parser.add_argument(
        "root", type=pathlib.Path, nargs="?", default=pathlib.Path(), help="a checkout; default: ."
    )
    parser.add_argument("--cards", action="store_true", help="write every entry's card again too")
    arguments = parser.parse_args()
    if not (arguments.root / "zoo").is_dir():
        parser.error(f"{arguments.root.resolve()} is no checkout: it has no folder zoo")
    if arguments.cards:
        for name in catalog.shipped():
            refresh(name)
    changed = update_tables(arguments.root)
    print("\n".join(f"Wrote {path}" for path in changed) or "Nothing changed.")


if __name__ == "__main__":
    main()
