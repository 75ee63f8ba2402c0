"""What `open_source` makes of what it is given, and its words for what it does not take."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hashing.batches import Files, Items, Rows, Stream, open_source, parted
from tests.conformance.input_forms import IMAGES, IMAGES_ALONE, LABELLED, LABELS, write_folder

ROWS = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms") / "photos"
    write_folder(folder)
    return folder


def together(source, size):
    parts = list(source.batches(size))
    return np.concatenate([part.inputs for part in parts]), parts


@pytest.mark.parametrize("size", [1, 5, 50])
@pytest.mark.parametrize("form", IMAGES_ALONE)
def test_all_images_in_their_order(form, size, folder):
    source = open_source(IMAGES_ALONE[form](folder), rank=4, image_size=12)
    steps = source.steps(size)
    images, parts = together(source, size)
    np.testing.assert_array_equal(images, IMAGES)
    assert steps in (None, len(parts))
    if source.count is not None:
        assert source.count == len(source) == len(IMAGES)
    if source.readable_again:
        np.testing.assert_array_equal(together(source, size)[0], IMAGES)
    if source.placed:
        assert len(source.at(np.array([3, 1]))) == 2


@pytest.mark.parametrize("form", sorted(set(LABELLED) - {"shuffled dataset"}))
def test_all_labels_in_their_order(form, folder):
    given = LABELLED[form](folder)
    source = open_source(*(given if form == "PIL images" else (given,)), rank=4, image_size=12)
    parts = list(source.batches(5))
    labels = np.concatenate([np.asarray(part.labels) for part in parts])
    assert len({*zip(labels.tolist(), LABELS.tolist(), strict=True)}) == 3  # one to one
    if form in ("folder", "ImageSet", "ImageSet of files"):
        assert len({name for part in parts for name in part.ids}) == len(IMAGES)
    if form == "as TFDS has it":
        assert parts[0].ids[:2] == ["train_0", "train_1"]


def test_images_of_different_sizes_are_resized_one_by_one():
    tall = np.full((20, 10, 3), 7, np.uint8)
    gray = np.full((12, 12), 9, np.uint8)
    for given in ([IMAGES[0], tall, gray], iter([IMAGES[0], tall, gray])):
        images, _ = together(open_source(given, rank=4, image_size=12), 8)
        np.testing.assert_array_equal(images[0], IMAGES[0])
        np.testing.assert_allclose(images[1], 7, rtol=1e-5)
        np.testing.assert_allclose(images[2], 9, rtol=1e-5)
    with pytest.raises(ValueError, match="different sizes, and the model does not say"):
        together(open_source([IMAGES[0], tall], rank=4), 8)


def test_one_image(tmp_path):
    Image.fromarray(IMAGES[0]).save(tmp_path / "one.png")
    for given in (tmp_path / "one.png", str(tmp_path / "one.png"), Image.fromarray(IMAGES[0])):
        images, _ = together(open_source(given, image_size=12), 8)
        np.testing.assert_array_equal(images, IMAGES[:1])


def test_the_rank_is_taken_from_what_is_given():
    assert isinstance(open_source(ROWS), Rows)
    assert isinstance(open_source(list(ROWS)), Items)
    assert isinstance(open_source(["a.png"]), Files)
    stream = open_source(tf.data.Dataset.from_tensor_slices(ROWS).batch(2))
    assert isinstance(stream, Stream) and stream.steps(9) == 3
    np.testing.assert_array_equal(together(stream, 9)[0], ROWS)


def test_memory_maps_are_read_in_batches_and_judged(tmp_path):
    for name, array in (("images", IMAGES), ("scaled", IMAGES / 255.0), ("rows", ROWS)):
        np.save(tmp_path / f"{name}.npy", array)
    np.testing.assert_array_equal(together(open_source(tmp_path / "rows.npy"), 2)[0], ROWS)
    with pytest.raises(ValueError, match="Multiply by 255"):
        together(open_source(tmp_path / "scaled.npy"), 9)
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        open_source(tmp_path / "objects.npy")


@pytest.mark.parametrize(
    ("given", "pair"),
    [
        ((IMAGES, LABELS), True),
        ((IMAGES, np.eye(3)[LABELS]), True),
        ((IMAGES, LABELS, np.ones(12)), True),
        ((list(IMAGES), LABELS), True),
        (("folder", LABELS), True),
        ((ROWS, np.eye(5)), True),
        ((ROWS, ROWS), False),  # two batches
        ((IMAGES[0], IMAGES[1]), False),
        (("a.png", "b.png"), False),
        ((Image.fromarray(IMAGES[0]), Image.fromarray(IMAGES[1])), False),
        (([1.0, 2.0], [3.0, 4.0]), False),
        ([IMAGES, LABELS], False),
        (IMAGES, False),
    ],
)
def test_tuples_of_images_and_labels(given, pair):
    images, labels = parted(given)
    assert (images is given) != pair
    assert (labels is None) != pair


@pytest.mark.parametrize(
    ("given", "rank", "error", "message"),
    [
        (5, 4, TypeError, "`images` must hold images; got int. Allowed are an array"),
        ({"a": IMAGES}, 4, TypeError, "got dict.*Pass the array under one of its keys"),
        (b"abc", 4, TypeError, "got bytes"),
        ("nowhere.png", 4, FileNotFoundError, "no file or folder nowhere.png"),
        (["a.png"], 2, TypeError, "takes features .*; got PosixPath|takes features"),
        (tf.data.Dataset.from_tensors(IMAGES).repeat(), 4, ValueError, "never ends"),
        (
            tf.data.Dataset.from_tensors({"a": IMAGES, "b": IMAGES}),
            4,
            ValueError,
            r"dicts with the keys \['a', 'b'\].*Name the key 'image'",
        ),
        ((IMAGES, LABELS[:3]), 4, ValueError, "`labels` must have one row for each of 12 items"),
    ],
)
def test_refused(given, rank, error, message):
    with pytest.raises(error, match=message):
        together(open_source(given, rank=rank, image_size=12), 4)


def test_a_part_of_the_data_is_asked_for():
    class Data:
        train = query = database = None

    with pytest.raises(TypeError, match="Pass one part of the data, such as `data.query`"):
        open_source(Data())
