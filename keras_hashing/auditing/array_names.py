"""Which array of a file is meant by its name: codes, labels or ids, of queries or database."""

import re

_QUERY = frozenset(("q", "query", "queries", "test", "tst", "te", "val", "validation"))
_DATABASE = frozenset(("db", "database", "dataset", "gallery", "r", "ret", "retrieval", "base"))
_TRAIN = frozenset(("train", "trn", "tr", "training"))
_CODES = frozenset(("code", "codes", "b", "binary", "bits", "hash", "hashes", "signs", "sign"))
_LABELS = frozenset(("label", "labels", "l", "y", "target", "targets", "class", "classes"))
_IDS = frozenset(("id", "ids", "name", "names", "path", "paths", "file", "files", "filenames"))
ROLES = ("codes", "labels", "ids", "query_codes", "query_labels", "query_ids")


def roles(names):
    """The role of each array that has one.

    Names are read word by word: `query_codes`, `queryCodes`, `qB`, `test_binary`, `B_tst` are all
    codes of queries. Codes of training images stand for the database where nothing else does.

    Args:
        names: strs.

    Returns:
        dict, role of `ROLES` -> name.

    Raises:
        ValueError: two arrays of one role.
    """
    found: dict = {}
    trained: dict = {}
    for name in names:
        side, kind = _side_and_kind(name)
        if kind is None:
            continue
        taken = trained if side == "train" else found
        role = f"query_{kind}" if side == "query" else kind
        if role in taken:
            what = f"{kind} of the {side}" if side else kind
            raise ValueError(
                f"two arrays are {what}: {taken[role]!r} and {name!r}. Save the one that is "
                "meant under such a name alone."
            )
        taken[role] = name
    return found if "codes" in found else trained | found


def _side_and_kind(name):
    words = _words(name)
    kinds = (("labels", _LABELS), ("codes", _CODES), ("ids", _IDS))
    kind = next((kind for kind, known in kinds if known & words), None)
    sides = (("query", _QUERY), ("database", _DATABASE), ("train", _TRAIN))
    return next((side for side, known in sides if known & words), None), kind


def _words(name):
    """Words of a name in lower case: split at marks, digits and capitals, `testL` too."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return frozenset(word.lower() for word in words)
