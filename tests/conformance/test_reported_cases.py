"""What users do with Keras beside plain `fit`, and odd forms of data, all through this door.

Forms that `test_inputs.py` and labels that `test_labels.py` have are not repeated here.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_hashing as kh
from keras_hashing import encoding
from keras_hashing.callbacks import RetrievalEvaluation
from keras_hashing.data import ImageSet
from keras_hashing.methods import CSQ, DHN
from tests.conformance.input_forms import COUNT, IMAGES, LABELS, SIDE, slices

X = np.random.default_rng(0).normal(size=(24, 8)).astype("float32")
Y = np.arange(24) % 3


def features_model(method=DHN, optimizer=None, **options):
    keras.utils.set_random_seed(0)
    model = method(bits=8, backbone=None)
    model.compile(optimizer or keras.optimizers.SGD(0.1), **options)
    return model


def dataset(size=8):
    return tf.data.Dataset.from_tensor_slices((X, Y * 100_000)).batch(size)


@pytest.fixture(scope="module")
def plain():
    """Outputs after two epochs of three steps."""
    model = features_model(run_eagerly=True)
    model.fit(dataset(), epochs=2, verbose=0)
    return encoding.outputs(model, X)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"steps_per_execution": 3}])
def test_compiled_in_every_way(plain, options):
    model = features_model(**options)
    model.fit(dataset(), epochs=2, verbose=0)
    np.testing.assert_allclose(encoding.outputs(model, X), plain, atol=1e-5)


def test_going_on_at_a_later_epoch(plain):
    model = features_model(run_eagerly=True)
    data = dataset()
    first = model.fit(data, epochs=1, verbose=0, validation_data=data)
    history = model.fit(
        data, epochs=2, initial_epoch=1, verbose=0, validation_data=data, validation_freq=2
    )
    assert first.epoch == [0] and history.epoch == [1] and "val_loss" in history.history
    np.testing.assert_allclose(encoding.outputs(model, X), plain, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8"])
@pytest.mark.parametrize("form", ["tensor", "dataset"])
def test_features_of_every_dtype(dtype, form):
    whole = tf.cast(np.round(X), dtype)  # of which no type rounds anything
    wanted, found = features_model(run_eagerly=True), features_model(run_eagerly=True)
    wanted.fit(np.round(X), Y, batch_size=24, verbose=0)
    given = (whole, Y) if form == "tensor" else (slices(whole, Y).batch(24), None)
    found.fit(*given, batch_size=24 if form == "tensor" else None, verbose=0)
    np.testing.assert_allclose(encoding.outputs(found, X), encoding.outputs(wanted, X), atol=1e-5)
    assert kh.encode(found, whole).shape == (24, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_dataset_with_one_value_that_is_not_finite(bad, dtype):
    features = X.copy()
    features[17, 3] = bad
    with pytest.raises(ValueError, match="finite"):
        features_model().fit(slices(features.astype(dtype), Y).batch(8), verbose=0)


def test_sums_that_overflow_are_no_fault():
    large = np.where(X > 0, 3e38, 1.0).astype("float32")
    model = features_model(optimizer=keras.optimizers.SGD(0.0), run_eagerly=True)
    model.fit(slices(large, Y).batch(8), verbose=0)


def test_batches_of_one_and_without_a_similar_pair():
    model = features_model(run_eagerly=True)
    history = model.fit(slices(X[:4], np.arange(4)).batch(1), verbose=0).history
    history["all"] = model.fit(X[:4], np.arange(4), verbose=0).history["loss"]
    assert all(np.isfinite(values).all() for values in history.values())


def test_stopping_and_keeping_the_best_by_val_map(tmp_path):
    model = features_model()
    model.fit(
        X,
        Y,
        epochs=4,
        verbose=0,
        callbacks=[
            RetrievalEvaluation((X, Y)),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras", monitor="val_map", mode="max", save_best_only=True
            ),
            keras.callbacks.EarlyStopping("val_map", mode="max", min_delta=2.0, patience=1),
        ],
    )
    assert len(model.history.epoch) == 2  # nothing improves by 2
    best = keras.saving.load_model(tmp_path / "best.keras")
    assert kh.encode(best, X).shape == (24, 1)


@pytest.mark.parametrize(
    "settings", [{"use_ema": True, "ema_momentum": 0.5}, {"gradient_accumulation_steps": 3}]
)
def test_optimizers_that_average(settings):
    model = features_model(optimizer=keras.optimizers.SGD(0.1, **settings))
    before = None
    for data, labels in ((dataset(), None), (X, Y * 100_000)):
        model.fit(data, labels, batch_size=None if labels is None else 8, verbose=0)
        after = encoding.outputs(model, X)
        assert np.isfinite(after).all() and not np.array_equal(after, before)
        before = after


def test_lora_on_the_hidden_layer():
    keras.utils.set_random_seed(0)
    model = DHN(bits=8, backbone=None, hidden=16)
    model.build((None, 8))
    hidden = model.head.get_layer("hidden")
    hidden.enable_lora(2)
    kept, start = hidden._kernel.numpy().copy(), hidden.lora_kernel_b.numpy().copy()
    model.compile(keras.optimizers.SGD(0.1))
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(hidden._kernel, kept)
    assert np.abs(hidden.lora_kernel_b - start).max() > 0


class Numbered(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, number):
        rows = slice(8 * number, 8 * number + 8)
        return X[rows], Y[rows] * 100_000


@pytest.mark.parametrize("settings", [{}, {"workers": 2}])
def test_pydatasets_in_several_threads(plain, settings):
    model = features_model(run_eagerly=True)
    model.fit(Numbered(**settings), epochs=2, verbose=0, shuffle=False)
    np.testing.assert_allclose(encoding.outputs(model, X), plain, atol=1e-5)


def test_a_model_inside_another_and_weights_for_it(tmp_path):
    model = features_model(method=CSQ)
    model.fit(X, Y, verbose=0)
    inputs = keras.Input((8,))
    outer = keras.Model(inputs, model(inputs))
    np.testing.assert_array_equal(kh.encode(outer, X), kh.encode(model, X))
    model.save_weights(tmp_path / "w.weights.h5")
    other = DHN(bits=16, backbone=None)
    other.build((None, 8))
    other.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    assert kh.encode(other, X).shape == (24, 2)


@pytest.fixture(scope="module")
def images_model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(16, 3, strides=3)(inputs)
    return DHN(bits=16, backbone=keras.Model(inputs, maps))


def unknown_shapes():
    elements = lambda: iter([(IMAGES[:5], LABELS[:5]), (IMAGES[5:], LABELS[5:])])  # noqa: E731
    return tf.data.Dataset.from_generator(elements, output_types=("uint8", "int64"))


ODD_FORMS = {
    "zip": lambda: zip(IMAGES, LABELS, strict=True),
    "map": lambda: map(IMAGES.__getitem__, range(COUNT)),
    "pairs": lambda: list(zip(IMAGES, LABELS, strict=True)),
    "dicts": lambda: [{"image": i, "label": n} for i, n in zip(IMAGES, LABELS, strict=True)],
    "a mixed list": lambda: [Image.fromarray(IMAGES[0]), *IMAGES[1:]],
    "a ragged tensor": lambda: tf.RaggedTensor.from_tensor(tf.constant(IMAGES)),
    "uint16": lambda: IMAGES.astype("uint16"),
    "float64": lambda: IMAGES.astype("float64"),
    "a dataset with masks": lambda: slices(
        {"image": IMAGES, "segmentation_mask": IMAGES[..., :1], "bbox": np.zeros((COUNT, 4))}
    ).batch(5),
    "a dataset of unknown rank": unknown_shapes,
    "cache, prefetch, options": lambda: (
        slices(IMAGES, LABELS).cache().batch(5).prefetch(1).with_options(tf.data.Options())
    ),
    "a subset": lambda: ImageSet(IMAGES, LABELS).subset(range(COUNT)),
}


@pytest.mark.parametrize("form", ODD_FORMS)
def test_odd_forms(images_model, form):
    wanted = kh.encode(images_model, IMAGES)
    np.testing.assert_array_equal(kh.encode(images_model, ODD_FORMS[form]()), wanted)


RAGGED = tf.ragged.constant([[0], [1], [0, 1]] * 4)


@pytest.mark.parametrize("given", [(IMAGES, RAGGED), (slices(IMAGES, RAGGED).batch(6), None)])
def test_ragged_labels_are_not_filled_up(images_model, given):
    """With zeros for what is missing they would pass as multi-hot rows."""
    images_model.compile("sgd", run_eagerly=True)
    with pytest.raises(ValueError, match="rows of different lengths"):
        images_model.fit(*given, verbose=0)


NO_IMAGES = {
    "a set": ({1, 2}, TypeError, "got set"),
    "a dict": ({"image": IMAGES}, TypeError, "under one of its keys"),
    "bytes": (b"abc", TypeError, "got bytes"),
    "None": (None, TypeError, "got NoneType"),
    "bools": (IMAGES > 99, TypeError, "got dtype bool"),
    "complex": (IMAGES + 0j, TypeError, "got dtype complex128"),
    "missing files": (tf.constant(["/no/a.png"]), FileNotFoundError, "/no/a.png"),
    "other keys": (slices({"a": IMAGES, "b": IMAGES}), ValueError, "Name the key 'image'"),
    "nothing": ([], ValueError, "is empty"),
    "no rows": (IMAGES[:0], ValueError, "is empty"),
    "an empty generator": (iter([]), ValueError, "is empty"),
    "an empty set": (ImageSet(IMAGES[:0]), ValueError, "is empty"),
}


@pytest.mark.parametrize("kind", NO_IMAGES)
def test_what_holds_no_images(images_model, kind):
    given, error, message = NO_IMAGES[kind]
    with pytest.raises(error, match=message):
        kh.encode(images_model, given)


def test_keras_models_that_are_no_hashing_models(tmp_path):
    layers = keras.layers
    for made in ([keras.Input((8,)), layers.Dense(8, "tanh")], [layers.Dense(8, "tanh")]):
        model = keras.Sequential(made)
        for given in (X, list(X), slices({"features": X}).batch(7)):
            np.testing.assert_array_equal(
                kh.encode(model, given), kh.codes.pack(np.array(model(X)))
            )
    sigmoid = keras.Sequential([keras.Input((8,)), layers.Dense(8, "sigmoid")])
    with pytest.raises(ValueError, match="threshold at 0"):
        kh.encode(sigmoid, X)
    model = keras.Sequential([keras.Input((20, 20, 3)), layers.Flatten(), layers.Dense(8)])
    Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    resized = kh.data.images.resize(IMAGES[0], 20)[None]
    np.testing.assert_array_equal(kh.encode(model, tmp_path), kh.encode(model, resized))
