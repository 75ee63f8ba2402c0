"""Every method that trains by `fit`: two devices make of a batch what one makes of it.

One program trains all cases, for logical devices are set once in a process.
"""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from keras_hashing import methods

HALF = ("bfloat16", "float16")


@pytest.fixture(scope="module")
def runs(repository, tmp_path_factory):
    """Case to (what one device made, what two made); see `two_devices.trained`."""
    path = tmp_path_factory.mktemp("replicas") / "runs.pickle"
    command = [sys.executable, "-m", "tests.conformance.two_devices", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(repository), "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return pickle.loads(path.read_bytes())


def differences(runs):
    """What two devices made otherwise than one, a line each; every case must have moved."""
    wrong = []
    for name, (one, two) in runs.items():
        moved = max(np.abs(one["weights"][path] - a).max() for path, a in one["before"].items())
        assert moved > 5e-4, name
        # Half precision rounds a product otherwise where a batch is cut.
        close = {"rtol": 0, "atol": 0.01 * moved} if name in HALF else {"rtol": 1e-5, "atol": 1e-5}
        paths = zip(one["weights"].items(), two["weights"].values(), strict=True)
        for (path, expected), found in paths:
            if not np.allclose(found, expected, **close):
                gap = np.abs(found.astype(float) - expected).max()
                wrong.append(f"{name}: {path} is off by {gap:.2g}")
        # The logarithm of a saturated tanh magnifies how a processor rounds it.
        if two["loss"] != pytest.approx(one["loss"], rel=1e-3 if name in HALF else 1e-4):
            wrong.append(f"{name}: loss {two['loss']} instead of {one['loss']}")
    return wrong


# One test, so that one process of several runs the program.
def test_two_devices_make_the_update_of_one(runs):
    trained_by_fit = {name for name, kind in methods.NAMES.items() if not kind.adapts}
    assert trained_by_fit <= set(runs)
    wrong = differences(runs)
    assert not wrong, "\n".join(wrong)
    full, half = runs["float16, none"][0], runs["float16"][1]
    for path in full["before"]:
        np.testing.assert_allclose(half["weights"][path], full["weights"][path], atol=1e-3)
