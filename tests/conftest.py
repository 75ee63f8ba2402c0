"""What every test shares: quiet libraries, one thread a worker, settled examples."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import hypothesis
import pytest

hypothesis.settings.register_profile("settled", deadline=None, derandomize=True)
hypothesis.settings.load_profile("settled")


@pytest.fixture(scope="session")
def repository():
    """The checkout's root folder."""
    return pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data():
    """The TFDS folder of KERAS_HASHING_DATA, for tests marked `data`."""
    folder = os.environ.get("KERAS_HASHING_DATA")
    if not folder:
        pytest.skip("KERAS_HASHING_DATA names no folder with the real data sets")
    return pathlib.Path(folder)
