"""From features to codes: which projection suits how many photos, and when it is fitted again."""

import dataclasses

import numpy as np

from keras_hashing import codes

_BLOCK = 4096  # features in one step


def due(current, fitted, bits):
    """Which projection to fit now, by the number of distinct photos.

    ITQ needs photos to learn from, 4 x bits at least; below that the directions are fixed,
    orthogonal ones around the photos' mean. Either is fitted again when at least half of the
    photos came after its fit; ITQ stays when the folder shrinks below the limit.

    Args:
        current: str, the projection so far: "itq", "superbit", or None.
        fitted: list of bool, whether the current projection was fitted with that photo.
        bits: int.

    Returns:
        "itq" or "superbit", to be fitted; None to keep the current one.
    """
    grown = current is None or 2 * sum(fitted) <= len(fitted)
    if len(fitted) >= 4 * bits:
        return "itq" if grown or current != "itq" else None
    return "superbit" if grown and current != "itq" else None


@dataclasses.dataclass(frozen=True)
class Projected:
    """Photos' codes, and what made them.

    Args:
        kind: "itq", "superbit", or "model" for a hashing model's own codes.
        weights: list of arrays, the projection's.
        codes: uint8 array `(photos, ceil(bits / 8))`.
        fitted: list of bool, whether the projection was fitted with that photo.
        new: bool, whether it was fitted just now.
    """

    kind: str
    weights: list
    codes: np.ndarray
    fitted: list
    new: bool


def of_codes(model_codes):
    """`Projected` of a hashing model's codes, which need no projection."""
    return Projected("model", [], np.array(model_codes), [True] * len(model_codes), False)


def of_features(features, digests, stored, bits):
    """Codes of all photos, with the stored projection or, where it is due, a new one.

    Args:
        features: float array `(photos, channels)`, row i of the photo `digests[i]`.
        digests: list of str.
        stored: `storage.PhotoContents` of the last update, or None.
        bits: int.

    Returns:
        `Projected`.
    """
    was_fitted = dict(zip(stored.digests, stored.fitted, strict=True)) if stored else {}
    fitted = [was_fitted.get(digest, False) for digest in digests]
    kind = due(stored.projection if stored else None, fitted, bits)
    if kind:
        layer = _layer(kind, bits)
        layer.adapt(_blocks(features))
        return Projected(
            kind, layer.get_weights(), encode(layer, features), [True] * len(digests), True
        )
    layer = restore(stored.projection, stored.weights, bits, features.shape[1])
    return Projected(stored.projection, stored.weights, encode(layer, features), fitted, False)


def restore(kind, weights, bits, channels):
    """The layer whose `get_weights()` were stored."""
    layer = _layer(kind, bits)
    layer.build((None, channels))
    layer.set_weights(weights)
    return layer


def encode(layer, features):
    """Codes of features, uint8 `(n, ceil(bits / 8))`, a block at a time."""
    return np.concatenate([codes.pack(np.asarray(layer(block))) for block in _blocks(features)])


def _blocks(features):
    for start in range(0, len(features), _BLOCK):
        yield np.asarray(features[start : start + _BLOCK], np.float32)


def _layer(kind, bits):
    from keras_hashing import hashers

    return {"itq": hashers.ITQ, "superbit": hashers.SuperBitLSH}[kind](bits)
