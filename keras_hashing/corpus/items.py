"""One image of a source, as it was read."""

import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Item:
    """What reading one image's bytes gave.

    Args:
        name: str, where the image is: a path below the source, or a file and a row, `a.parquet#3`.
        label: int, class number; None without labels.
        content: bytes of the image file; None if they could not be read.
        problem: str, why there is nothing to decode; None if all is well.
    """

    name: str
    label: int | None = None
    content: bytes | None = None
    problem: str | None = None


def printable(name):
    """A name as valid Unicode, whatever bytes a file's name holds."""
    return os.fsencode(name).decode("utf-8", "replace")
