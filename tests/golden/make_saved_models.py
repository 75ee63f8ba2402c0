"""Makes `saved_models/`: small models as `model.save` wrote them in 0.1.0, and what they gave.

    python tests/golden/make_saved_models.py

Made with keras_hashing 0.1.0, Keras 3.15.1, TensorFlow 2.21.0 and NumPy 2.4.6 on Python 3.11. A
later version must load them as they are: add files for what is new, and do not make these again.

`NAME.keras` is a model, packed again with compression. `outputs.npz` holds the inputs of every
model and its outputs. `objects.json` holds losses, layers and the like as Keras serializes them.
"""

import json
import pathlib
import tempfile
import warnings
import zipfile

import keras
import numpy as np

from keras_hashing import layers, losses, methods, regularizers
from keras_hashing.backbones.frozen_norm_conv import FrozenNormConv
from keras_hashing.backbones.local_response import LocalResponseNormalization

FOLDER = pathlib.Path(__file__).resolve().parent / "saved_models"
BITS, CHANNELS, CLASSES, SIDE = 16, 16, 4, 12
ROWS = 12  # of a model's inputs that are kept
CLEAR = 1e-4  # an output so far from 0 has its sign on every machine

# Arguments beside bits and backbone, where the usual ones make a large model or a slow fit.
SMALL: dict[str, dict] = {
    "cibhash": {"hidden": 12},
    "dnnh": {"features_per_bit": 2},
    "ksh": {"anchors": 20},
    "mixed": {"hidden": 12},
    "semantic": {"hidden": [12], "epochs": 3, "pretraining_epochs": 2},
}
OBJECTS = [
    FrozenNormConv(4, 3),
    LocalResponseNormalization(size=3),
    layers.BiHalf(),
    layers.DivideAndEncode(BITS, kernel_regularizer=keras.regularizers.L2(0.01)),
    layers.HashHead(BITS, activity_regularizer=regularizers.BitBalance(0.2)),
    layers.PiecewiseThreshold(0.1),
    layers.PowerSchedule(2.0, growth=0.01, power=0.7, every=50),
    layers.ScaledTanh(layers.PowerSchedule(every=20)),
    layers.StraightThroughSign(),
    losses.CentreCrossEntropy(0.01),
    losses.CosineMargin(4.0, 0.3),
    losses.PairwiseContrastive(margin=8.0, quantization_weight=0.1),
    losses.PairwiseCrossEntropy(alpha=0.5, quantization_weight=0.1),
    losses.PairwiseSquaredError(quantization_weight=0.1),
    losses.Polarization(2.0),
    losses.TieAwareAP(bins=8),
    losses.TripletRanking(margin=2.0),
    losses.WeightedPairwiseCrossEntropy(alpha=0.5, weighted=False, similarity="01"),
    regularizers.BimodalLaplacian(0.4),
    regularizers.BitBalance(0.2),
    regularizers.BitDecorrelation(0.2),
]


def main():
    warnings.filterwarnings("ignore", message=".*without a backbone")
    FOLDER.mkdir(exist_ok=True)
    kept = {}
    for name, model, data in trained_models():
        kept[f"{name}/inputs"], kept[f"{name}/outputs"] = clear_rows(model, data)
        save(model, FOLDER / f"{name}.keras")
        print(f"{name}: {(FOLDER / f'{name}.keras').stat().st_size:,} bytes")
    np.savez_compressed(FOLDER / "outputs.npz", **kept)
    write_objects()
    print(f"{sum(path.stat().st_size for path in FOLDER.iterdir()):,} bytes in all")


def trained_models():
    """Name, trained model and an array to choose its inputs from, one after the other."""
    vectors, labels = features()
    for name, method in methods.NAMES.items():
        keras.utils.set_random_seed(1)
        model = method(bits=BITS, backbone=None, **SMALL.get(name, {}))
        yield name, trained(model, vectors, labels), vectors
    keras.utils.set_random_seed(2)
    nested = methods.Nested("hashnet", bits=(8, BITS), backbone=None, hidden=12)
    yield "nested_hashnet", trained(nested, vectors, labels), vectors
    adam = methods.CSQ(bits=BITS, backbone=None, hidden=12, dropout=0.1)
    adam.compile(keras.optimizers.AdamW(0.01))
    yield "csq_adamw", trained(adam, vectors, labels), vectors
    own_loss = methods.DHN(bits=BITS, backbone=None)
    own_loss.compile("sgd", losses.PairwiseContrastive(quantization_weight=0.1))
    yield "dhn_own_loss", trained(own_loss, vectors, labels), vectors
    yield "layers", trained(stack(), vectors, labels), vectors
    pictures, labels = images()
    own = methods.DHN(bits=BITS, backbone=network())
    yield "dhn_own_backbone", trained(own, pictures, labels), pictures
    itq = methods.ITQModel(bits=8, backbone=network())
    yield "itq_own_backbone", trained(itq, pictures, labels), pictures
    yield "local_response", trained(convolutions(), pictures, labels), pictures
    small = methods.OrthoHash(bits=BITS, backbone="small_cnn", image_size=SIDE, classes=CLASSES)
    thin_out(small.backbone)
    yield "orthohash_small_cnn", small, pictures


def features(count=200):
    """Features in four clouds, never 0, and labels."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    centres = 2.0 * random.normal(size=(CLASSES, CHANNELS))
    return (centres[labels] + random.normal(size=(count, CHANNELS))).astype("float32"), labels


def images(count=200):
    """Noise around a colour a class, and labels."""
    random = np.random.default_rng(1)
    labels = np.arange(count) % CLASSES
    colours = random.integers(60, 196, (CLASSES, 3))
    noise = random.integers(-60, 61, (count, SIDE, SIDE, 3))
    return (colours[labels][:, None, None] + noise).clip(0, 255).astype("uint8"), labels


def network():
    """A backbone of one's own, that a `.keras` file holds in its configuration."""
    inputs = keras.Input((SIDE, SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 64, offset=-2.0)(inputs)
    maps = keras.layers.Conv2D(CHANNELS, 3, strides=2, activation="relu")(scaled)
    return keras.Model(inputs, maps, name="own")


def stack():
    """A model of Keras' own with layers and a loss of this package."""
    return keras.Sequential(
        [
            keras.Input((CHANNELS,)),
            layers.HashHead(32, "linear", activity_regularizer=regularizers.BitDecorrelation(0.1)),
            layers.ScaledTanh(layers.PowerSchedule(every=2)),
            layers.DivideAndEncode(BITS),
            layers.BiHalf(),
        ]
    )


def convolutions():
    """A model of Keras' own with a layer that backbones are made of."""
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 64, offset=-2.0),
            keras.layers.Conv2D(CHANNELS, 3, strides=2, activation="relu"),
            LocalResponseNormalization(size=3),
            keras.layers.GlobalAveragePooling2D(),
            layers.HashHead(BITS),
        ]
    )


def trained(model, data, labels):
    """The model after an epoch, or after `adapt`."""
    if hasattr(model, "adapt"):
        model.adapt(data, labels) if model.needs_labels else model.adapt(data)
        return model
    if not model.compiled:
        loss = losses.PairwiseSquaredError() if isinstance(model, keras.Sequential) else None
        model.compile(keras.optimizers.SGD(0.01), loss=loss)
    model.fit(data, labels, batch_size=50, verbose=0)
    return model


def thin_out(backbone):
    """Leave each filter some weights only, so that the file stays small."""
    random = np.random.default_rng(2)
    for weight in backbone.weights:
        values = np.asarray(weight)
        kept = random.random(values.shape) < 0.04
        weight.assign(5.0 * np.where(kept, values, 0.0).round(2))


def clear_rows(model, data):
    """Inputs whose outputs are farthest from 0, and these outputs."""
    outputs = np.asarray(model.predict(data, verbose=0))
    rows = np.sort(np.argsort(-np.abs(outputs).min(axis=1), kind="stable")[:ROWS])
    assert np.abs(outputs[rows]).min() > CLEAR, f"{model.name}: {np.abs(outputs[rows]).min()}"
    return data[rows], outputs[rows]


def save(model, path):
    """As `model.save`, with each file inside compressed."""
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder) / path.name
        model.save(plain)
        with (
            zipfile.ZipFile(plain) as source,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
        ):
            for member in source.namelist():
                target.writestr(member, source.read(member))


def write_objects():
    """Serialized objects, and all names under which 0.1.0 registered a class."""
    registered = [name for name in keras.saving.get_custom_objects() if "keras_hashing>" in name]
    content = {
        "registered": sorted(registered),
        "objects": [keras.saving.serialize_keras_object(one) for one in OBJECTS],
    }
    path = FOLDER / "objects.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
