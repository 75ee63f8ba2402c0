"""Check entries: their files' hashes, their figures from the codes, their codes from the images."""

import dataclasses

from keras_hashing import encoding
from keras_hashing.types import Path
from keras_hashing.zoo import catalog, entry_files, loading, saving, stored_codes
from keras_hashing.zoo import metadata as entries
from keras_hashing.zoo.figures import figures_of

TOLERANCE = 1e-6
LEAST_EQUAL_BITS = 0.999


@dataclasses.dataclass(frozen=True)
class Verification:
    """What was found for an entry.

    Attributes:
        name: str.
        figures: dict, figure's name to (the card's value, the value computed now).
        equal_bits: float, share of bits that encoding the images again gave alike; None where
            this was not asked for.
        problems: list of str, empty for a sound entry.
    """

    name: str
    figures: dict
    equal_bits: float | None
    problems: list


def verify(
    name: Path | None = None, *, reencode: bool = False, data_dir: Path | None = None
) -> list[Verification]:
    """Check one entry, or all.

    Args:
        name: str, a name or the path of an entry's folder; None checks every published entry.
        reencode: bool, also encode the protocol's images again (minutes) and compare bits; at
            least 99.9 % must agree.
        data_dir: folder of TFDS, for `reencode`.

    Returns:
        List of `Verification`, one an entry. Damage is told in `problems`, not raised.

    Raises:
        ValueError: an unknown name, or `reencode` of an entry whose data has no protocol.
        FileNotFoundError: no such folder.

    Example:
        >>> import keras_hashing as kh
        >>> (found,) = kh.zoo.verify("dhn_fashion_48")
        >>> found.problems
        []
    """
    names = catalog.shipped() if name is None else [name]
    return [_verify(name, reencode, data_dir) for name in names]


def _verify(name, reencode, data_dir):
    catalog.find(name)  # an unknown name is the caller's mistake and is raised
    figures, equal, problems = {}, None, []
    try:
        entry = catalog.complete(name)
        problems += _damaged_files(entry)
        if not problems:
            loading.model_of(entry)
            figures = _figures(entry)
            problems += _differences(figures)
    except (ValueError, FileNotFoundError) as error:
        problems.append(str(error))
    if reencode and not problems:
        equal = _equal_bits(entry, data_dir)
        if equal < LEAST_EQUAL_BITS:
            problems.append(f"only {equal:.4%} of the bits came out alike when encoded again.")
    return Verification(str(name), figures, equal, problems)


def _damaged_files(entry):
    problems = []
    for name in entry.files:
        try:
            entry_files.read(entry, name)
        except (ValueError, FileNotFoundError) as error:
            problems.append(str(error))
    known = {*entry.files, entries.METADATA}
    extra = sorted(path.name for path in entry.path.iterdir() if path.name not in known)
    if extra:
        problems.append(f"{entry.path} holds files that metadata.json does not list: {extra}.")
    return problems


def _figures(entry):
    found = figures_of(stored_codes.codes_of(entry), entry.bits)
    return {key: (entry.metrics.get(key), value) for key, value in found.items()}


def _differences(figures):
    return [
        f"{key}: the card says {stated}, the codes give {found}."
        for key, (stated, found) in figures.items()
        if stated is None or not abs(stated - found) <= TOLERANCE
    ]


def _equal_bits(entry, data_dir):
    from keras_hashing import data

    if entry.protocol is None:
        raise ValueError(
            f"{entry.name} was measured on data of its own; `reencode` needs a protocol."
        )
    loaded = data.load(entry.dataset, entry.protocol["name"], data_dir, seed=entry.protocol["seed"])
    model, shipped = loading.model_of(entry), stored_codes.codes_of(entry)
    shares = []
    for part in ("query", "database"):
        found = encoding.encode(model, getattr(loaded, part).images)
        share = saving.equal_bits(found, getattr(shipped, f"{part}_codes"), entry.bits)
        shares.append((share, len(found)))
    return sum(share * count for share, count in shares) / sum(count for _, count in shares)
