"""The lines of a list file cut into fields, however they are separated."""

import csv
import re

from keras_hashing.data.images import EXTENSIONS

BETWEEN = re.compile(r"\s*[,;|]\s*")  # several labels of one image

_ENDS = "|".join(re.escape(end[1:]) for end in sorted(EXTENSIONS, key=len, reverse=True))
# A path in quotes, or all up to the last image's extension, so that it may hold spaces.
_PATH_FIRST = re.compile(rf'\s*(?:"([^"]+)"|(.*\.(?:{_ENDS})))(?=$|[\s,;|])(.*)$', re.IGNORECASE)
_FLAGS = {"0", "1"}
_IS_IMAGE = re.compile(rf".*\.(?:{_ENDS})\s*$", re.IGNORECASE)


def read(path, keep_empty=False):
    """Lines of a text file in UTF-8.

    Args:
        path: `pathlib.Path`.
        keep_empty: bool, keep empty lines other than those at the end.

    Returns:
        List of (line number from 1 on, text).

    Raises:
        ValueError: not text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file in UTF-8: {error}.") from error
    numbered = list(enumerate(text.splitlines(), start=1))
    while numbered and not numbered[-1][1].strip():
        numbered.pop()
    return [(line, text) for line, text in numbered if keep_empty or text.strip()]


def fields(path, lines):
    """Cut lines into fields.

    Args:
        path: `pathlib.Path`; its extension tells CSV.
        lines: list of (line number, text), none empty.

    Returns:
        List of (line number, list of str). The path is the first field, unless the file has
        columns of its own, under a header.
    """
    found = [_PATH_FIRST.match(text) for _, text in lines]
    delimiter = _delimiter(path, [text for _, text in lines], found)
    if delimiter:
        rows = [(line, _cut(text, delimiter)) for line, text in lines]
        if delimiter == "\t":
            return [(line, [first, *_loosened(rest)]) for line, (first, *rest) in rows]
        return rows
    if not all(found[1:]) or (len(found) == 1 and not found[0]):
        return [(line, text.split()) for line, text in lines]  # so paths hold no spaces
    return [
        (line, [(match[1] or match[2]).strip(), *labels_of(match[3])] if match else text.split())
        for (line, text), match in zip(lines, found, strict=True)
    ]


def labels_of(text):
    """The label fields in what follows a path, separated by spaces; words are one field."""
    parts = text.split()
    if len(parts) <= 1 or _FLAGS.issuperset(parts) or all(is_number(part) for part in parts):
        return parts
    joined = BETWEEN.sub(",", text.strip())  # `3, 7` is one field, as `3,7`
    return [joined]


def is_image(field):
    """Whether a field ends in the extension of an image."""
    return bool(_IS_IMAGE.match(field))


def is_number(text):
    """Whether a field is a number of any kind."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _delimiter(path, texts, found):
    """Tab, comma, semicolon or bar, whichever follows the path; "" for spaces."""
    if all("\t" in text.strip() for text in texts):
        return "\t"
    behind = [match[3].lstrip()[:1] for match in found if match]
    if behind:
        return next((mark for mark in behind if mark and mark in ",;|"), "")
    is_csv = path.suffix.lower() == ".csv"
    return next(
        (
            mark
            for mark in ";,|"
            if all(mark in text and (is_csv or not re.search(r"\s", text)) for text in texts)
        ),
        "",
    )


def _cut(text, delimiter):
    (row,) = csv.reader([text], delimiter=delimiter, skipinitialspace=True)
    return [field.strip() for field in row]


def _loosened(rest):
    """The fields behind a tab; one field of several numbers is as many fields."""
    return labels_of(rest[0]) if len(rest) == 1 else rest
