"""Whether what is asked for fits the index that is there, and fits the model."""

import pathlib

from keras_hashing import checks

_DEFAULT_BITS = 64
_MEND = "Choose another folder with --out, or delete that one to start over."


def agreed_bits(bits, directory, stored, folder, encoder):
    """The code length to use; nothing is loaded for it.

    Args:
        bits: int, or None for the index's own.
        directory: path-like, the index.
        stored: its `PhotoContents`, or None for a new one.
        folder: `pathlib.Path` of the photos, resolved.
        encoder: `Encoder`.

    Returns:
        int; None where only the hashing model knows.

    Raises:
        ValueError: the index has codes of another length or model, or of another folder that
            still exists (a folder that was moved is recognised by its photos' contents).
    """
    if bits is not None:
        bits = checks.bits(bits)
    if stored is None:
        return bits or (None if encoder.hashing else _DEFAULT_BITS)
    if (stored.model["name"], stored.model["hashing"]) != (encoder.name, encoder.hashing):
        raise ValueError(
            f"{directory} was made with the model {stored.model['name']}, not {encoder.name}. "
            f"{_MEND}"
        )
    if bits not in (None, stored.bits):
        raise ValueError(f"{directory} holds codes of {stored.bits} bits, not {bits}. {_MEND}")
    recorded = pathlib.Path(stored.folder)
    if recorded != folder and recorded.is_dir():
        raise ValueError(f"{directory} is the index of {recorded}, not of {folder}. {_MEND}")
    return stored.bits


def check_model(bits, directory, stored, encoder):
    """Load the model and return the code length, which a hashing model decides.

    Raises:
        ValueError: the model is not the one that the index was made with, or gives fewer
            features than bits, or another number of bits.
    """
    if stored and encoder.description != stored.model:
        raise ValueError(
            f"The model {encoder.name} has changed since {directory} was made. {_MEND}"
        )
    if not encoder.hashing:
        hint = f"{encoder.name} gives {encoder.width} features; --bits cannot be more."
        return checks.whole("bits", bits, 1, encoder.width, hint)
    if bits not in (None, encoder.width):
        raise ValueError(
            f"The model {encoder.name} gives {encoder.width} bits, not {bits}. Leave out --bits."
        )
    return encoder.width
