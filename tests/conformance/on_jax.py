"""Trains cases on Keras' JAX backend, on one device and on two: FOLDER as argument.

A program of its own, for a process has one Keras backend. It writes `runs.pickle`, as
`two_devices` does, and one `.keras` file and the outputs of each method trained on images.
"""

import os
import pathlib
import pickle
import sys
import warnings

os.environ["KERAS_BACKEND"] = "jax"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import keras
import numpy as np

from keras_hashing import encoding, methods
from tests.conformance import two_devices

BITS = 6
ARGUMENTS = {"semantic": {"hidden": (16,)}, "ksh": {"anchors": 10}}


def train_on_images(name, folder):
    """Train a method with a backbone, save it, and keep its outputs."""
    keras.utils.set_random_seed(3)
    images, labels = two_devices.images(), two_devices.LABELS
    backbone = two_devices.tiny_backbone()
    model = methods.NAMES[name](bits=BITS, backbone=backbone, **ARGUMENTS.get(name, {}))
    if model.adapts:
        model.adapt(images, *([labels] if model.needs_labels else []))
    else:
        model.compile(keras.optimizers.Adam(0.01))
        losses = model.fit(images, labels, batch_size=8, epochs=2, verbose=0).history["loss"]
        assert np.isfinite(losses).all(), name
    model.save(folder / f"{name}.keras")
    np.save(folder / f"{name}.npy", encoding.outputs(model, images))


def main(folder):
    warnings.simplefilter("ignore")
    assert keras.backend.backend() == "jax"
    assert keras.distribution.list_devices() == ["cpu:0", "cpu:1"]
    both = keras.distribution.DataParallel()
    found = {}
    for name, (make, data, labels, policy) in two_devices.cases().items():
        case = make, data[:16], labels[:16], policy  # JAX cuts batches into equal parts alone
        found[name] = two_devices.trained(*case), two_devices.trained(*case, both)
    (folder / "runs.pickle").write_bytes(pickle.dumps(found))
    for name in methods.NAMES:
        train_on_images(name, folder)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
