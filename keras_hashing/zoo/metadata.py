"""What an entry's `metadata.json` holds, written and read field by field."""

import dataclasses
import html
import json
import math
import pathlib
import re
import typing

from keras_hashing import checks

FORMAT = 1
METADATA = "metadata.json"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
CODES = "codes.npz"
LABELS = "labels.npz"
CARD = "README.md"
RECIPE = "recipe.toml"

# Every file that an entry may have besides `metadata.json`.
FILES = (CONFIG, WEIGHTS, CODES, LABELS, CARD, RECIPE)

_PROTOCOL = {"name", "seed", "digests", "labels_sha256"}
_NEEDED = (CONFIG, WEIGHTS, CODES)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_JSON_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True, repr=False)
class Entry:
    """One published model, as its `metadata.json` describes it.

    Attributes:
        name: str, `<method>_<dataset>_<bits>` and perhaps a further word.
        method: str, its name in `keras_hashing.methods.NAMES`.
        bits: int, the code length.
        dataset: str.
        backbone: str, a name that `keras_hashing.backbones.get` takes.
        image_size: int, side in pixels of the square that images are resized to.
        counts: dict, "query", "database", "train" and "validation" to a number of images.
        metrics: dict, figure's name with its convention to a number; see the card.
        files: dict, file name to a dict of `size` (bytes) and `sha256` (hex).
        versions: dict, package to version.
        variant: str or None, of the method.
        parameters: int, number of weights.
        protocol: dict of `name`, `seed`, `digests` (set name to the SHA-256 of its list of
            indices) and `labels_sha256` (of the labels stored once for all entries, None where
            the entry has its own); None for data of somebody's own.
        comparisons: list of dicts `row`, `text`, `map`, `ties`: figures to read beside the
            entry's own, on the same queries and database unless the text says otherwise.
        training: dict: command, epochs, seconds and the like.
        reruns: dict of a seed, as str, to the mAP (expected) that the recipe gave with it, the
            entry's own seed among them; empty unless `zoo reproduce --record` ran.
        paper: dict of `source`, `map`, `backbone`, `note`; None without a published figure.
        licence: str.
        shared_backbone: str or None, SHA-256 of the package's file of the backbone's weights,
            where the entry has those and does not repeat them.
        format: int, of the folder; this version reads up to 1.
        path: `pathlib.Path` of the folder, not stored.

    Example:
        >>> import keras_hashing as kh
        >>> entry = kh.zoo.info("dhn_fashion_48")
        >>> entry.method, entry.bits, entry.protocol["name"]
        ('dhn', 48, 'fashion-s1')
    """

    name: str
    method: str
    bits: int
    dataset: str
    backbone: str
    image_size: int
    counts: dict
    metrics: dict
    files: dict
    versions: dict
    variant: str | None = None
    parameters: int = 0
    protocol: dict | None = None
    comparisons: list = dataclasses.field(default_factory=list)
    training: dict = dataclasses.field(default_factory=dict)
    reruns: dict = dataclasses.field(default_factory=dict)
    paper: dict | None = None
    licence: str = ""
    shared_backbone: str | None = None
    format: int = FORMAT
    path: pathlib.Path | None = dataclasses.field(default=None, compare=False)

    def __post_init__(self):
        check_name(self.name)
        checks.bits(self.bits)
        checks.whole("image_size", self.image_size, 8, 4096)
        checks.whole("parameters", self.parameters, 0, None)
        _check_types(self)
        for name, value in self.metrics.items():
            checks.between(f"metrics[{name!r}]", value, None, None)
        for seed, value in self.reruns.items():
            checks.between(f"reruns[{seed!r}]", value, 0.0, 1.0)
        for row in self.comparisons:
            if not isinstance(row, dict) or not {"row", "text", "map", "ties"} <= row.keys():
                raise ValueError("`comparisons` must hold dicts of row, text, map and ties.")
            checks.between("map of comparisons", row["map"], None, None)
        if self.protocol is not None and set(self.protocol) != _PROTOCOL:
            raise ValueError(f"`protocol` must have {', '.join(sorted(_PROTOCOL))}.")
        _check_files(self.files)

    def __repr__(self):
        rows = self._summary()
        width = max(len(key) for key, _ in rows)
        return "\n".join(
            [f"Entry {self.name}", *(f"  {key:<{width}}  {text}" for key, text in rows)]
        )

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th>{html.escape(key)}</th><td>{html.escape(text)}</td></tr>"
            for key, text in self._summary()
        )
        return f"<table><caption>{html.escape(self.name)}</caption>{rows}</table>"

    def _summary(self):
        """Pairs of texts: what one wants to know first."""
        variant = f", variant {self.variant}" if self.variant not in (None, self.method) else ""
        found = self.metrics.get("map(expected)")
        megabytes = sum(facts["size"] for facts in self.files.values()) / 1e6
        place = "not fetched yet" if self.path is None else str(self.path)
        return [
            ("method", f"{self.method}{variant}"),
            ("bits", str(self.bits)),
            ("backbone", f"{self.backbone} at {self.image_size} px"),
            ("protocol", self.protocol["name"] if self.protocol else f"none, on {self.dataset}"),
            ("mAP", "not measured" if found is None else f"{found:.4f}, ties in random order"),
            ("size", f"{megabytes:.1f} MB, {place}"),
        ]

    def to_json(self) -> str:
        """Text of `metadata.json`."""
        content = dataclasses.asdict(self)
        del content["path"]
        return json.dumps(content, indent=1, allow_nan=False) + "\n"


def read_entry(folder, keep_path=True):
    """The entry in a folder; only `metadata.json` is read.

    Args:
        folder: path-like.
        keep_path: bool, whether it is the entry's `path`.

    Raises:
        FileNotFoundError: the folder has no `metadata.json`.
        ValueError: it is of a newer format, or a field is missing, unknown or of another type.
    """
    path = pathlib.Path(folder) / METADATA
    content = read_json(path)
    check_format(path, content)
    fields = {field.name: field for field in dataclasses.fields(Entry) if field.name != "path"}
    unknown = sorted(content.keys() - fields.keys())
    missing = sorted(
        name
        for name, field in fields.items()
        if name not in content
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )
    if unknown or missing:
        raise ValueError(
            f"{path}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}. "
            "Get the entry again."
        )
    try:
        return Entry(**content, path=pathlib.Path(folder) if keep_path else None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def read_json(path):
    """The JSON object in a small file of an entry.

    Raises:
        FileNotFoundError: no such file.
        ValueError: above 1 MiB, not JSON, NaN or infinity in it, or not an object.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing, so {path.parent} is not a whole entry. Get the entry again, or "
            "see `keras-hashing zoo list`."
        )
    if path.stat().st_size > _MOST_JSON_BYTES:
        raise _too_large(path)
    return parse_json(path.read_bytes(), path)


def parse_json(data, path):
    """The JSON object in the bytes of such a file; `path` is where they are from, for errors.

    Raises:
        ValueError: as `read_json`.
    """
    if len(data) > _MOST_JSON_BYTES:
        raise _too_large(path)
    try:
        text = data.decode("utf-8")
        content = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not readable JSON ({error}). Get the entry again.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold a JSON object. Get the entry again.")
    return content


def check_format(path, content):
    """Raise ValueError unless a file's `format` is one that this version reads."""
    found = content.get("format")
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise ValueError(f"{path}: `format` must be a whole number from 1 on; got {found!r}.")
    if found > FORMAT:
        raise ValueError(
            f"{path} has format {found}; this version of keras_hashing reads up to {FORMAT}. "
            "Upgrade: pip install -U keras_hashing."
        )


def check_name(name):
    """Return `name` if it can be an entry's, else raise ValueError: no path, no odd letters."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            f"an entry's name has letters, digits, `_`, `-` and `.`, at most 100; got {name!r}. "
            "Published ones read <method>_<dataset>_<bits>."
        )
    return name


def _check_types(entry):
    for name, kind in typing.get_type_hints(Entry).items():
        value = getattr(entry, name)
        if isinstance(value, bool) or not isinstance(value, kind):
            raise TypeError(f"`{name}` must be {kind}; got {type(value).__name__}.")


def _check_files(listed):
    missing = [name for name in _NEEDED if name not in listed]
    if missing:
        raise ValueError(f"`files` must list {', '.join(missing)}.")
    for name, facts in listed.items():
        checks.one_of("files", name, FILES)
        if not isinstance(facts, dict) or set(facts) != {"size", "sha256"}:
            raise ValueError(f"`files[{name!r}]` must have `size` and `sha256`.")
        checks.whole(f"size of {name}", facts["size"], 0, None)
        if not isinstance(facts["sha256"], str) or not _SHA256.fullmatch(facts["sha256"]):
            raise ValueError(f"`files[{name!r}]` has no SHA-256 of 64 hex digits.")


def _too_large(path):
    return ValueError(f"{path} is larger than 1 MiB, so no entry's. Get the entry again.")


def _finite(text):
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)  # 1e999 reads as infinity


def _refuse(constant):
    raise ValueError(f"{constant} is not a number that JSON knows")
