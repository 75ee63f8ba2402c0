"""Batches: every image once an epoch, the same again from seed and epoch, and the augmentation."""

import numpy as np
import pytest

from keras_hashing.data import ImageSet
from keras_hashing.training.batches import TrainingBatches, augment


def image_set(n=10, side=6):
    images = np.random.default_rng(0).integers(0, 256, (n, side, side, 3)).astype("uint8")
    return ImageSet(images=images, labels=np.arange(n))


def seen(batches):
    return np.concatenate([batches[i][1] for i in range(len(batches))])


def test_every_image_once_and_another_order_each_epoch():
    batches = TrainingBatches(image_set(), 5, seed=1)
    first = seen(batches)
    batches.start_epoch(1)
    second = seen(batches)
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)


def test_an_epoch_depends_on_seed_and_number_alone():
    one, other = (TrainingBatches(image_set(), 4, seed=2, shift=2) for _ in range(2))
    seen(one)
    for batches in (one, other):
        batches.start_epoch(7)
    for index in range(len(one)):
        np.testing.assert_array_equal(one[index][0], other[index][0])
        np.testing.assert_array_equal(one[index][1], other[index][1])
    assert len(one) == 2


def test_files_are_read_when_asked_for(tmp_path):
    from PIL import Image

    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(np.full((9, 7, 3), 10 * number, np.uint8)).save(paths[-1])
    files = ImageSet(paths=paths, labels=np.arange(4), image_size=8)
    batches = TrainingBatches(files, 4, flip=False)
    images, labels = batches[0]
    assert images.shape == (4, 8, 8, 3)
    np.testing.assert_allclose(images[:, 4, 4, 0], 10 * labels)


@pytest.mark.parametrize("shift", [0, 1, 3])
def test_augmented_images_are_moved_mirrored_reflections(shift):
    images = image_set(20).images
    result = augment(images, np.random.default_rng(0), True, shift)
    assert result.shape == images.shape and result.dtype == images.dtype
    for before, after in zip(images, result, strict=True):
        padded = np.pad(before, ((shift, shift), (shift, shift), (0, 0)), mode="reflect")
        crops = [
            crop
            for top in range(2 * shift + 1)
            for left in range(2 * shift + 1)
            for crop in (padded[top : top + 6, left : left + 6],)
        ]
        candidates = crops + [crop[:, ::-1] for crop in crops]
        assert any((after == candidate).all() for candidate in candidates)


def test_nothing_asked_for_changes_nothing():
    images = image_set().images
    np.testing.assert_array_equal(augment(images, np.random.default_rng(0), False, 0), images)


def test_a_square_becomes_gray():
    images = np.zeros((200, 9, 9, 3), np.uint8)
    result = augment(images, np.random.default_rng(0), False, 0, erase=4)
    assert set(np.unique(result)) == {0, 128}
    for image in result:
        rows, columns = np.nonzero(image[..., 0])
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert 2 <= height <= 4 and 2 <= width <= 4 and len(rows) == height * width
    assert (result == 128).all(-1).sum((1, 2)).max() == 16


def test_half_are_mirrored():
    images = np.zeros((2000, 1, 2, 1), np.uint8)
    images[:, :, 1] = 1
    share = augment(images, np.random.default_rng(0), True, 0)[:, 0, 0, 0].mean()
    assert 0.45 < share < 0.55
