"""Writes the models that the contract's tests are run against.

    python -m tests.serving.make_models FOLDER

Serve FOLDER/tiny as `tiny` and FOLDER/plain as `plain` with any server of the contract, then

    KERAS_HASHING_SERVER_URL=http://127.0.0.1:8501 python -m pytest tests/serving/test_contract.py
"""

import pathlib
import sys

import numpy as np

from keras_hashing import codes as packed
from keras_hashing.exporting import export
from tests.exporting.images import BITS, tiny_model

ITEMS, K = 30, 4


def database():
    """Codes and ids of the index in `tiny`."""
    outputs = np.random.default_rng(5).standard_normal((ITEMS, BITS))
    return packed.pack(outputs), np.arange(ITEMS) * 10 + 3


def make_models(folder):
    """`tiny`, versions 1 and 2, the second with an index; and `plain`, one version without."""
    model = tiny_model()
    codes, ids = database()
    export(model, folder / "tiny")
    export(model, folder / "tiny", index=codes, ids=ids, k=K)
    export(tiny_model(seed=1), folder / "plain")


if __name__ == "__main__":
    make_models(pathlib.Path(sys.argv[1]))
