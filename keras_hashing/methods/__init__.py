"""Hashing methods: each a `keras.Model` from images to outputs. `NAMES` maps names to classes."""

from typing import Any

from keras_hashing.methods.bihalf import BiHalf
from keras_hashing.methods.cibhash import CIBHash
from keras_hashing.methods.classical import (
    ClassicalModel,
    ITQModel,
    KSHModel,
    LSHModel,
    PCAHModel,
    SemanticModel,
    SpectralModel,
    SuperBitModel,
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
from keras_hashing.methods.hashing_model import HashingModel, MethodLoss
from keras_hashing.methods.hashnet import HashNet
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
    "lsh": LSHModel,
    "superbit": SuperBitModel,
    "pcah": PCAHModel,
    "itq": ITQModel,
    "spectral": SpectralModel,
    "semantic": SemanticModel,
    "ksh": KSHModel,
}

__all__ = [
    "CNNH",
    "CSQ",
    "DHN",
    "DLBHC",
    "DNNH",
    "DPN",
    "DPSH",
    "DSH",
    "NAMES",
    "TALR",
    "USDH",
    "BiHalf",
    "CIBHash",
    "ClassicalModel",
    "DeepBit",
    "GreedyHash",
    "HashNet",
    "HashingModel",
    "ITQModel",
    "KSHModel",
    "LSHModel",
    "MethodLoss",
    "Mixed",
    "Nested",
    "OrthoHash",
    "PCAHModel",
    "SemanticModel",
    "SpectralModel",
    "SuperBitModel",
    "load",
]
