"""The tables of results, generated from the entries: zoo/RESULTS.md and the README's."""

import pathlib

from keras_hashing import files
from keras_hashing.zoo import catalog, saving
from keras_hashing.zoo.card import figure, label

BEGIN = "<!-- zoo table: written by `keras-hashing zoo table` -->"
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
)


def short_table():
    """Markdown table with a line an entry, mAP with ties in random order; "" without entries."""
    rows = [_line(catalog.info(name)) for name in catalog.shipped()]
    return _markdown(_HEADER, rows) if rows else ""


def results_page():
    """Text of `zoo/RESULTS.md`: the short table, then each entry's rows for comparison."""
    parts = [
        "# Results of the zoo",
        "Generated from the entries by `keras-hashing zoo table`; do not edit. "
        "`keras-hashing zoo verify` computes the figures again from the codes. Database order "
        "of ties is for comparison with published figures. mAP@1000(hits) divides by the hits "
        "found.",
        short_table(),
    ]
    for name in catalog.shipped():
        parts += _section(catalog.info(name))
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
    """Write an entry's card anew from its metadata, after a change of the card's wording."""
    entry = catalog.info(name)
    saving.write_card(entry.path, entry)


def _with_table(text):
    before, _, rest = text.partition(BEGIN)
    if END not in rest:
        raise ValueError(f"README.md has the line {BEGIN} but not {END}. Add it after the table.")
    after = rest.partition(END)[2]
    lines = [BEGIN, *filter(None, [short_table()]), END]
    return before + "\n".join(lines) + after


def _line(entry):
    found = entry.metrics

    def show(key):
        return figure(found[key]) if key in found else "-"

    return (
        f"`{entry.name}`",
        f"{entry.backbone}, {entry.image_size}",
        entry.protocol["name"] if entry.protocol else entry.dataset,
        show("map(expected)"),
        f"{show('map(best)')} … {show('map(worst)')}",
        show("map(index)"),
        show("map@1000(hits)"),
        show("precision@radius2"),
        f"{sum(facts['size'] for facts in entry.files.values()) / 1e6:.1f}",
    )


def _section(entry):
    rows = [(label(key), figure(value), "") for key, value in entry.metrics.items()]
    rows += [(row["text"], figure(row["map"]), row["ties"]) for row in entry.comparisons]
    if entry.paper:
        source = f"the paper: {entry.paper['source']}, {entry.paper['backbone']}"
        rows.append((source, str(entry.paper["map"]), ""))
    return [f"## {entry.name}", _markdown(("figure", "value", "ties"), rows)]


def _markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
