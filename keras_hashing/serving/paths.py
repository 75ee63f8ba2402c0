"""Which request a method and a path are, by TensorFlow Serving's rules.

Source: TensorFlow Serving, `http_rest_api_util.cc`: path and query are matched together, before
percent-decoding; the case of letters does not matter, but for the verb.
"""

import dataclasses
import re
import urllib.parse

from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.versions import LARGEST

_NAME = r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
_PREDICT = re.compile(_NAME + r":(predict|classify|regress)", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(_NAME + r"(/metadata)?", re.IGNORECASE | re.ASCII)


@dataclasses.dataclass(frozen=True)
class Call:
    """What a request asks for.

    Args:
        kind: str, "predict", "classify", "regress", "status", "metadata" or "options".
        name: str, the model's; empty for "options".
        number: int, the version, or None.
        label: str, the version's label, or None.
    """

    kind: str
    name: str = ""
    number: int | None = None
    label: str | None = None


def inner(scope):
    """Path as sent, below the one under which the application is mounted.

    Args:
        scope: dict of ASGI; `root_path`, where it is mounted, is decoded, `raw_path` is not.

    Returns:
        str, percent-encoded.
    """
    raw = (scope.get("raw_path") or urllib.parse.quote(scope["path"]).encode()).decode("latin-1")
    root = scope.get("root_path", "").rstrip("/")
    ends = [place for place, letter in enumerate(raw) if letter == "/"] if root else []
    for end in ends:
        if urllib.parse.unquote(raw[:end]) == root:
            return raw[end:]
    return raw


def match(method, path, origin=""):
    """The call that a request is.

    Args:
        method: str, in capitals.
        path: str, path and query as sent.
        origin: str, the header of this name.

    Raises:
        ApiError: 400 for everything else, also for methods that do not fit.
    """
    if method == "OPTIONS" and origin.startswith(("http://", "https://")):
        return Call("options")
    if method == "POST" and (found := _PREDICT.fullmatch(path)):
        *target, verb = found.groups()
        if verb == verb.lower():
            return Call(verb, *_target(*target))
    if method == "GET":
        if path.lower() == "/v1/models":
            raise ApiError(400, "Missing model name in request.")
        if found := _STATUS.fullmatch(path):
            *target, metadata = found.groups()
            return Call("metadata" if metadata else "status", *_target(*target))
    raise ApiError(400, f"Malformed request: {method} {path}")


def _target(name, number, label):
    if number is not None:
        # Python refuses to convert thousands of digits, so their number is looked at first.
        digits = number.lstrip("0") or "0"
        if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
            raise ApiError(400, f"Failed to convert version: {number[:40]} to numeric.")
        number = int(digits)
    decode = urllib.parse.unquote
    return decode(name), number, label and decode(label)
