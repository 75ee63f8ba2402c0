"""The zoo's entries of one method, as a table in Markdown."""

import json
import pathlib

from docs.hooks.results import table

ENTRIES = pathlib.Path(__file__).parents[2] / "zoo" / "entries"


def read_entries(folder=ENTRIES):
    """Metadata of all entries: list of dicts, sorted by name."""
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*/metadata.json"))
    ]


def of_method(entries, method):
    """A row for each entry of a method, with a link to its card; "" where there is none."""
    lines = [
        [
            f"[`{entry['name']}`](../zoo/{entry['name']}.md)",
            f"`{entry['protocol']['name'] if entry['protocol'] else entry['dataset']}`",
            f"{entry['backbone']}, {entry['image_size']} px",
            str(entry["bits"]),
            f"{entry['metrics']['map(expected)']:.4f}",
        ]
        for entry in entries
        if entry["method"] == method
    ]
    return table(["entry", "protocol", "backbone", "bits", "mAP (expected)"], lines)
