"""The figures of all finished runs: a CSV file, written whole after each run."""

import csv
import dataclasses
import pathlib

from benchmarks.methods.runs import Run
from keras_hashing import files

KEY = tuple(field.name for field in dataclasses.fields(Run))
FIGURES = (
    "map",
    "map_best",
    "map_worst",
    "map_at_1000_hits",
    "precision_radius",
    "map_cosine",
    "map_inner",
    "map_seen",
    "seconds",
)


class Table:
    """Rows of figures by run and protocol.

    Args:
        path: path-like of the CSV file; made if it is not there.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.rows = []
        if self.path.is_file():
            with self.path.open(newline="", encoding="utf-8") as file:
                self.rows = [_typed(row) for row in csv.DictReader(file)]

    def has(self, run):
        wanted = dataclasses.asdict(run)
        names = {run.protocol, "cifar10-unseen"} if run.stage == "unseen" else {run.protocol}
        return any(
            row["protocol"] in names
            and all(row[key] == value for key, value in wanted.items() if key != "protocol")
            for row in self.rows
        )

    def add(self, rows):
        """Take in a run's rows and write the file."""
        self.rows += [{key: row.get(key, "") for key in (*KEY, *FIGURES)} for row in rows]
        self.rows.sort(key=lambda row: tuple(str(row[key]).zfill(4) for key in KEY))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with (
            files.atomic_path(self.path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, (*KEY, *FIGURES), lineterminator="\n")
            writer.writeheader()
            writer.writerows(
                [{key: _short(value) for key, value in row.items()} for row in self.rows]
            )

    def select(self, **wanted):
        """The rows with these values."""
        return [row for row in self.rows if all(row[key] == value for key, value in wanted.items())]


def _short(value):
    return f"{value:.6f}" if isinstance(value, float) else value


def _typed(row):
    typed = {key: row[key] for key in ("stage", "protocol", "contestant")}
    typed |= {key: int(row[key]) for key in ("setting", "bits", "seed")}
    return typed | {key: float(row[key]) if row[key] else "" for key in FIGURES}
