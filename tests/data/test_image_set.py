import numpy as np
import pytest
import tensorflow as tf

from keras_hashing import data
from keras_hashing.data import image_set


def numbered(count, channels=3):
    """Images whose every pixel is their position."""
    flat = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(flat, (count, 4, 5, channels)).copy()


def flatten(dataset):
    batches = list(dataset.as_numpy_iterator())
    return [np.concatenate(part) for part in zip(*batches, strict=True)]


def test_in_memory_set():
    labels = np.arange(7) % 3
    images = data.ImageSet(numbered(7), labels, [f"i{n}" for n in range(7)])
    assert len(images) == 7
    assert repr(images) == "ImageSet(7 images (4, 5, 3), labelled)"
    batches = list(images.dataset(3).as_numpy_iterator())
    assert [len(batch) for batch, _ in batches] == [3, 3, 1]
    pixels, found = flatten(images.dataset(3))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, numbered(7))
    np.testing.assert_array_equal(found, labels)


def test_gray_and_default_ids_and_multi_hot_labels():
    labels = np.array([[1, 0], [1, 1], [0, 0]])
    images = data.ImageSet(numbered(3, 1), labels)
    assert images.ids.tolist() == ["00000", "00001", "00002"]
    pixels, found = flatten(images.dataset(8))
    assert pixels.shape == (3, 4, 5, 1)
    np.testing.assert_array_equal(found, labels)


def test_shuffle_keeps_pairs_and_repeats_by_seed():
    images = data.ImageSet(numbered(50), np.arange(50))
    dataset = images.dataset(8, shuffle=True, seed=3)
    first, first_labels = flatten(dataset)
    second, _ = flatten(dataset)
    again, _ = flatten(images.dataset(8, shuffle=True, seed=3))
    other, _ = flatten(images.dataset(8, shuffle=True, seed=4))
    assert sorted(first_labels) == list(range(50))
    np.testing.assert_array_equal(first[:, 0, 0, 0], first_labels)
    np.testing.assert_array_equal(first, again)
    assert (first != numbered(50)).any()
    assert (first != second).any()  # another order in the next epoch
    assert (first != other).any()


def test_unlabelled_set_gives_images_alone():
    images = data.ImageSet(numbered(4))
    assert images.labels is None
    assert repr(images).endswith("unlabelled)")
    (batch,) = images.dataset(8).as_numpy_iterator()
    np.testing.assert_array_equal(batch, numbered(4))


def test_subset():
    images = data.ImageSet(numbered(6), np.arange(6))
    chosen = images.subset([4, 1])
    assert chosen.ids.tolist() == ["00004", "00001"]
    assert chosen.labels.tolist() == [4, 1]
    assert chosen.images[:, 0, 0, 0].tolist() == [4, 1]
    assert images.subset(slice(2, 4)).labels.tolist() == [2, 3]


def test_empty_set():
    empty = data.ImageSet(numbered(6), np.arange(6)).subset([])
    assert len(empty) == 0
    assert list(empty.dataset(4, shuffle=True)) == []


def test_files_are_read_upright_and_resized(tmp_path, save_photo):
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    saved = [save_photo(paths[0], 0, (12, 10)), save_photo(paths[1], 1, (7, 30))]
    images = data.ImageSet(paths=paths, labels=[1, 0], ids=["a", "b"], image_size=8)
    assert images.images is None
    assert repr(images) == "ImageSet(2 files, labelled)"
    pixels, labels = flatten(images.dataset(2))
    assert pixels.shape == (2, 8, 8, 3)
    assert pixels.dtype == np.float32
    assert labels.tolist() == [1, 0]
    for found, image in zip(pixels, saved, strict=True):
        np.testing.assert_allclose(found, data.resize(image, 8), atol=1e-4)
    assert images.subset([1]).paths == [paths[1]]
    assert images.subset([1]).image_size == 8


def test_files_without_labels(tmp_path, save_photo):
    save_photo(tmp_path / "a.png")
    images = data.ImageSet(paths=[tmp_path / "a.png"], image_size=4)
    (batch,) = images.dataset(8).as_numpy_iterator()
    assert batch.shape == (1, 4, 4, 3)
    assert images.dataset(8).element_spec.shape.as_list() == [None, 4, 4, 3]


def test_a_file_that_became_unreadable_is_named(tmp_path, save_photo):
    save_photo(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("text")
    images = data.ImageSet(paths=[tmp_path / "a.png", tmp_path / "b.png"], image_size=4)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"b\.png cannot be read"):
        list(images.dataset(2))


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"either `images` or `paths`, not both or neither"):
        data.ImageSet()
    with pytest.raises(ValueError, match=r"either `images` or `paths`"):
        data.ImageSet(numbered(2), paths=["a", "b"])
    with pytest.raises(TypeError, match=r"uint8, values 0 to 255; got dtype float32"):
        data.ImageSet(numbered(2).astype(np.float32))
    for shape in ((4, 5, 3), (2, 4, 5, 2), (2, 4, 5)):
        with pytest.raises(ValueError, match=r"shape \(n, height, width, 1 or 3\); got \("):
            data.ImageSet(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match=r"one row for each of 3 items; got 2"):
        data.ImageSet(numbered(3), labels=[0, 1])
    with pytest.raises(ValueError, match=r"`ids` and `images` .* got 2 and 3 rows"):
        data.ImageSet(numbered(3), ids=["a", "b"])
    with pytest.raises(ValueError, match=r"`ids` must be unique"):
        data.ImageSet(numbered(2), ids=["a", "a"])
    with pytest.raises(ValueError, match=r"`image_size` must be between 1 and 4096; got 0"):
        data.ImageSet(paths=["a"], image_size=0)
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1; got 0"):
        data.ImageSet(numbered(2)).dataset(0)


def test_names_as_labels():
    images = data.ImageSet(numbered(3), ["dog", "cat", "dog"])
    assert images.labels.tolist() == [1, 0, 1]
    assert images.class_names == ["cat", "dog"]
    assert repr(images) == "ImageSet(3 images (4, 5, 3), labelled, 2 classes: cat, dog)"
    for labels in (np.array(["dog", "cat", "dog"]), np.array(["dog", "cat", "dog"], object)):
        assert data.ImageSet(numbered(3), labels).labels.tolist() == [1, 0, 1]
    several = data.ImageSet(numbered(3), [["dog", "cat"], [], ["cat"]])
    assert several.labels.tolist() == [[1, 1], [0, 0], [1, 0]]
    chosen = data.ImageSet(numbered(1), ["dog"], class_names=["dog", "cow"])
    assert (chosen.labels.tolist(), chosen.class_names) == ([0], ["dog", "cow"])
    assert several.subset([2]).class_names == ["cat", "dog"]


def test_class_names_fit_the_labels():
    assert data.ImageSet(numbered(2), [0, 1], class_names=("a", "b", "c")).class_names[2] == "c"
    for labels in ([0, 2], np.eye(3)[:2]):
        with pytest.raises(ValueError, match=r"`class_names` must have a name for each of 3 class"):
            data.ImageSet(numbered(2), labels, class_names=["a", "b"])
    with pytest.raises(ValueError, match=r"unknown value 'cow'; allowed: 'cat', 'dog'"):
        data.ImageSet(numbered(2), ["cow", "dog"], class_names=["cat", "dog"])
    with pytest.raises(ValueError, match=r"`labels` and `images` must have one row per item"):
        data.ImageSet(numbered(2), ["cow"])


def test_what_was_handed_in_is_not_changed_through_the_set():
    pixels, labels, ids = numbered(3), np.array([0, 1, 0]), np.array(["a", "b", "c"])
    images = data.ImageSet(pixels, labels, ids)
    assert images.images is pixels  # which may be large
    labels[0], ids[0] = 7, "x"
    assert images.labels.tolist() == [0, 1, 0]
    assert images.ids.tolist() == ["a", "b", "c"]
    for chosen in (images.subset(slice(None)), images.subset([0, 1, 2])):
        assert not np.shares_memory(chosen.images, images.images)
        chosen.images[:] = 99
        chosen.labels[:] = 5
        chosen.ids[:] = "y"
    np.testing.assert_array_equal(pixels, numbered(3))
    assert images.labels.tolist() == [0, 1, 0]
    assert images.ids.tolist() == ["a", "b", "c"]


def test_joined():
    one = data.ImageSet(numbered(2), [0, 1], ["a", "b"], class_names=["x", "y"])
    other = data.ImageSet(numbered(3)[2:], [1], ["c"], class_names=["x", "y"])
    both = image_set.joined(one, other)
    assert both.ids.tolist() == ["a", "b", "c"]
    assert both.labels.tolist() == [0, 1, 1]
    assert both.images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert both.class_names == ["x", "y"]
    assert image_set.joined(one, other.subset([])).ids.tolist() == ["a", "b"]
    files = [data.ImageSet(paths=[name], ids=[name], image_size=9) for name in ("a", "b")]
    assert image_set.joined(*files).paths == ["a", "b"]
    assert image_set.joined(*files).image_size == 9
    with pytest.raises(ValueError, match=r"one set has `images`, the other has none"):
        image_set.joined(one, data.ImageSet(paths=["z"], ids=["z"]))
