"""Keras' JAX backend: every method trains there, on two devices as on one, and loads here."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_hashing as kh
from keras_hashing import encoding, methods
from tests.conformance import two_devices
from tests.conformance.test_replicas import differences

pytest.importorskip("jax", reason="the extra `jax` is not installed")
pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def folder(repository, tmp_path_factory):
    """What `on_jax` wrote."""
    path = tmp_path_factory.mktemp("jax")
    command = [sys.executable, "-m", "tests.conformance.on_jax", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return path


def test_two_devices_make_the_update_of_one(folder):
    runs = pickle.loads((folder / "runs.pickle").read_bytes())
    trained_by_fit = {name for name, kind in methods.NAMES.items() if not kind.adapts}
    assert trained_by_fit <= set(runs)
    assert not differences(runs)


def test_weights_load_and_export_under_tensorflow(folder, tmp_path):
    images = two_devices.images()
    for name in methods.NAMES:
        model = kh.load(folder / f"{name}.keras")
        expected = np.load(folder / f"{name}.npy")
        found = encoding.outputs(model, images)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4, err_msg=name)
        assert np.abs(expected).max() > 0, name
    for name in ("dhn", "orthohash", "itq"):
        model = kh.load(folder / f"{name}.keras")
        served = tf.saved_model.load(str(kh.export(model, tmp_path / name))).signatures
        answer = served["serving_default"](images=tf.constant(images))
        np.testing.assert_array_equal(answer["code"], kh.encode(model, images))
