"""Trains cases on one logical device and on two, and writes what came out: FILE as argument.

A program of its own, for logical devices can be set only before TensorFlow has started. Batches
have 8, 8 and 5 items, so that of the last one the devices get 3 and 2.
"""

import contextlib
import pathlib
import pickle
import sys
import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_hashing import layers, losses, methods

CLASSES, COUNT, CHANNELS, BATCH = 3, 21, 12, 8
LABELS = np.arange(COUNT) % CLASSES
MULTI_HOT = np.eye(CLASSES, dtype="float32")[LABELS]
MULTI_HOT[::4, 0] = 1.0
MULTI_HOT[7] = 0.0

# What a method is made with beside bits; dropout draws one mask for all devices, so it stays out.
ARGUMENTS = {
    "deepbit": {"rotation_weight": 0.0, "decorrelation_weight": 1.0, "threshold": "median"},
    "mixed": {"dropout": 0.0},
    "usdh": {"rotation_weight": 0.0},
}


def features():
    random = np.random.default_rng(0)
    centres = 3.0 * random.normal(size=(CLASSES, CHANNELS))
    return (centres[LABELS] + random.normal(size=(COUNT, CHANNELS))).astype("float32")


def images():
    return np.random.default_rng(1).integers(0, 256, (COUNT, 8, 8, 3)).astype("float32")


def tiny_backbone():
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(6, 3, 2, "same", activation="relu")(maps))


def method(name, **arguments):
    """A function that makes the method on features; an argument overrides what is usual here."""
    usual = {"bits": 6, "backbone": None, **ARGUMENTS.get(name, {})}
    return lambda: methods.NAMES[name](**{**usual, **arguments})


def on_images(name, **arguments):
    return lambda: methods.NAMES[name](bits=6, backbone=tiny_backbone(), **arguments)


def plain(loss, *last):
    """A model that is none of ours, with one of our losses."""

    def make():
        dense = keras.layers.Dense(6, "tanh")
        model = keras.Sequential([keras.Input((CHANNELS,)), dense, *last])
        model.own_loss = loss
        return model

    return make


def cases():
    """Name to (function that makes a model, data, labels, dtype policy)."""
    gradient = [name for name, kind in methods.NAMES.items() if not kind.adapts]
    found = {name: (method(name), features(), LABELS, None) for name in gradient}
    nested = lambda: methods.Nested("usdh", (3, 6), None, rotation_weight=0.0)  # noqa: E731
    found |= {
        "greedyhash, u": (method("greedyhash", variant="unsupervised"), features(), LABELS, None),
        "multi-hot": (method("hashnet"), features(), MULTI_HOT, None),
        "nested": (nested, features(), LABELS, None),
        "cibhash, images": (on_images("cibhash"), images(), LABELS, None),
        "mixed, images": (on_images("mixed", dropout=0.0), images(), LABELS, None),
        "active triplets": (
            plain(losses.TripletRanking(average="active")),
            features(),
            LABELS,
            None,
        ),
        # Without the odd last batch, in which Keras' own losses count a device as a device.
        "layer": (plain("mse", layers.BiHalf()), features()[:16], np.eye(6)[LABELS[:16]], None),
        "bfloat16": (method("dhn", hidden=16), features(), LABELS, "mixed_bfloat16"),
        "float16": (method("dhn", hidden=16), features(), LABELS, "mixed_float16"),
        "float16, none": (method("dhn", hidden=16), features(), LABELS, None),
    }
    return found


def trained(make, data, labels, policy, strategy=None):
    """What three steps make of a model: its weights before and after, and the epoch's loss."""
    keras.utils.set_random_seed(3)
    keras.config.set_dtype_policy(policy or "float32")
    on_tensorflow = keras.backend.backend() == "tensorflow"
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = make()
        # Eagerly on one device: that is quicker for three steps, and another way to compute.
        optimizer, own = keras.optimizers.SGD(0.05), getattr(model, "own_loss", None)
        model.compile(optimizer, own, run_eagerly=on_tensorflow and strategy is None)
        if not model.built:
            model.build((None, data.shape[1]))
    keras.config.set_dtype_policy("float32")
    before = {weight.path: np.asarray(weight) for weight in model.trainable_weights}
    batches = tf.data.Dataset.from_tensor_slices((data, labels)).batch(BATCH)
    with contextlib.nullcontext() if on_tensorflow or not strategy else strategy.scope():
        history = model.fit(batches, verbose=0)
    return {
        "before": before,
        "weights": {weight.path: np.asarray(weight) for weight in model.weights},
        "loss": history.history["loss"][0],
    }


def main(path):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # quicker
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    warnings.simplefilter("ignore")
    found = {}
    for name, case in cases().items():
        found[name] = trained(*case), trained(*case, strategy)
    pathlib.Path(path).write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
