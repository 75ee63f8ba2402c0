"""What an audit found: for programs, as text, as a page and as a picture."""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from keras_hashing import checks
from keras_hashing.auditing import findings, page, plot, tables
from keras_hashing.auditing.bit_audit import BitAudit, RepeatedBit
from keras_hashing.auditing.repeats import Duplicates, Leaks
from keras_hashing.auditing.two_sides import Sides
from keras_hashing.types import Path


@dataclasses.dataclass(frozen=True, repr=False)
class Audit:
    """What can be said of a set of codes.

    Attributes:
        bits: int, code length.
        items: int, size of the database.
        queries: int, how many were searched with; queries_are: str, where they come from.
        queries_without_relevant: int, left out of every mean; None without labels.
        leaks: `keras_hashing.auditing.repeats.Leaks`; None where no queries were given.
        sides: `keras_hashing.auditing.two_sides.Sides`, whether queries and database fit; None
            where no queries were given, or fewer than eight.
        duplicates: `keras_hashing.auditing.repeats.Duplicates`.
        of_bits: `keras_hashing.auditing.bit_audit.BitAudit`.
        ties: tuple of `keras_hashing.auditing.tie_statistics.TiesAt`, cutoffs 100, 1,000 and
            5,000 as far as the database reaches, and the whole.
        tie_range: dict, name of a figure -> `keras_hashing.auditing.tie_statistics.Spread`;
            empty without labels.
        conventions: tuple of `keras_hashing.auditing.conventions.Convention`; empty
            without labels.
        notes: tuple of str, what was left out and why.

    Example:
        >>> import keras_hashing as kh
        >>> codes = np.array([[0], [1], [1], [3]], np.uint8)
        >>> found = kh.audit(codes, bits=3)
        >>> found.items, found.dead_bits
        (4, (2,))
    """

    bits: int
    items: int
    queries: int
    queries_are: str
    queries_without_relevant: int | None
    leaks: Leaks | None
    sides: Sides | None
    duplicates: Duplicates
    of_bits: BitAudit
    ties: tuple
    tie_range: dict
    conventions: tuple
    notes: tuple

    @property
    def dead_bits(self) -> tuple[int, ...]:
        """Tuple of int, bits that are the same in all items."""
        return self.of_bits.dead

    @property
    def duplicated_bits(self) -> tuple[RepeatedBit, ...]:
        """Tuple of `RepeatedBit`, live bits equal or opposite to an earlier one."""
        return self.of_bits.repeated

    @property
    def balance(self) -> np.ndarray:
        """float64 `(bits,)`, share of the items for which a bit is on."""
        return self.of_bits.balance

    @property
    def entropy(self) -> dict[str, float]:
        """dict of floats in bits.

        "per_bit" is the mean entropy of a bit, at most 1; "codes" that of the codes as they
        occur, and "codes_most" what as many items of this length could reach.
        """
        return {
            "per_bit": float(self.of_bits.entropy.mean()),
            "codes": self.duplicates.code_entropy,
            "codes_most": float(min(self.bits, np.log2(self.items))),
        }

    @property
    def faults(self) -> tuple[str, ...]:
        """Tuple of str, sentences on what should be mended or explained."""
        return findings.faults(self)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Tuple of str, sentences that belong beside a figure made from these codes."""
        return findings.remarks(self)

    def __repr__(self):
        said = [f"! {fault}" for fault in self.faults] or ["No fault was found."]
        said += [f"- {remark}" for remark in self.remarks]
        return "\n".join([f"Audit of {tables.headline(self)}", *said])

    def _repr_html_(self):
        return page.html(self, "Audit", whole=False)

    def to_html(self, path: Path, name: str = "codes") -> None:
        """Write all of it, tables and picture, as a page that needs no other file.

        Args:
            path: str or path-like, ending in .html; written whole or not at all.
            name: str, what the codes are called.

        Raises:
            ValueError: another ending.
        """
        checks.one_of("ending of path", pathlib.Path(path).suffix.lower(), (".html",))
        page.write(path, self, name)

    def to_dict(self) -> dict[str, Any]:
        """All of it ready for JSON; of the correlation and of the group sizes only summaries."""
        duplicates = dataclasses.asdict(self.duplicates)
        del duplicates["group_sizes"]
        return {
            "bits": self.bits,
            "items": self.items,
            "queries": self.queries,
            "queries_are": self.queries_are,
            "queries_without_relevant": self.queries_without_relevant,
            "faults": list(self.faults),
            "remarks": list(self.remarks),
            "leaks": None if self.leaks is None else dataclasses.asdict(self.leaks),
            "sides": None if self.sides is None else dataclasses.asdict(self.sides),
            "duplicates": duplicates,
            "dead_bits": list(self.dead_bits),
            "duplicated_bits": [dataclasses.asdict(bit) for bit in self.duplicated_bits],
            "balance": self.balance.tolist(),
            "bit_entropy": self.of_bits.entropy.tolist(),
            "entropy": self.entropy,
            "correlation": {
                "mean": self.of_bits.correlation_mean,
                "most": self.of_bits.correlation_most,
                "items": self.of_bits.correlated_items,
            },
            "ties": [dataclasses.asdict(at) for at in self.ties],
            "tie_range": {name: dataclasses.asdict(s) for name, s in self.tie_range.items()},
            "conventions": [dataclasses.asdict(row) for row in self.conventions],
            "notes": list(self.notes),
        }

    def plot(self, path: Path) -> None:
        """Draw balance, correlation, repetitions, ties and the figures of all conventions.

        Args:
            path: str or path-like, ending in .png, .svg or .pdf; written whole or not at all.

        Raises:
            ValueError: another ending.
        """
        plot.save(self, path)
