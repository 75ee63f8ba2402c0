"""Hashing methods: each a `keras.Model` from images to outputs. `NAMES` maps names to classes."""

from typing import Any

from keras_hashing import checks, spelling
from keras_hashing.methods.adapted_model import AdaptedModel
from keras_hashing.methods.bihalf import BiHalf
from keras_hashing.methods.cibhash import CIBHash
from keras_hashing.methods.classical import (
    ITQ,
    KSH,
    LSH,
    PCAH,
    Semantic,
    Spectral,
    SuperBit,
)
from keras_hashing.methods.cnnh import CNNH
from keras_hashing.methods.csq import CSQ
from keras_hashing.methods.deepbit import DeepBit
from keras_hashing.methods.dhn import DHN
from keras_hashing.methods.dlbhc import DLBHC
from keras_hashing.methods.dnnh import DNNH
from keras_hashing.methods.dpn import DPN
from keras_hashing.methods.dpsh import DPSH
from keras_hashing.methods.dsh import DSH
from keras_hashing.methods.greedyhash import GreedyHash
from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.hashnet import HashNet
from keras_hashing.methods.method_loss import MethodLoss
from keras_hashing.methods.mixed import Mixed
from keras_hashing.methods.nested import Nested
from keras_hashing.methods.orthohash import OrthoHash
from keras_hashing.methods.saved import load
from keras_hashing.methods.talr import TALR
from keras_hashing.methods.usdh import USDH

NAMES: dict[str, Any] = {
    "bihalf": BiHalf,
    "cibhash": CIBHash,
    "cnnh": CNNH,
    "csq": CSQ,
    "deepbit": DeepBit,
    "dhn": DHN,
    "dlbhc": DLBHC,
    "dnnh": DNNH,
    "dpn": DPN,
    "dpsh": DPSH,
    "dsh": DSH,
    "greedyhash": GreedyHash,
    "hashnet": HashNet,
    "mixed": Mixed,
    "orthohash": OrthoHash,
    "talr": TALR,
    "usdh": USDH,
    "lsh": LSH,
    "superbit": SuperBit,
    "pcah": PCAH,
    "itq": ITQ,
    "spectral": Spectral,
    "semantic": Semantic,
    "ksh": KSH,
}


def get(name_or_class: str | type[HashingModel]) -> type[HashingModel]:
    """The class of a method.

    Args:
        name_or_class: str, one of `NAMES`; or a subclass of `HashingModel`, your own too.

    Returns:
        The class.

    Raises:
        TypeError: neither.
        ValueError: an unknown name; says which are nearest.

    Example:
        >>> get("itq").__name__
        'ITQ'
    """
    if isinstance(name_or_class, str):
        return NAMES[checks.one_of("method", name_or_class, NAMES)]
    if isinstance(name_or_class, type) and issubclass(name_or_class, HashingModel):
        return name_or_class
    raise TypeError(
        "`method` must be a name of `keras_hashing.methods.NAMES` or a subclass of "
        f"`HashingModel`; got {name_or_class!r}."
    )


__all__ = [
    "CNNH",
    "CSQ",
    "DHN",
    "DLBHC",
    "DNNH",
    "DPN",
    "DPSH",
    "DSH",
    "ITQ",
    "KSH",
    "LSH",
    "NAMES",
    "PCAH",
    "TALR",
    "USDH",
    "AdaptedModel",
    "BiHalf",
    "CIBHash",
    "DeepBit",
    "GreedyHash",
    "HashNet",
    "HashingModel",
    "MethodLoss",
    "Mixed",
    "Nested",
    "OrthoHash",
    "Semantic",
    "Spectral",
    "SuperBit",
    "get",
    "load",
]

spelling.guide(__name__)
