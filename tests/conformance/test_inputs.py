"""Every form of images through every entrance: the plain array's result, or words that say why."""

import warnings

import keras
import numpy as np
import pytest

import keras_hashing as kh
from keras_hashing import encoding
from keras_hashing.callbacks import CodeHealth, RetrievalEvaluation, TensorBoardRetrieval
from keras_hashing.methods import CSQ, DHN, NAMES
from tests.conformance.input_forms import (
    BATCH,
    COUNT,
    IMAGES,
    IMAGES_ALONE,
    LABELLED,
    LABELS,
    READ_ONCE,
    SIDE,
    write_folder,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "photos"
    write_folder(folder)
    return folder


@pytest.fixture(scope="module")
def model():
    return small()


def small(method=DHN, **arguments):
    """A model of 12 x 12 pixels, always with the same weights."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((SIDE, SIDE, 3))
    maps = keras.layers.Conv2D(16, 3, strides=3, name="conv")(inputs)
    backbone = keras.Model(inputs, maps, name="tiny")
    made = method(bits=9, backbone=backbone, **arguments)
    if hasattr(made, "compile_loss") or (
        made.supervised is not None and not hasattr(made, "hasher")
    ):
        made.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    return made


def fitted(method, given, **settings):
    """Outputs after a step of training on all images."""
    model = small(method)
    images, labels = given if isinstance(given, tuple) else (given, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' on shuffling generators
        model.fit(images, labels, batch_size=BATCH, verbose=0, **settings)
    return encoding.outputs(model, IMAGES)


@pytest.mark.parametrize("form", IMAGES_ALONE)
def test_encode(model, folder, form):
    expected = kh.codes.pack(np.asarray(model(IMAGES.astype("float32"))))
    np.testing.assert_array_equal(kh.encode(model, IMAGES_ALONE[form](folder), 5), expected)


@pytest.mark.parametrize("form", LABELLED)
def test_encode_leaves_labels_aside(model, folder, form):
    given = LABELLED[form](folder)
    found = kh.encode(model, given, 5)
    expected = kh.codes.pack(np.asarray(model(IMAGES.astype("float32"))))
    if form == "shuffled dataset":
        found, expected = (np.unique(codes, axis=0) for codes in (found, expected))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("form", IMAGES_ALONE)
def test_adapt(folder, form):
    expected, found = small(NAMES["itq"]), small(NAMES["itq"])
    expected.adapt(IMAGES)
    found.adapt(IMAGES_ALONE[form](folder))
    for one, other in zip(expected.hasher.weights, found.hasher.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", LABELLED)
def test_adapt_with_labels(folder, form):
    expected, found = (small(NAMES["ksh"], anchors=COUNT) for _ in range(2))
    expected.adapt(IMAGES, LABELS)
    if form == "shuffled dataset":
        pytest.skip("its anchors are others in another order")
    given = LABELLED[form](folder)
    found.adapt(*given) if isinstance(given, tuple) else found.adapt(given)
    images = IMAGES.astype("float32")
    np.testing.assert_allclose(expected(images), found(images), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", [DHN, CSQ])
@pytest.mark.parametrize("form", LABELLED)
def test_fit(folder, form, method):
    if form == "image_dataset_from_directory":
        pytest.skip("its batches are smaller; see below")
    given = LABELLED[form](folder)
    if form in READ_ONCE and method is CSQ:
        with pytest.raises(ValueError, match="be readable again; got .*`labels=` with all labels"):
            fitted(method, given)
        return
    expected = fitted(method, (IMAGES, LABELS))
    np.testing.assert_allclose(fitted(method, given), expected, rtol=1e-4, atol=1e-5)


def test_fit_takes_all_labels_apart(folder):
    expected = fitted(CSQ, (IMAGES, LABELS))
    endless = LABELLED["dataset"](folder).repeat()
    found = fitted(CSQ, endless, labels=LABELS, steps_per_epoch=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_fit_of_a_directory_as_keras_reads_it(folder):
    parts = [(IMAGES[rows], LABELS[rows]) for rows in map(slice, (0, 5, 10), (5, 10, 12))]
    expected = small()
    for images, labels in parts:
        expected.train_on_batch(images, labels)
    found = fitted(DHN, LABELLED["image_dataset_from_directory"](folder))
    np.testing.assert_allclose(found, encoding.outputs(expected, IMAGES), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", LABELLED)
def test_evaluate_and_validation_data(folder, form):
    model = small()
    expected = model.evaluate(IMAGES, LABELS, batch_size=BATCH, verbose=0)
    if form == "image_dataset_from_directory":
        pytest.skip("its batches are smaller")
    given = LABELLED[form](folder)
    images, labels = given if isinstance(given, tuple) else (given, None)
    found = model.evaluate(images, labels, batch_size=BATCH, verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)
    if form in READ_ONCE:
        return
    fit = small().fit(
        IMAGES, LABELS, batch_size=BATCH, verbose=0, validation_data=LABELLED[form](folder)
    )
    after = small()
    after.fit(IMAGES, LABELS, batch_size=BATCH, verbose=0)
    expected = after.evaluate(IMAGES, LABELS, batch_size=BATCH, verbose=0)
    assert fit.history["val_loss"][0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("form", LABELLED)
def test_callbacks(model, folder, form, tmp_path):
    codes = kh.encode(model, IMAGES)
    ids = np.arange(COUNT)
    alone = {"query_ids": ids, "database_ids": ids, "exclude_self": True}
    expected = kh.evaluate(codes, LABELS, codes, LABELS, bits=9, **alone).map
    given = LABELLED[form](folder)
    if form in READ_ONCE:
        with pytest.raises(ValueError, match="read after every epoch; got .*can be read once"):
            RetrievalEvaluation(given)
        return
    watch = RetrievalEvaluation(given)
    watch.set_model(model)
    assert watch.evaluate().map == pytest.approx(expected, abs=1e-12)
    watch = RetrievalEvaluation((IMAGES, LABELS), given)
    watch.set_model(model)
    both = kh.evaluate(codes, LABELS, codes, LABELS, bits=9).map
    if form not in ("folder", "names", "dataset of names", "image_dataset_from_directory"):
        assert watch.evaluate().map == pytest.approx(both, abs=1e-12)
    board = TensorBoardRetrieval(tmp_path, given, rows=2, k=2)
    board.set_model(model)
    logs = {}
    board.on_train_begin()
    board.on_epoch_end(0, logs)
    board.on_train_end()
    assert logs["val_map"] == pytest.approx(expected, abs=1e-12)
    assert (tmp_path / "sprite.png").is_file()
    health = CodeHealth(given)
    health.set_model(model)
    health.on_train_begin()
    health.on_epoch_end(0, logs)
    assert logs["distinct_codes"] == len(np.unique(codes, axis=0))


def test_a_shuffled_dataset_keeps_its_own_labels(model):
    """Labels that are passed beside it would belong to other images."""
    shuffled = LABELLED["shuffled dataset"](None)
    codes, ids = kh.encode(model, IMAGES), np.arange(COUNT)
    expected = kh.evaluate(
        codes, LABELS, codes, LABELS, bits=9, query_ids=ids, database_ids=ids, exclude_self=True
    ).map
    watch = RetrievalEvaluation((shuffled, LABELS))
    watch.set_model(model)
    assert watch.evaluate().map == pytest.approx(expected, abs=1e-12)
    with pytest.raises(ValueError, match=r"Put them into it: tf.data.Dataset.zip"):
        RetrievalEvaluation((shuffled.map(lambda images, labels: images), LABELS))


WRONG = {
    "scaled": (IMAGES / 255.0, "scaled to .0, 1.. Multiply by 255"),
    "scaled integers": ((IMAGES > 127).astype("uint8"), "Multiply by 255"),
    "normalised": ((IMAGES - 118.0) / 60, "looks like normalised images"),
    "centred": (IMAGES / 127.5 - 1, "looks like normalised images"),
    "means taken off": (IMAGES - np.array([123.7, 116.8, 103.9]), "looks like normalised images"),
    "16 bits": (IMAGES.astype("uint16") * 257, "Bring 16-bit images to 8 bits"),
    "NaN": (np.where(IMAGES[0, 0, 0, 0] == IMAGES, np.nan, IMAGES), "must be finite"),
    "channels first": (IMAGES.transpose(0, 3, 1, 2), "Channels come last here"),
    "gray without channels": (IMAGES[..., 0], "Give gray images a channel axis"),
    "one image": (IMAGES[0], "Give a single image a batch axis"),
    "alpha": (np.concatenate([IMAGES, IMAGES[..., :1]], -1), "Blend the alpha channel"),
    "features": (np.ones((COUNT, 64)), "features go into one made with `backbone=None`"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize(
    "entrance", ["encode", "adapt", "fit", "fit a dataset", "validation", "callback", "dataset"]
)
def test_other_scales_and_shapes_are_refused(model, kind, entrance):
    images, message = WRONG[kind]
    images = images.astype("float32") if images.dtype == np.float64 else images
    dataset = LABELLED["dataset"](None)
    if "dataset" in entrance:
        if kind == "one image":
            pytest.skip("a dataset of it has rows of pixels")
        import tensorflow as tf

        dataset = tf.data.Dataset.from_tensor_slices((images, LABELS)).batch(BATCH)
    with pytest.raises(ValueError, match=message):
        if entrance == "encode":
            kh.encode(model, images)
        elif entrance == "dataset":
            kh.encode(model, dataset)
        elif entrance == "adapt":
            small(NAMES["itq"]).adapt(images)
        elif entrance == "fit":
            fitted(DHN, (images, LABELS[: len(images)]))
        elif entrance == "fit a dataset":
            fitted(DHN, dataset)
        elif entrance == "validation":
            small().fit(IMAGES, LABELS, verbose=0, validation_data=(images, LABELS))
        else:
            watch = RetrievalEvaluation((images, LABELS))
            watch.set_model(model)
            watch.evaluate()
